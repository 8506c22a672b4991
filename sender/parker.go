package sender

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	parkLinger = 100 * time.Millisecond // that a write waits for more to write, so that few transactions are open: see 0015
	parkRows   = 1000                   // deliveries that are written at once, at most
	parkBytes  = 4 << 20                // their bytes
)

// parker writes to the spool, one thing after the other in the order in which they were asked for, and as much at once as there is. What
// cannot be written is tried again until it is, or Sender.work ends.
type parker struct {
	sender *Sender
	wake   chan struct{} // there is something to write
	urgent chan struct{} // and somebody waits for it

	mu     sync.Mutex
	orders []order
}

// order is one of: a job to be parked, a report, a call of the spool, or somebody who waits. There may be as many as the buffer holds
// deliveries, so it is small.
type order struct {
	job     *job
	parked  *Parked
	report  *Report
	control func(Spool) error
	done    chan struct{}
}

func newParker(s *Sender) *parker {
	return &parker{sender: s, wake: make(chan struct{}, 1), urgent: make(chan struct{}, 1)}
}

// park has a job written down and then settled.
func (p *parker) park(j *job, as Parked) { p.order(order{job: j, parked: &as}) }

// report has the spool told what became of a delivery in it.
func (p *parker) report(r Report) { p.order(order{report: &r}) }

// control has a call made once everything before is written.
func (p *parker) control(f func(Spool) error) { p.order(order{control: f}) }

// flush waits until everything before is written.
func (p *parker) flush(ctx context.Context) error {
	done := make(chan struct{})
	p.order(order{done: done})
	signal(p.urgent)
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.sender.work.Done():
		return context.Cause(p.sender.work)
	}
}

func (p *parker) order(o order) {
	p.mu.Lock()
	p.orders = append(p.orders, o)
	n := len(p.orders)
	p.mu.Unlock()
	switch n {
	case 1:
		signal(p.wake)
	case parkRows:
		signal(p.urgent)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run writes until Sender.work ends.
func (p *parker) run() {
	work := p.sender.work
	linger := time.NewTimer(parkLinger)
	for {
		select {
		case <-p.wake:
		case <-work.Done():
			return
		}
		linger.Reset(parkLinger)
		select {
		case <-linger.C:
		case <-p.urgent:
		case <-work.Done():
			return
		}
		p.mu.Lock()
		orders := p.orders
		p.orders = nil
		p.mu.Unlock()
		if !p.write(orders) {
			return
		}
	}
}

// batch is what is written at once.
type batch struct {
	jobs    []*job
	parked  []Parked
	bytes   int64
	reports []Report
}

// reset empties a batch, of which nothing stays in memory but its room.
func (b *batch) reset() {
	clear(b.jobs)
	clear(b.parked)
	clear(b.reports)
	*b = batch{jobs: b.jobs[:0], parked: b.parked[:0], reports: b.reports[:0]}
}

// write carries orders out. It reports whether it could.
func (p *parker) write(orders []order) bool {
	var b batch
	from := 0
	for i := range orders {
		o := &orders[i]
		switch {
		case o.job != nil:
			b.jobs, b.parked, b.bytes = append(b.jobs, o.job), append(b.parked, *o.parked), b.bytes+o.job.size
		case o.report != nil:
			b.reports = append(b.reports, *o.report)
		}
		ends := o.control != nil || o.done != nil || i == len(orders)-1
		if !ends && len(b.jobs) < parkRows && b.bytes < parkBytes && len(b.reports) < parkRows {
			continue
		}
		if !p.commit(b) || o.control != nil && !p.persist(o.control) {
			return false
		}
		if o.done != nil {
			close(o.done)
		}
		b.reset()
		clear(orders[from : i+1]) // what is written need not stay in memory for the rest's sake
		from = i + 1
	}
	return true
}

// commit writes a batch and settles what it parks.
func (p *parker) commit(b batch) bool {
	s := p.sender
	if len(b.jobs) > 0 {
		var gaps []Gap
		if !p.persist(func(spool Spool) (err error) {
			gaps, err = spool.Park(s.work, b.parked)
			return err
		}) {
			return false
		}
		s.tellGaps(gaps)
		s.metrics.parked.Add(float64(len(b.jobs)))
		for _, j := range b.jobs {
			s.settle(j)
		}
	}
	return len(b.reports) == 0 || p.persist(func(spool Spool) error { return spool.Report(s.work, b.reports) })
}

// persist makes a call until it succeeds. It gives up only when the work ends, or is no longer this process's.
func (p *parker) persist(call func(Spool) error) bool {
	s := p.sender
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := call(s.spool)
		switch {
		case err == nil:
			s.spoolWorks()
			return true
		case errors.Is(err, ErrFenced):
			s.fail(err)
			return false
		case s.work.Err() != nil:
			return false
		}
		s.spoolFailed("written", err)
		select {
		case <-time.After(pause):
		case <-s.work.Done():
			return false
		}
	}
}
