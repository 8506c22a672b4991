package sender

import (
	"sync"
	"sync/atomic"

	"hookline/sender/queue"
)

// workerPool are the goroutines that make attempts. Some of them stay when they have nothing to do:
// a new one would have to grow the stack that the way down to the network takes, each time.
type workerPool struct {
	busy   sync.WaitGroup
	idle   atomic.Int32
	orders chan attempts // to those that are idle
}

// attempts are what a worker has to do: an attempt at the delivery, and whatever its queue has for
// it then.
type attempts struct {
	queue    *webhookQueue
	delivery *queue.Delivery
	along    []*queue.Delivery // in the same request
}

// maxIdleWorkers is how many goroutines stay, at most.
const maxIdleWorkers = 64

// attemptRoom is what an attempt under way takes of memory, in bytes, roughly: its goroutine's
// stack, its request builder and its connection.
const attemptRoom = 8 << 10

// begin hands attempts to an idle worker, or starts one.
func (s *Sender) begin(a attempts) {
	s.cfg.Schedule.Moved()
	s.buffer.attempt(attemptRoom)
	s.workers.busy.Add(1)
	select {
	case s.workers.orders <- a:
	default:
		s.goroutines.Go(func() { s.serve(a) })
	}
}

// serve makes attempts, and then those of others, until the work ends or enough workers are idle.
func (s *Sender) serve(a attempts) {
	for {
		a.queue.work(a.delivery, a.along)
		s.buffer.attempt(-attemptRoom)
		s.workers.busy.Done()
		if s.workers.idle.Add(1) > maxIdleWorkers {
			s.workers.idle.Add(-1)
			return
		}
		select {
		case a = <-s.workers.orders:
			s.workers.idle.Add(-1)
		case <-s.work.Done():
			return
		}
	}
}
