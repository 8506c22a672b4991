package sender

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookline/mapper"
	"hookline/sender/settled"
)

// settledOf returns the set of some events' deliveries to a webhook.
func settledOf(t *testing.T, key string, events ...*mapper.Event) *settled.Set {
	t.Helper()
	set := new(settled.Set)
	for _, e := range events {
		d, ok := settled.Of(settled.Webhook(key), e.ID, e.Time)
		if !ok {
			t.Fatalf("%s is no event's ID", e.ID)
		}
		set.Add(d)
	}
	set.Sort()
	return set
}

// What a process before this one has settled is not made again; everything else is.
func TestSettledBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var arrived list[string]
		s := bubble(t, Config{}, func(_ http.ResponseWriter, r *http.Request) {
			arrived.add(r.URL.Path + " " + r.Header.Get(HeaderID))
		})
		one, two, three, later := newEvent(5, 1), newEvent(5, 2), newEvent(7, 1), newEvent(8, 1)
		before := SettledBefore{Set: settledOf(t, "a", one, three)}
		if err := s.Resume(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		a, b := subscription("a", "http://receiver.test/a"), subscription("b", "http://receiver.test/b")
		if c := s.send(a, one); open(c) {
			t.Error("it is not settled, though a process before has settled it")
		}
		for _, e := range []*mapper.Event{two, three} {
			<-s.send(a, e)
		}
		<-s.send(b, one)
		if s.settledSet.Load() == nil {
			t.Error("forgotten too early: the transaction may go on")
		}
		<-s.send(a, later)
		if s.settledSet.Load() != nil {
			t.Error("the stream has passed them, and they are kept")
		}
		<-s.send(a, one) // which no stream brings
		want := []string{"/a " + two.ID, "/b " + one.ID, "/a " + later.ID, "/a " + one.ID}
		if got := arrived.all(); !slices.Equal(got, want) {
			t.Errorf("arrived %q, want %q", got, want)
		}
		if n := s.metric("hookline_settled_before_total", ""); n != 2 {
			t.Errorf("%v were settled before, want 2", n)
		}
	})
}

// deaf is a spool that may not be told of anything.
type deaf struct {
	*Memory
	is atomic.Bool
}

func (d *deaf) Report(ctx context.Context, reports []Report) error {
	if d.is.Load() {
		return errors.New("deaf")
	}
	return d.Memory.Report(ctx, reports)
}

// The record has what was accepted, and of what came from the spool it tells for how long the spool
// may not know.
func TestRecordsWhatIsAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		record, err := settled.Open(t.TempDir(), settled.Origin{}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = record.Close() }()
		spool := &deaf{Memory: NewMemory(Limits{})}
		spooled, live, refused := newEvent(1, 1), newEvent(2, 1), newEvent(3, 1)
		if _, err := spool.Put(t.Context(), []Spooled{{Webhook: "a", Event: spooled}}); err != nil {
			t.Fatal(err)
		}
		to := subscription("a", "http://receiver.test")
		s := inBubble(t, spool, Config{}, statuses(t, func(c content) int {
			if c.Record == 3 {
				return 500
			}
			return 200
		}), to)
		spool.is.Store(true)
		if err := s.Resume(t.Context(), SettledBefore{Record: record}); err != nil {
			t.Fatal(err)
		}
		check := func(what string, spooled []*mapper.Event, all ...*mapper.Event) {
			t.Helper()
			synctest.Wait()
			var accepted, unknown []string
			record.Each(0, func(d settled.Delivery) {
				accepted = append(accepted, d.Event("0badcafe"))
			}, func(d settled.Delivery) { unknown = append(unknown, d.Event("0badcafe")) })
			if !slices.Equal(accepted, ids(all...)) || !slices.Equal(unknown, ids(spooled...)) {
				t.Errorf("%s the record has %q, and %q that the spool may not know of", what, accepted, unknown)
			}
		}
		time.Sleep(time.Second)
		check("while the spool is deaf", []*mapper.Event{spooled}, spooled)
		spool.is.Store(false)
		time.Sleep(10 * time.Second)
		check("afterwards", nil, spooled)
		<-s.send(to, live)
		s.send(to, refused)
		check("with one that went straight", nil, spooled, live)
		if len(spool.Queued("a")) > 0 {
			t.Error("the spool still has what was accepted")
		}
	})
}
