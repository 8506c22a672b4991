package sender

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookline/mapper"
	"hookline/webhook"
)

// told is a request: which changes of a record it tells of, and how long after the start.
type told struct {
	name    string
	record  int
	changes []int
	after   time.Duration
}

func (g told) String() string {
	return fmt.Sprintf("%s %d %v after %s", g.name, g.record, g.changes, g.after)
}

// telling is a receiver that notes what it is told, in whole seconds since it was made. It accepts
// nothing while down.
func telling(t *testing.T, got *list[told], down *atomic.Bool) http.HandlerFunc {
	start := time.Now()
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read the request: %v", err)
		}
		if down != nil && down.Load() {
			w.WriteHeader(500)
			return
		}
		name := eventName(t, body)
		got.add(told{
			name, contentOf(t, body).Record, changesOf(t, body),
			time.Since(start).Truncate(time.Second),
		})
	}
}

func settlingFor(s webhook.Settling) *webhook.Subscription {
	to := subscription("a", "http://receiver.test")
	to.Settling = s
	return to
}

func wantRequests(t *testing.T, got []told, want ...told) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b told) bool { return a.String() == b.String() }) {
		t.Errorf("told %v, want %v", got, want)
	}
}

// A record is told once it is quiet, in one event, and holds the stream until then. Others are not
// waited for, nor a record that is changed on and on for longer than Max.
func TestSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got list[told]
		s := bubble(t, Config{}, telling(t, &got, nil))
		to := settlingFor(webhook.Settling{For: 3 * time.Second, Max: 6 * time.Second})
		var holds []<-chan struct{}
		for seq := 1; seq <= 10; seq++ {
			if seq <= 3 {
				holds = append(holds, s.send(to, newEvent(1, seq)))
			}
			s.send(to, newEvent(2, seq))
			time.Sleep(time.Second)
		}
		for _, settled := range holds {
			<-settled
		}
		time.Sleep(time.Minute)
		wantRequests(t, got.all(),
			told{"person.updated", 1, []int{1, 2, 3}, 5 * time.Second},
			told{"person.updated", 2, []int{1, 2, 3, 4, 5, 6}, 6 * time.Second},
			told{"person.updated", 2, []int{7, 8, 9, 10}, 12 * time.Second})
		if n := s.metric("hookline_merged_deliveries_total", ""); n != 2+5+3 {
			t.Errorf("%v deliveries are counted as merged", n)
		}
		if n := s.metric("hookline_parked_deliveries_total", ""); n != 0 {
			t.Errorf("%v deliveries went to the spool", n)
		}
	})
}

// of returns an event of record 1 with another action.
func of(action mapper.Action, seq int) *mapper.Event {
	p := newEvent(1, seq).Parts()
	if p.Action = action; action != mapper.Updated {
		p.Updated = nil
	}
	return mapper.NewEvent(p)
}

// A record that has come and gone is told to be gone: a process before, or an attempt without an
// answer, may have told that it came.
func TestSettlesToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got list[told]
		s := bubble(t, Config{}, telling(t, &got, nil))
		to := settlingFor(webhook.Settling{For: 3 * time.Second, Max: 30 * time.Second})
		created, deleted := s.send(to, of(mapper.Created, 1)), s.send(to, of(mapper.Deleted, 2))
		<-created
		<-deleted
		s.send(to, of(mapper.Created, 3))
		s.send(to, of(mapper.Updated, 4))
		time.Sleep(time.Minute)
		s.send(to, of(mapper.Deleted, 5))
		s.send(to, of(mapper.Created, 6))
		time.Sleep(time.Minute)
		wantRequests(t, got.all(), told{"person.deleted", 1, nil, 3 * time.Second},
			told{"person.created", 1, nil, 6 * time.Second},
			told{"person.deleted", 1, nil, 66 * time.Second}, told{"person.created", 1, nil, 66 * time.Second})
	})
}

