package scale

import (
	"fmt"
	"testing"

	"hookline/e2e"
	"hookline/internal/natstest"
)

// What was too large for a message of a stream that was emptied goes from the database with the gap
// that is accepted; what a message refers to that is there stays, and is delivered.
func TestLargeOfAGap(t *testing.T) {
	t.Parallel()
	nats := natstest.Start(t, natstest.Options(t.TempDir()))
	g := newGround(t, nats.ClientURL(), 2)
	reader := g.start("reader").Until("active")
	add := func(id string) {
		g.db.Exec(`INSERT INTO contacts (id, note) VALUES ($1, repeat('x', 1200000))`, id)
	}
	large := func(want int) {
		t.Helper()
		e2e.Eventually(t, func() error {
			if n := e2e.Value[int](g.db, `SELECT count(*) FROM hookline.large`); n != want {
				return fmt.Errorf("%d large deliveries are in the database, want %d", n, want)
			}
			return nil
		})
	}
	add("lost")
	e2e.Eventually(t, func() error { // it is noted how far the stream has come
		if n, last := messages(t, nats.ClientURL()),
			e2e.Value[int](g.db, "SELECT last FROM hookline.bus"); n != 2 || last == 0 {
			return fmt.Errorf("%d messages are in the stream, and %d is noted", n, last)
		}
		return nil
	})
	stream, err := natstest.Client(t, nats.ClientURL()).Stream(t.Context(), streamName)
	if err == nil {
		err = stream.Purge(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	add("kept") // the writer has not looked yet
	untilReady(t, reader, "503 gap (bus_lost)")
	kept := e2e.Value[int](g.db, `SELECT count(*) FROM hookline.large`)
	if kept != 2 && kept != 4 { // it may have looked before
		t.Fatalf("%d large deliveries are in the database", kept)
	}
	g.says(0, "what was in the bus is not delivered", "setup", "--accept-gap")
	large(2)
	reader.Until("active")
	sender := g.start("sender")
	for _, box := range g.boxes {
		box.UntilAccepted(1)
	}
	large(0)
	sender.Stop()
	reader.Stop()
	for _, box := range g.boxes {
		for _, r := range box.All() {
			if e, err := e2e.Read(r); err != nil || e.Record != "kept" || len(r.Body) < 1200000 {
				t.Errorf("%+v has come, of %d bytes, %v", e, len(r.Body), err)
			}
		}
	}
}
