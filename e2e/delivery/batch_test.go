package delivery

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/sender"
)

// batched is a receiver of batches, which takes a while, and refuses an event now and then.
type batched struct {
	t *testing.T

	mu       sync.Mutex
	requests int
	largest  int
	last     map[string]int // versions of records, as they were accepted first
	refused  map[string]bool
}

func (b *batched) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // of a process that was killed
	}
	if err := sender.VerifyStandard("s3cr3t", r.Header, body, time.Now(), e2e.Patience); err != nil {
		b.t.Error(err)
	}
	var events []struct {
		ID   string
		Data struct {
			ID      string
			Version int
		}
	}
	if err := json.Unmarshal(body, &events); err != nil {
		b.t.Errorf("%s: %v", body, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	b.largest = max(b.largest, len(events))
	var results []map[string]any
	held := map[string]bool{} // what is accepted behind a refused event of its record does not count
	for i, e := range events {
		if i%7 == 6 && !b.refused[e.ID] {
			b.refused[e.ID], held[e.Data.ID] = true, true
			results = append(results, map[string]any{"id": e.ID, "status": 422})
		}
		if held[e.Data.ID] {
			continue
		}
		if e.Data.Version > b.last[e.Data.ID]+1 {
			b.t.Errorf("version %d of %s comes after %d", e.Data.Version, e.Data.ID, b.last[e.Data.ID])
		}
		b.last[e.Data.ID] = max(b.last[e.Data.ID], e.Data.Version)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"results": results})
}

// Batches lose nothing, and keep the order of each record, whenever the process is killed, and
// whatever of them is refused.
func TestBatchesThroughKills(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	db.Exec("CREATE TABLE notes (id text PRIMARY KEY, version int)")
	settings := []string{
		"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_MAX_IN_FLIGHT=4",
		"HOOKLINE_RETRY_SCHEDULE=50ms,50ms,50ms,50ms,50ms,50ms,50ms,50ms", e2e.Often,
	}
	db.SetUp(settings...)
	box := &batched{t: t, last: map[string]int{}, refused: map[string]bool{}}
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	db.Exec("INSERT INTO hookline.webhook (url, secret, batch, batch_wait) "+
		"VALUES ($1, 's3cr3t', 20, '20ms')", server.URL)
	const records, kills, between = 40, 4, 6
	sut := e2e.Start(t, db, settings...).Until("active")
	versions := 0
	for range kills {
		box.mu.Lock()
		before := box.requests
		box.mu.Unlock()
		for range between {
			versions++
			db.Exec(`INSERT INTO notes SELECT n::text, $1::int FROM generate_series(1, $2::int) n
				ON CONFLICT (id) DO UPDATE SET version = $1::int`, versions, records)
		}
		e2e.Eventually(t, func() error {
			box.mu.Lock()
			defer box.mu.Unlock()
			if box.requests < before+2 {
				return fmt.Errorf("%d requests, want %d", box.requests, before+2)
			}
			return nil
		})
		sut.Kill()
		sut = e2e.Start(t, db, settings...).Until("active")
	}
	e2e.Eventually(t, func() error {
		box.mu.Lock()
		defer box.mu.Unlock()
		for n := range records {
			if got := box.last[fmt.Sprint(n+1)]; got != versions {
				return fmt.Errorf("record %d has come up to version %d", n+1, got)
			}
		}
		return nil
	})
	if box.largest < 2 {
		t.Errorf("the largest batch has %d events", box.largest)
	}
	sut.Stop()
}