// A record that settles for longer than the stream may be held waits in the spool, also while the
// process is killed and another one takes up what there is.
func TestSettlesInTheSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got list[told]
		spool := NewMemory(Limits{})
		to := settlingFor(webhook.Settling{For: time.Minute, Max: time.Hour})
		handle := telling(t, &got, nil)
		s := bubbleOn(t, spool, Config{}, handle, to)
		start := time.Now()
		<-s.send(to, newEvent(1, 1))
		time.Sleep(30 * time.Second)
		<-s.send(to, newEvent(1, 2))
		if held := time.Since(start); held > 31*time.Second {
			t.Errorf("the stream was held for %s", held-30*time.Second)
		}
		time.Sleep(40 * time.Second)
		s.fail(errors.New("killed"))
		_ = s.Drain(t.Context())
		time.Sleep(5 * time.Second)
		s = bubbleOn(t, spool, Config{}, handle, to)
		time.Sleep(5 * time.Second)
		<-s.send(to, newEvent(1, 3))
		time.Sleep(5 * time.Minute)
		wantRequests(t, got.all(), told{"person.updated", 1, []int{1, 2, 3}, 140 * time.Second})
		if left := spool.Queued(to.Key); len(left) > 0 {
			t.Errorf("%d deliveries are left in the spool", len(left))
		}
	})
}

// What settles in memory at a stop goes to the spool, and settles on.
func TestSettlesThroughAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got list[told]
		spool := NewMemory(Limits{})
		to := settlingFor(webhook.Settling{For: 8 * time.Second, Max: time.Minute})
		handle := telling(t, &got, nil)
		s := bubbleOn(t, spool, Config{}, handle, to)
		s.send(to, newEvent(1, 1))
		s.send(to, newEvent(1, 2))
		time.Sleep(2 * time.Second)
		if err := s.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		s = bubbleOn(t, spool, Config{}, handle, to)
		s.send(to, newEvent(1, 3))
		time.Sleep(time.Minute)
		wantRequests(t, got.all(), told{"person.updated", 1, []int{1, 2, 3}, 10 * time.Second})
	})
}

// One that failed is told again as it was, with what has come meanwhile behind it.
func TestSettledIsToldAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got list[told]
		var down atomic.Bool
		down.Store(true)
		s := bubble(t, Config{RetrySchedule: []time.Duration{4 * time.Second}},
			telling(t, &got, &down))
		to := settlingFor(webhook.Settling{For: 2 * time.Second, Max: 30 * time.Second})
		s.send(to, newEvent(1, 1))
		s.send(to, newEvent(1, 2))
		time.Sleep(3 * time.Second)
		down.Store(false)
		s.send(to, newEvent(1, 3))
		s.send(to, newEvent(1, 4))
		time.Sleep(time.Minute)
		list := got.all()
		for i := range list {
			list[i].after = 0 // the wait for the second attempt is spread
		}
		wantRequests(t, list, told{"person.updated", 1, []int{1, 2}, 0},
			told{"person.updated", 1, []int{3, 4}, 0})
	})
}

// What a receiver has missed is told as it is by then, where it wants so: a record once, however
// much there is of others between.
func TestCatchesUpWithTheLatest(t *testing.T) {
	for _, latest := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var got list[told]
			var down atomic.Bool
			down.Store(true)
			s := bubble(t, Config{}, telling(t, &got, &down))
			to := settlingFor(webhook.Settling{Latest: latest})
			const records, changes = 300, 4
			for seq := range changes {
				for record := range records {
					s.send(to, newEvent(record, seq+1))
				}
				time.Sleep(time.Second)
			}
			time.Sleep(time.Minute)
			down.Store(false)
			time.Sleep(10 * time.Minute)
			last, requests := map[int]int{}, 0
			for _, g := range got.all() {
				for _, seq := range g.changes {
					if seq != last[g.record]+1 {
						t.Errorf("record %d: change %d is told after %d", g.record, seq, last[g.record])
					}
					last[g.record] = seq
				}
				requests++
			}
			for record := range records {
				if last[record] != changes {
					t.Errorf("record %d is told as of change %d", record, last[record])
				}
			}
			if latest && requests > records+64 || !latest && requests != records*changes {
				t.Errorf("latest %t: %d requests for %d records of %d changes", latest, requests, records,
					changes)
			}
		})
	}
}

// What settles is told at once when its memory is needed.
func TestSettlesUnlessMemoryIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got list[told]
		s := bubble(t, Config{MaxBuffer: 64 << 10}, telling(t, &got, nil))
		to := settlingFor(webhook.Settling{For: 9 * time.Second, Max: 9 * time.Second})
		start := time.Now()
		for record := range 1000 {
			s.send(to, newEvent(record, 1))
		}
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("the stream was held for %s", took)
		}
		time.Sleep(time.Minute)
		if n := len(got.all()); n != 1000 {
			t.Errorf("%d requests, want one of each record", n)
		}
	})
}
