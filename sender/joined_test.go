package sender

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookline/mapper"
)

// life is what becomes of a row whose key is corrected twice, and then of the row: record 1 becomes
// 2, 2 becomes 3, and 3 goes. Then others take the keys that are free.
func life() []*mapper.Event {
	return []*mapper.Event{
		newEvent(1, 1), rekeyed(1, 2, 2, 1), rekeyed(2, 2, 3, 1), newEvent(3, 2),
		newEvent(1, 3), newEvent(2, 3), newEvent(3, 3),
	}
}

func inLife(c content) int {
	return slices.IndexFunc(life(), func(e *mapper.Event) bool {
		return e.Record == uint64(c.Record) && e.ID == newEvent(c.Record, c.Seq).ID
	})
}

// wantLife checks that each event of a life came behind those that it needs.
func wantLife(t *testing.T, got []content) {
	t.Helper()
	last := map[int]int{}
	for _, c := range got {
		for record, seq := range map[int]int{c.Record: c.Seq, c.Former: c.FormerSeq} {
			if record == 0 {
				continue
			}
			if seq != last[record]+1 {
				t.Errorf("event %d of record %d came after %d; all of them: %v", seq, record, last[record], got)
			}
			last[record] = seq
		}
	}
	if len(got) != len(life()) {
		t.Errorf("%d events arrived, want %d: %v", len(got), len(life()), got)
	}
}

// TestOneLife lets each event of a row fail once, for so long that it is tried again in memory, or
// goes to the spool.
func TestOneLife(t *testing.T) {
	for _, hold := range []time.Duration{time.Second, time.Hour} {
		for failing := range life() {
			t.Run(fmt.Sprintf("event %d fails, held for %s", failing, hold), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testOneLife(t, hold, failing) })
			})
		}
	}
}

func testOneLife(t *testing.T, hold time.Duration, failing int) {
	var arrived list[content]
	var failed atomic.Bool
	s := bubble(t, Config{HoldMax: hold}, statuses(t, func(c content) int {
		if inLife(c) == failing && !failed.Swap(true) {
			return http.StatusServiceUnavailable
		}
		arrived.add(c)
		return http.StatusOK
	}))
	to := subscription("a", "http://receiver.test")
	for _, e := range life() {
		s.send(to, e)
	}
	time.Sleep(time.Minute)
	synctest.Wait()
	wantLife(t, arrived.all())
}

// TestOneLifeOfTwo joins two lines that have an attempt under way each.
func TestOneLifeOfTwo(t *testing.T) {
	for _, hold := range []time.Duration{time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			var arrived list[content]
			var failed atomic.Int32
			s := bubble(t, Config{HoldMax: hold}, statuses(t, func(c content) int {
				if c.Seq == 1 {
					time.Sleep(time.Duration(c.Record) * 3 * time.Second)
					if failed.Add(1) <= 2 {
						return http.StatusServiceUnavailable
					}
				}
				arrived.add(c)
				return http.StatusOK
			}))
			to := subscription("a", "http://receiver.test")
			s.send(to, newEvent(1, 1))
			s.send(to, newEvent(2, 1))
			synctest.Wait()
			s.send(to, rekeyed(1, 2, 2, 2))
			s.send(to, newEvent(1, 3))
			s.send(to, newEvent(2, 3))
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			got := arrived.all()
			if len(got) != 5 || got[2] != (content{2, 2, 1, 2}) {
				t.Errorf("arrived %v, want the changed key in the middle of five", got)
			}
		})
	}
}

// TestOneLifeInTheSpool has a process take up what another one has left there.
func TestOneLifeInTheSpool(t *testing.T) {
	for failing := range life() {
		t.Run(fmt.Sprint("event ", failing, " fails"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var arrived list[content]
				var down, failed atomic.Bool
				down.Store(true)
				handle := statuses(t, func(c content) int {
					if down.Load() || inLife(c) == failing && !failed.Swap(true) {
						return http.StatusServiceUnavailable
					}
					arrived.add(c)
					return http.StatusOK
				})
				spool := NewMemory(Limits{})
				to := subscription("a", "http://receiver.test")
				first := bubbleOn(t, spool, Config{HoldMax: time.Second}, handle, to)
				for _, e := range life()[:5] {
					first.send(to, e)
				}
				time.Sleep(10 * time.Second)
				first.fail(ErrFenced)
				_ = first.Drain(t.Context())
				down.Store(false)
				second := bubbleOn(t, spool, Config{HoldMax: time.Second}, handle, to)
				for _, e := range life() { // those of before as well: the stream comes again
					second.send(to, e)
				}
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				var once []content
				for _, c := range arrived.all() {
					if !slices.Contains(once, c) {
						once = append(once, c)
					}
				}
				wantLife(t, once)
			})
		})
	}
}

// holding is a spool that holds back the first answer about single records.
type holding struct {
	*Memory
	once        sync.Once
	asked, goOn chan struct{}
}

func (h *holding) Waiting(ctx context.Context, page Page) ([]Spooled, error) {
	if page.Records != nil {
		h.once.Do(func() {
			close(h.asked)
			<-h.goOn
		})
	}
	return h.Memory.Waiting(ctx, page)
}

// TestOneLifeOfALineThatIsLookedFor joins a line in the spool with another one while the loader
// looks for what there is of it: what it finds is not all that has come before the event that joins
// them.
func TestOneLifeOfALineThatIsLookedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var arrived list[content]
		var failed atomic.Bool
		spool := &holding{
			Memory: NewMemory(Limits{}),
			asked:  make(chan struct{}),
			goOn:   make(chan struct{}),
		}
		to := subscription("a", "http://receiver.test")
		s := bubbleOn(t, spool, Config{HoldMax: time.Second}, statuses(t, func(c content) int {
			if c.Record == 1 && !failed.Swap(true) {
				return http.StatusServiceUnavailable
			}
			if c.Record == 2 && c.Seq == 1 {
				time.Sleep(5 * time.Second)
			}
			arrived.add(c)
			return http.StatusOK
		}), to)
		s.send(to, newEvent(1, 1))
		<-spool.asked
		s.send(to, newEvent(2, 1))
		synctest.Wait()
		s.send(to, rekeyed(1, 2, 2, 2))
		time.Sleep(time.Second)
		close(spool.goOn)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := arrived.all(); len(got) != 3 || got[2] != (content{2, 2, 1, 2}) {
			t.Errorf("arrived %v, want the changed key behind the other two", got)
		}
	})
}
