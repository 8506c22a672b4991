package recent

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookline/sender"
)

func attempt(
	n int,
) sender.Attempt {
	return sender.Attempt{Event: fmt.Sprint("evt_", n), Number: n}
}

func numbers(list []Numbered) (all []int) {
	for _, a := range list {
		all = append(all, a.Number)
	}
	return all
}

func every(*sender.Attempt) bool { return true }

func TestOnlyTheLastAreKept(t *testing.T) {
	l := New(3)
	for n := 1; n <= 2; n++ {
		l.Add(attempt(n))
	}
	if got := fmt.Sprint(numbers(l.Find(10, every))); got != "[2 1]" {
		t.Errorf("of two: %s", got)
	}
	for n := 3; n <= 8; n++ {
		l.Add(attempt(n))
	}
	odd := func(a *sender.Attempt) bool { return a.Number%2 == 1 }
	since, more, last := l.Since(6, 10, every)
	newest, beside, _ := l.Since(0, 2, every)
	oneOdd, forgotten, _ := l.Since(0, 1, odd)
	got := fmt.Sprint(numbers(l.Find(10, every)), numbers(l.Find(10, odd)), numbers(l.Find(1, every)),
		numbers(since), more, last, numbers(newest), beside, l.Last(), numbers(oneOdd), forgotten)
	if want := "[8 7 6] [7] [8] [7 8] 0 8 [7 8] 6 8 [7] 5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	none := New(0)
	none.Add(attempt(1))
	if list, more, last := none.Since(0, 10, every); len(list) > 0 || more != 1 || last != 1 ||
		len(none.Find(1, every)) > 0 {
		t.Errorf("of none: %v, %d", list, last)
	}
}

// What is remembered takes room in pieces, as it comes, and never more than was asked for.
func TestRoomIsTakenAsAttemptsCome(t *testing.T) {
	for _, most := range []int{1, pieceMost - 1, pieceMost, pieceMost + 1, 3*pieceMost + 5} {
		l := New(most)
		for n := 1; n <= 3*most+1; n++ {
			l.Add(attempt(n))
			room := 0
			for _, piece := range l.ring {
				room += cap(piece)
			}
			list := numbers(l.Find(most+1, every))
			kept := min(n, most)
			if room > most || room >= kept+pieceMost || len(list) != kept ||
				list[0] != n || list[kept-1] != n-kept+1 {
				t.Fatalf("%d of %d: room for %d, %v", n, most, room, list)
			}
		}
	}
}

// Who looks through much does not hold up who adds: what is overwritten meanwhile is not found, and
// what has come since is left for the next look.
func TestAttemptsComeWhileSomebodyLooks(t *testing.T) {
	const most = 4 * pieceMost
	l := New(most)
	for n := 1; n <= most; n++ {
		l.Add(attempt(n))
	}
	added := make(chan struct{})
	begun := sync.OnceFunc(func() {
		go func() {
			defer close(added)
			for n := most + 1; n <= most+pieceMost; n++ {
				l.Add(attempt(n))
			}
		}()
	})
	looked := 0
	list, more, last := l.Since(0, most, func(*sender.Attempt) bool {
		begun()
		looked++
		return true
	})
	<-added
	if last != most || len(list) != looked || more != most-looked || list[len(list)-1].Seq != most {
		t.Fatalf("%d of %d, up to %d", len(list), looked, last)
	}
	for i, a := range list {
		if want := most - len(list) + 1 + i; int(a.Seq) != want || a.Number != want {
			t.Fatalf("attempt %d is number %d, want %d", a.Number, a.Seq, want)
		}
	}
	if news, more, last := l.Since(last, most, every); len(news) != pieceMost || more != 0 ||
		last != most+pieceMost {
		t.Errorf("%d came meanwhile, up to %d", len(news), last)
	}
}

