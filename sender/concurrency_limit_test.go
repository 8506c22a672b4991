package sender

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookline/webhook"
)

func TestPlaces(t *testing.T) {
	for _, test := range []struct {
		name  string
		most  int64
		wants []int // places, one queue after the other
		want  []int
	}{
		{"alone", 16, []int{8}, []int{8}},
		{"alone and greedy", 16, []int{99}, []int{8}},
		{"few that want little", 16, []int{3, 3, 3}, []int{3, 3, 3}},
		{"one after the other", 16, []int{99, 99, 99, 99, 99, 99}, []int{8, 4, 2, 1, 1, 1}},
		{"nothing free", 2, []int{2, 2, 2, 2}, []int{1, 1, 1, 1}},
	} {
		p := Limit{most: test.most}
		got := make([]int, len(test.wants))
		for i, wants := range test.wants {
			for got[i] < wants && p.acquire(got[i]) {
				got[i]++
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// TestPlacesAreEvenedOut: who has more than its share does not get back what it gives up, until all
// have the same.
func TestPlacesAreEvenedOut(t *testing.T) {
	p := Limit{most: 60}
	var own [9]int
	for range 40 {
		for i := range own {
			if own[i] > 0 {
				own[i]--
				p.release()
			}
			for p.acquire(own[i]) {
				own[i]++
			}
		}
	}
	for i, n := range own {
		if n != 6 {
			t.Errorf("queue %d of %d has %d of 60 places, want 6: %v", i, len(own), n, own)
		}
	}
}

// crowd counts the requests under way, by webhook, of receivers of which some hang.
type crowd struct {
	hanging func(webhook string) bool

	mu    sync.Mutex
	now   int
	most  int
	first map[string]time.Time // request
}

func (c *crowd) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(r.Host, ".")
	c.mu.Lock()
	if _, ok := c.first[name]; !ok {
		c.first[name] = time.Now()
	}
	c.now++
	c.most = max(c.most, c.now)
	hangs := c.hanging(name)
	c.mu.Unlock()
	if hangs {
		time.Sleep(9 * time.Second)
	}
	c.mu.Lock()
	c.now--
	c.mu.Unlock()
	if hangs { // the sender gives it up after 10 s, before the receiver knows
		<-r.Context().Done()
	}
}

// sendAll sends one event of each of so many records to each webhook.
func (s *senderTest) sendAll(to []*webhook.Subscription, records int) (settled []<-chan struct{}) {
	for record := range records {
		for _, sub := range to {
			settled = append(settled, s.send(sub, newEvent(record, 1)))
		}
	}
	return settled
}

func subscriptions(kind string, n int) (list []*webhook.Subscription) {
	for i := range n {
		list = append(list, subscription(fmt.Sprint(kind, i), fmt.Sprintf("http://%s%d.test", kind, i)))
	}
	return list
}

// However many receivers hang, the attempts under way are bounded, and a receiver that works
// notices nothing.
func TestHangingReceivers(t *testing.T) {
	const bound, hanging, each = 100, 200, 8
	for _, test := range []struct {
		name  string
		bound int
		most  int
	}{
		{"more of them than places", bound, bound + hanging + 1},
		{"fewer", 10 * bound, 10 * bound},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &crowd{
					hanging: func(name string) bool { return strings.HasPrefix(name, "hanging") },
					first:   map[string]time.Time{},
				}
				s := bubble(t, Config{MaxRequests: test.bound, HoldMax: time.Minute}, c.ServeHTTP)
				start := time.Now()
				stuck := s.sendAll(subscriptions("hanging", hanging), each)
				for _, settled := range s.sendAll(subscriptions("healthy", 1), 500) {
					<-settled
				}
				if took := time.Since(start); took != 0 {
					t.Errorf("what the healthy receiver gets took %s, want nothing", took)
				}
				time.Sleep(5 * time.Minute)
				c.mu.Lock()
				if len(c.first) != hanging+1 {
					t.Errorf("%d webhooks have got something, want %d", len(c.first), hanging+1)
				}
				for name, at := range c.first {
					if at != start {
						t.Errorf("%s has got something only after %s", name, at.Sub(start))
					}
				}
				c.hanging = func(string) bool { return false }
				c.mu.Unlock()
				for _, settled := range stuck {
					<-settled
				}
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if c.most > test.most {
					t.Errorf("%d attempts under way at once, want %d at most", c.most, test.most)
				}
				if n := s.cfg.Limit.taken.Load(); n != 0 {
					t.Errorf("%d places are taken, and nothing is under way", n)
				}
				if delivered := s.metric("hookline_attempts_total", "delivered"); delivered != each*hanging+
					500 {
					t.Errorf("%v deliveries, want %d", delivered, each*hanging+500)
				}
			})
		})
	}
}

// A retry that is due while there is no place waits for one, and for nothing else.
func TestRetryWithoutAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed bool
		s := bubble(
			t,
			Config{MaxRequests: 2, RequestTimeout: time.Minute, HoldMax: time.Minute},
			statuses(t, func(c content) int {
				if c.Record == 1 && !failed {
					failed = true
					return 500
				}
				time.Sleep(8 * time.Second)
				return 200
			}),
		)
		a, b := subscription("a", "http://a.test"), subscription("b", "http://b.test")
		start := time.Now()
		retried := s.send(a, newEvent(1, 1))
		synctest.Wait()
		s.send(b, newEvent(2, 1))
		s.send(a, newEvent(2, 1))
		// it is due after 5 s, and the only attempt of a that there may be beside b's ends after 8 s
		<-retried
		if took := time.Since(start); took != 16*time.Second {
			t.Errorf("it was delivered after %s, want 16s", took)
		}
	})
}

// Senders that have one Limit share its places, and each tells of its own.
func TestLimitOfSeveral(t *testing.T) {
	limit := NewLimit(6)
	one, two := &Sender{cfg: Config{Limit: limit}}, &Sender{cfg: Config{Limit: limit}}
	take := func(s *Sender) (n int) {
		for s.acquire(n) {
			n++
		}
		return n
	}
	if a, b := take(one), take(two); a != 3 || b != 2 {
		t.Errorf("%d and %d places, want 3 and 2", a, b)
	}
	if a, b := one.underWay.Load(), two.underWay.Load(); a != 3 || b != 2 {
		t.Errorf("%d and %d are told, want 3 and 2", a, b)
	}
	for range 3 {
		one.release()
	}
	if !two.acquire(2) || limit.taken.Load() != 3 {
		t.Errorf("what one gives back is not the other's: %d are taken", limit.taken.Load())
	}
}
