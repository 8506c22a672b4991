package scale

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hookline/e2e"
	"hookline/internal/natstest"
)

// partitions is how many the stream of a test has.
const partitions = 8

// claimsSQL notes who takes a partition: each claims its part of the spool before it makes a
// consumer. A process says by a setting of its sessions which one it is. What goes into the spool
// is noted, too.
const claimsSQL = `
	CREATE TABLE diary.claims (n bigserial PRIMARY KEY,
		at timestamptz NOT NULL DEFAULT clock_timestamp(), partition int, process int);
	CREATE TABLE diary.spooled (webhook text, event text,
		at timestamptz NOT NULL DEFAULT clock_timestamp());
	CREATE FUNCTION diary.claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO diary.claims (partition, process) VALUES (split_part(NEW.slot, '#', 2)::int,
			nullif(current_setting('campaign.process', true), '')::int);
		RETURN NULL;
	END $$;
	CREATE FUNCTION diary.spool() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO diary.spooled (webhook, event)
		SELECT webhook, NEW.event_id FROM hookline.queue WHERE id = NEW.queue;
		RETURN NULL;
	END $$;
	CREATE TRIGGER claim AFTER INSERT OR UPDATE OF epoch ON hookline.owner
		FOR EACH ROW WHEN (NEW.slot LIKE '%#%') EXECUTE FUNCTION diary.claim();
	CREATE TRIGGER spool AFTER INSERT ON hookline.delivery
		FOR EACH ROW EXECUTE FUNCTION diary.spool()`

// asProcess has sessions at an address say which process they are of.
func asProcess(address string, number int) string {
	return fmt.Sprintf("%s&options=-c%%20campaign.process%%3D%d", address, number)
}

// tenure is the time for which a process has had a partition. It ends with the next one's.
type tenure struct {
	at      time.Time
	process int
}

// readTenures returns those of each partition.
func readTenures(db *e2e.Database) map[int][]tenure {
	db.T.Helper()
	all := map[int][]tenure{}
	rows, err := db.Conn.Query(db.T.Context(),
		`SELECT partition, at, coalesce(process, 0) FROM diary.claims ORDER BY n`)
	if err != nil {
		db.T.Fatal(err)
	}
	var n int
	var t tenure
	_, err = pgx.ForEachRow(rows, []any{&n, &t.at, &t.process}, func() error {
		all[n] = append(all[n], t)
		return nil
	})
	if err != nil {
		db.T.Fatal(err)
	}
	return all
}

// delivery tells one from all others.
type delivery struct{ event, webhook string } // its ID, and the webhook's key

// readSpooled returns what has ever been in the spool, with the time when it first came there.
func readSpooled(db *e2e.Database) map[delivery]time.Time {
	db.T.Helper()
	all := map[delivery]time.Time{}
	rows, err := db.Conn.Query(db.T.Context(),
		`SELECT event, webhook, min(at) FROM diary.spooled GROUP BY 1, 2`)
	if err != nil {
		db.T.Fatal(err)
	}
	var d delivery
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&d.event, &d.webhook, &at}, func() error {
		all[d] = at
		return nil
	})
	if err != nil {
		db.T.Fatal(err)
	}
	return all
}

// witness listens in on the bus: which message is which delivery, by what the stream tells of each
// that it stores, and when senders acknowledge them. It listens at every server, as any of them may
// be killed.
type witness struct {
	mu       sync.Mutex
	stored   map[uint64]delivery  // by sequence
	acked    map[uint64]time.Time // the first time
	webhooks map[string]bool      // all that there are messages for
}

const (
	streamName = "hookline-hookline"
	auditTo    = "audit."
)

// listenIn begins to listen, at a stream that nothing was published to.
func listenIn(t *testing.T, js jetstream.JetStream, nodes []*natstest.Process) *witness {
	t.Helper()
	w := &witness{
		stored: map[uint64]delivery{}, acked: map[uint64]time.Time{}, webhooks: map[string]bool{},
	}
	for _, n := range nodes {
		nc, err := nats.Connect(n.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		for subject, take := range map[string]nats.MsgHandler{
			auditTo + "*": w.store, "$JS.ACK." + streamName + ".>": w.ack,
		} {
			s, err := nc.Subscribe(subject, take)
			if err == nil {
				err = s.SetPendingLimits(-1, -1)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	e2e.Eventually(t, func() error { // it may be without a leader for a moment
		stream, err := js.Stream(t.Context(), streamName)
		if err != nil {
			return err
		}
		cfg := stream.CachedInfo().Config
		cfg.RePublish = &jetstream.RePublish{
			Source: cfg.Subjects[0], Destination: auditTo + "{{wildcard(1)}}", HeadersOnly: true,
		}
		_, err = js.UpdateStream(t.Context(), cfg)
		return err
	})
	return w
}

// store takes note of a message that the stream has.
func (w *witness) store(m *nats.Msg) {
	event, webhook, ok := strings.Cut(m.Header.Get(nats.MsgIdHdr), " ")
	sequence, err := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	if !ok || err != nil || m.Subject == auditTo+"position" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stored[sequence] = delivery{event, webhook}
	w.webhooks[webhook] = true
}

// ack takes note of an acknowledgement: $JS.ACK.<stream>.<consumer>.<times>.<sequence>.…
func (w *witness) ack(m *nats.Msg) {
	part := strings.Split(m.Subject, ".")
	if string(m.Data) != "+ACK" && len(m.Data) > 0 || len(part) < 6 {
		return
	}
	sequence, err := strconv.ParseUint(part[5], 10, 64)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.acked[sequence].IsZero() {
		w.acked[sequence] = time.Now()
	}
}

// acknowledged returns when deliveries were acknowledged first, and what the stream had twice.
func (w *witness) acknowledged() (at map[delivery]time.Time, twice []delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, seen := map[delivery]time.Time{}, map[delivery]bool{}
	for sequence, d := range w.stored {
		if seen[d] {
			twice = append(twice, d)
		}
		seen[d] = true
		if acked := w.acked[sequence]; !acked.IsZero() {
			at[d] = acked
		}
	}
	return at, twice
}
