package poll_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"hookline/internal/poll"
)

// run tests with a schedule that runs.
func run(t *testing.T, test func(t *testing.T, s *poll.Schedule)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := poll.New()
		go s.Run(ctx)
		test(t, s)
		cancel()
		synctest.Wait()
	})
}

// ticks counts those of a ticker within a time.
func ticks(c <-chan time.Time, within time.Duration) (n int) {
	end := time.After(within)
	for {
		select {
		case <-c:
			n++
		case <-end:
			return n
		}
	}
}

func TestMoving(t *testing.T) {
	run(t, func(t *testing.T, s *poll.Schedule) {
		go func() {
			for t.Context().Err() == nil && time.Since(start()) < 20*time.Second {
				s.Moved()
				time.Sleep(100 * time.Millisecond)
			}
		}()
		for _, every := range []time.Duration{poll.Beat, 500 * time.Millisecond, poll.Longest} {
			ticker := s.Every(every)
			want := int(4 * time.Second / every)
			if n := ticks(ticker.C, 4*time.Second+time.Millisecond); n < want-1 || n > want+1 {
				t.Errorf("every %s: %d ticks in 4 s, want about %d", every, n, want)
			}
			ticker.Stop()
			if n := ticks(ticker.C, 3*time.Second); n > 1 {
				t.Errorf("every %s: %d ticks after the end", every, n)
			}
		}
		time.Sleep(20 * time.Second)
	})
}

// drain takes a tick away that is there.
func drain(c <-chan time.Time) {
	select {
	case <-c:
	default:
	}
}

// start is when a bubble's time begins.
func start() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

func TestIdle(t *testing.T) {
	run(t, func(t *testing.T, s *poll.Schedule) {
		quick, slow := s.Every(poll.Beat), s.Every(poll.Longest)
		time.Sleep(4 * time.Second)
		drain(quick.C)
		drain(slow.C)
		go func() {
			if n := ticks(slow.C, time.Minute); n != 12 {
				t.Errorf("%d ticks of the slow one in a minute, want 12", n)
			}
		}()
		if n := ticks(quick.C, time.Minute); n != 12 {
			t.Errorf("%d ticks in a minute in which nothing moves, want 12", n)
		}
	})
}

// What moves wakes it up, and each ticker has a tick behind that.
func TestWake(t *testing.T) {
	run(t, func(t *testing.T, s *poll.Schedule) {
		quick, slow := s.Every(poll.Beat), s.Every(poll.Longest)
		for range 20 {
			time.Sleep(7300 * time.Millisecond) // in the middle of a sleep
			drain(quick.C)
			drain(slow.C)
			moved := time.Now()
			s.Moved()
			<-quick.C
			if took := time.Since(moved); took > poll.Beat {
				t.Errorf("the quick one ticks after %s", took)
			}
			<-slow.C
			if took := time.Since(moved); took > poll.Longest {
				t.Errorf("the slow one ticks after %s", took)
			}
		}
	})
}

func TestNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var none *poll.Schedule
		none.Moved()
		ticker := none.Every(poll.Beat)
		if n := ticks(ticker.C, 10*time.Second+time.Millisecond); n != 40 {
			t.Errorf("%d ticks in 10 s, want 40", n)
		}
		ticker.Stop()
		if n := ticks(ticker.C, time.Second); n != 0 {
			t.Errorf("%d ticks after the end", n)
		}
	})
}
