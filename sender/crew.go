package sender

import (
	"sync"
	"sync/atomic"
)

// crew are the goroutines that make attempts. Some of them stay when they have nothing to do: a new one would have to grow the stack that the
// way down to the network takes, each time.
type crew struct {
	busy   sync.WaitGroup
	spare  atomic.Int32
	orders chan attempts // to those that are spare
}

// attempts are what a goroutine has to do: the job, and whatever its route has for it then.
type attempts struct {
	route *route
	job   *job
}

// mostSpare is how many goroutines stay, at most.
const mostSpare = 64

// attemptRoom is what an attempt under way takes of memory, roughly: its goroutine's stack, its courier and its connection.
const attemptRoom = 8 << 10

// begin has attempts made.
func (s *Sender) begin(a attempts) {
	s.buffer.attempt(attemptRoom)
	s.crew.busy.Add(1)
	select {
	case s.crew.orders <- a:
	default:
		s.goroutines.Go(func() { s.serve(a) })
	}
}

// serve makes attempts, and then those of others, until the work ends or there are enough that are spare.
func (s *Sender) serve(a attempts) {
	for {
		a.route.work(a.job)
		s.buffer.attempt(-attemptRoom)
		s.crew.busy.Done()
		if s.crew.spare.Add(1) > mostSpare {
			s.crew.spare.Add(-1)
			return
		}
		select {
		case a = <-s.crew.orders:
			s.crew.spare.Add(-1)
		case <-s.work.Done():
			return
		}
	}
}