// Answers have a bound of their own: the oldest go first, and the attempts stay.
func TestAnswersAreBounded(t *testing.T) {
	for _, most := range []int{200, 1000} {
		l := New(most)
		answer := strings.Repeat("x", 1<<10)
		const kept = answersMost >> 10
		for n := 1; n <= 500; n++ {
			a := attempt(n)
			if n%2 == 0 || n > 400 {
				a.Answer = answer
			}
			l.Add(a)
			bytes := 0
			for _, a := range l.Find(most, every) {
				bytes += len(a.Answer)
			}
			if bytes != l.answers || bytes > answersMost {
				t.Fatalf("%d: %d bytes are kept, %d counted, want at most %d", n, bytes, l.answers, answersMost)
			}
		}
		with := l.Find(most, func(a *sender.Attempt) bool { return a.Answer != "" })
		if len(with) != kept || with[0].Number != 500 || len(l.Find(most, every)) != min(most, 500) {
			t.Errorf("%d attempts have answers, want the newest %d", len(with), kept)
		}
	}
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(3)
		woken := make(chan bool, 2)
		for range 2 {
			go func() { woken <- l.Wait(t.Context(), 0) }()
		}
		synctest.Wait()
		l.Add(attempt(1))
		if one, other := <-woken, <-woken; !one || !other {
			t.Error("an attempt does not wake who waits")
		}
		if !l.Wait(t.Context(), 0) {
			t.Error("what is there already is waited for")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if l.Wait(ctx, 1) {
			t.Error("the end of the context is taken for an attempt")
		}
	})
}

func TestSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(10)
		ctx, cancel := context.WithCancel(t.Context())
		backlog := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			l.Run(ctx, func() Sample { backlog++; return Sample{Lag: time.Second, Backlog: backlog} })
		}()
		now := time.Now()
		for i := range 100 {
			l.Add(sender.Attempt{Committed: now, Began: now, Took: time.Duration(i+1) * time.Millisecond})
		}
		l.Add(sender.Attempt{Outcome: sender.Failed})
		time.Sleep(400*Step + time.Second) // of the bubble
		cancel()
		<-done
		points := l.Series()
		if len(points) != pointsMost {
			t.Fatalf("%d points, want an hour of them", len(points))
		}
		for i, p := range points {
			if p.Backlog != 41+i || p.Lag != time.Second || p.Delivered != 0 {
				t.Fatalf("point %d is %+v", i, p)
			}
		}
	})
}

func TestPointTellsOfItsAttempts(t *testing.T) {
	var s series
	now := time.Now()
	for i := range 100 {
		s.add(&sender.Attempt{Committed: now, Began: now, Took: time.Duration(i+1) * time.Millisecond})
	}
	s.add(&sender.Attempt{Outcome: sender.Failed})
	s.sample(now, Sample{})
	p := s.points[0]
	within := func(d, want time.Duration) bool { return d > want*4/5 && d <= want }
	if p.Delivered != 100 || p.Failed != 1 || !within(p.Median, 50*time.Millisecond) ||
		!within(p.P99, 99*time.Millisecond) {
		t.Errorf("point %+v", p)
	}
	s.sample(now, Sample{})
	if p := s.points[1]; p.Delivered != 0 || p.Failed != 0 || p.Median != 0 {
		t.Errorf("the next point %+v counts the same again", p)
	}
	for _, d := range []time.Duration{-time.Second, 0, time.Nanosecond, time.Hour, 1 << 62} {
		var h histogram
		h.add(d)
		if q := h.quantile(0.5); q > max(d, time.Microsecond) {
			t.Errorf("%s counts as %s", d, q)
		}
	}
}

// BenchmarkAdd is what the delivery path pays for each attempt while nobody looks.
func BenchmarkAdd(b *testing.B) {
	l := New(1000)
	a := attempt(1)
	a.Committed, a.Began = time.Now(), time.Now()
	b.ReportAllocs()
	for b.Loop() {
		l.Add(a)
	}
}
