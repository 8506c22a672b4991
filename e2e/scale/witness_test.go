package scale

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hookline/e2e"
	"hookline/internal/bus"
	"hookline/internal/natstest"
)

// partitions is how many the stream of a test has.
const partitions = 8

// claimsSQL notes who takes a partition: each claims its part of the spool before it makes a
// consumer. A process says by a setting of its sessions which one it is. What goes into the spool
// is noted, too, and what leaves it.
const claimsSQL = `
	CREATE TABLE diary.claims (n bigserial PRIMARY KEY,
		at timestamptz NOT NULL DEFAULT clock_timestamp(), partition int, process int);
	CREATE TABLE diary.spooled (webhook text, event text,
		at timestamptz NOT NULL DEFAULT clock_timestamp(), gone boolean NOT NULL DEFAULT false);
	CREATE FUNCTION diary.claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO diary.claims (partition, process) VALUES (split_part(NEW.slot, '#', 2)::int,
			nullif(current_setting('campaign.process', true), '')::int);
		RETURN NULL;
	END $$;
	CREATE FUNCTION diary.spool() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF TG_OP = 'DELETE' THEN NEW := OLD; END IF;
		INSERT INTO diary.spooled (webhook, event, gone)
		SELECT webhook, NEW.event_id, TG_OP = 'DELETE' FROM hookline.queue WHERE id = NEW.queue;
		RETURN NULL;
	END $$;
	CREATE TRIGGER claim AFTER INSERT OR UPDATE OF epoch ON hookline.owner
		FOR EACH ROW WHEN (NEW.slot LIKE '%#%') EXECUTE FUNCTION diary.claim();
	CREATE TRIGGER spool AFTER INSERT OR DELETE ON hookline.delivery
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

// readStays returns when each delivery was in the spool that ever was.
func readStays(db *e2e.Database) map[delivery]stay {
	db.T.Helper()
	all := map[delivery]stay{}
	rows, err := db.Conn.Query(db.T.Context(), `SELECT event, webhook, min(at) FILTER (WHERE NOT gone),
		coalesce(max(at) FILTER (WHERE gone), '0001-01-01 00:00Z') FROM diary.spooled GROUP BY 1, 2`)
	if err != nil {
		db.T.Fatal(err)
	}
	var d delivery
	var s stay
	_, err = pgx.ForEachRow(rows, []any{&d.event, &d.webhook, &s.from, &s.until}, func() error {
		s.until = s.until.UTC()
		all[d] = s
		return nil
	})
	if err != nil {
		db.T.Fatal(err)
	}
	return all
}

// witness listens in on the bus: which message is which delivery, by what the stream tells of each
// that it stores, and when senders acknowledge them; who takes and gives back leases; and when the
// bus is whole. It listens at every server, as any of them may be killed.
type witness struct {
	mu       sync.Mutex
	stored   map[uint64][]delivery // of each message, by sequence
	acked    map[uint64][]time.Time
	webhooks map[string]bool              // all that there are messages for
	leases   map[int]map[uint64]time.Time // when each tenure of a partition was told of first
	releases map[int][]time.Time          // when a partition was given back
	wholes   []time.Time
}

const (
	streamName = "hookline-hookline"
	auditTo    = "audit."
	leases     = "$KV." + streamName + ".partition."
)

// listenIn begins to listen, at a stream that nothing was published to.
func listenIn(t *testing.T, js jetstream.JetStream, nodes []*natstest.Process) *witness {
	t.Helper()
	w := &witness{
		stored: map[uint64][]delivery{}, acked: map[uint64][]time.Time{}, webhooks: map[string]bool{},
		leases: map[int]map[uint64]time.Time{}, releases: map[int][]time.Time{},
	}
	for _, n := range nodes {
		nc, err := nats.Connect(n.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		for subject, take := range map[string]nats.MsgHandler{
			auditTo + "*": w.store, "$JS.ACK." + streamName + ".>": w.ack,
			leases + "*": w.lease,
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
	sequence, err := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	if err != nil || m.Subject == auditTo+"position" || m.Subject == auditTo+"mark" {
		return
	}
	var list []delivery
	for _, k := range bus.KeysOf(m.Header) {
		list = append(list, delivery{k.Event, k.Webhook})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stored[sequence] = list
	w.webhooks[list[0].webhook] = true
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
	w.acked[sequence] = append(w.acked[sequence], time.Now())
}

// lease takes note of what is said of a lease.
func (w *witness) lease(m *nats.Msg) {
	partition, err := strconv.Atoi(strings.TrimPrefix(m.Subject, leases))
	var said struct {
		Owner string
		Epoch uint64
	}
	if err != nil || json.Unmarshal(m.Data, &said) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if said.Owner == "" {
		w.releases[partition] = append(w.releases[partition], time.Now())
		return
	}
	if w.leases[partition] == nil {
		w.leases[partition] = map[uint64]time.Time{}
	}
	if w.leases[partition][said.Epoch].IsZero() {
		w.leases[partition][said.Epoch] = time.Now()
	}
}

// look looks again and again whether the bus is whole, until the test ends.
func (w *witness) look(t *testing.T, js jetstream.JetStream) {
	ctx, cancel := context.WithCancel(context.Background())
	var over sync.WaitGroup
	over.Go(func() {
		for tick := time.NewTicker(time.Second / 2); ctx.Err() == nil; {
			asked := time.Now()
			if isWhole(ctx, js) {
				w.mu.Lock()
				w.wholes = append(w.wholes, asked)
				w.mu.Unlock()
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
	t.Cleanup(func() { cancel(); over.Wait() })
}

// isWhole reports whether all servers have all of stream and leases, and all consumers a leader.
func isWhole(ctx context.Context, js jetstream.JetStream) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	isWhole := func(c *jetstream.ClusterInfo) bool {
		return c != nil && c.Leader != "" && !slices.ContainsFunc(c.Replicas,
			func(r *jetstream.PeerInfo) bool { return !r.Current || r.Offline })
	}
	for _, name := range []string{"KV_" + streamName, streamName} {
		stream, err := js.Stream(ctx, name)
		if err != nil || !isWhole(stream.CachedInfo().Cluster) {
			return false
		}
		if name != streamName {
			continue
		}
		consumers, n := stream.ListConsumers(ctx), 0
		for info := range consumers.Info() {
			if !isWhole(info.Cluster) {
				return false
			}
			n++
		}
		if consumers.Err() != nil || n < stream.CachedInfo().State.Consumers {
			return false
		}
	}
	return true
}

// of returns when each tenure of a partition but the first was told of, when it was given back, and
// when the bus was whole.
func (w *witness) of(partition int) (takes, releases, wholes []time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Values(w.leases[partition])), slices.Clone(w.releases[partition]),
		slices.Clone(w.wholes)
}

// acknowledged returns when deliveries were acknowledged, with which others each was in a message,
// and what the stream had twice.
func (w *witness) acknowledged() (
	at map[delivery][]time.Time, packs map[delivery][]delivery, twice []delivery,
) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, packs = map[delivery][]time.Time{}, map[delivery][]delivery{}
	for sequence, list := range w.stored {
		for _, d := range list {
			if packs[d] != nil {
				twice = append(twice, d)
			}
			packs[d] = list
			if acked := w.acked[sequence]; len(acked) > 0 {
				at[d] = append(at[d], acked...)
			}
		}
	}
	return at, packs, twice
}
