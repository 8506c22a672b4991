package sender

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
)

func newBuffer(most int64) *buffer { return &buffer{most: most, pressed: make(chan struct{}, 1)} }

func TestBufferFits(t *testing.T) {
	b := newBuffer(1000)
	if !b.tryAcquire(600) || b.tryAcquire(500) || !b.tryAcquire(400) {
		t.Error("the buffer does not take what fits, or takes what does not")
	}
	b.release(400)
	b.attempt(300)
	if b.tryAcquire(101) || !b.tryAcquire(100) {
		t.Error("attempts do not count")
	}
	b.release(700)
	b.attempt(100_000)
	if !b.tryAcquire(500) || b.tryAcquire(1) {
		t.Error("attempts count for something else than half of the buffer")
	}
	if !b.halfFull() || len(b.pressed) != 1 {
		t.Error("what attempts leave is full, and nobody is told")
	}
	b.release(250)
	if b.halfFull() {
		t.Error("half of what attempts leave is more than half")
	}
	b.release(250)
	if !b.tryAcquire(5000) || b.tryAcquire(1) {
		t.Error("a delivery that is too large does not go alone")
	}
	if b.taken() != 5000 {
		t.Errorf("%d bytes taken, want 5000", b.taken())
	}
}

// Who waits gets in by turns, and only when there is a good deal of room; who gives up makes way.
func TestBufferLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBuffer(6400) // of which a 64th is 100
		b.tryAcquire(6400)
		in := make(chan int, 3)
		ctx, giveUp := context.WithCancelCause(t.Context())
		enough := errors.New("enough")
		wait := func(ctx context.Context, number int, size int64, want error) {
			go func() {
				if err := b.acquire(ctx, size); !errors.Is(err, want) {
					t.Errorf("%d: %v, want %v", number, err, want)
				}
				in <- number
			}()
			synctest.Wait()
		}
		wait(ctx, 1, 3000, enough)
		wait(t.Context(), 2, 100, nil)
		wait(t.Context(), 3, 50, nil)
		b.release(150)
		synctest.Wait()
		if len(in) > 0 || b.tryAcquire(1) {
			t.Error("somebody has got in before the first in line")
		}
		giveUp(enough)
		synctest.Wait()
		if got := <-in; got != 1 || len(in) > 0 {
			t.Errorf("%d got in, and %d more; want the first to give up alone, as there is not much room",
				got, len(in))
		}
		b.release(50)
		synctest.Wait()
		if got := <-in; got != 2 || len(in) > 0 {
			t.Errorf("%d got in, and %d more; want 2 alone", got, len(in))
		}
		b.attempt(8 << 10)
		b.release(3200)
		synctest.Wait()
		if len(in) > 0 {
			t.Error("somebody has got into the room of attempts")
		}
		b.attempt(-8 << 10)
		synctest.Wait()
		if got := <-in; got != 3 || b.taken() != 6400-150-50-3200+100+50 {
			t.Errorf("%d got in, %d bytes are taken", got, b.taken())
		}
	})
}

// Whatever happens at once, all of it is given back in the end, and nobody is left in line.
func TestBufferCrowd(t *testing.T) {
	b := newBuffer(10_000)
	var crowd sync.WaitGroup
	for range 8 {
		crowd.Go(func() {
			for range 500 {
				ctx, cancel := context.WithCancel(t.Context())
				if rand.IntN(4) == 0 {
					go cancel()
				}
				size := 1 + rand.Int64N(4000)
				if b.tryAcquire(size) || b.acquire(ctx, size) == nil {
					b.attempt(attemptRoom)
					if taken := b.taken(); taken > b.most {
						t.Errorf("%d bytes are taken", taken)
					}
					b.release(size)
					b.attempt(-attemptRoom)
				}
				cancel()
			}
		})
	}
	crowd.Wait()
	if b.deliveries != 0 || b.attempts != 0 || len(b.line) != 0 {
		t.Errorf("left: %d bytes of deliveries, %d of attempts, %d in line", b.deliveries, b.attempts,
			len(b.line))
	}
}
