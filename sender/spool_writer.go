package sender

import (
	"context"
	"sync"
	"time"

	"hookline/sender/queue"
)

const (
	writeDelay = 100 * time.Millisecond // that a write waits for more, so that few are open: see 0015
	writeRows  = 1000                   // deliveries that are written at once, at most
	writeBytes = 4 << 20                // their bytes
)

// spoolWriter writes to the spool, in the order in which things were asked for, and as many at once
// as there are. What cannot be written is tried again until it is, or Sender.work ends.
type spoolWriter struct {
	sender *Sender
	wake   chan struct{} // there is something to write
	urgent chan struct{} // and somebody waits for it

	mu       sync.Mutex
	orders   []order
	controls int // calls that were ordered and are not made yet
}

// order is one of: a delivery to be spooled, a report, a call of the spool, or somebody who waits.
// There may be as many as the buffer holds deliveries, so it is small.
type order struct {
	queue    *webhookQueue // of the delivery
	delivery *queue.Delivery
	spooled  *Spooled
	report   *Report
	control  func(Spool) error
	done     chan struct{}
}

func newSpoolWriter(s *Sender) *spoolWriter {
	return &spoolWriter{sender: s, wake: make(chan struct{}, 1), urgent: make(chan struct{}, 1)}
}

// put has a delivery written down and then settled.
func (sw *spoolWriter) put(w *webhookQueue, d *queue.Delivery, as Spooled) {
	sw.order(order{queue: w, delivery: d, spooled: &as})
}

// report has the spool told what became of a delivery in it.
func (sw *spoolWriter) report(r Report) { sw.order(order{report: &r}) }

// delivered has the spool told that a delivery in it was accepted. The record has it before: both
// have these in one order, so that one place in the record tells which of them the spool knows of.
func (sw *spoolWriter) delivered(w *webhookQueue, d *queue.Delivery) {
	sw.mu.Lock()
	sw.sender.note(w, d)
	n := sw.append(order{report: &Report{Webhook: w.key, Event: d.Event.ID, Delivered: true}})
	sw.mu.Unlock()
	sw.alert(n)
}

// control has a call made once everything before is written.
func (sw *spoolWriter) control(f func(Spool) error) { sw.order(order{control: f}) }

// afterControls calls f once all calls that control was asked for are made: at once when there are
// none.
func (sw *spoolWriter) afterControls(f func()) {
	sw.mu.Lock()
	idle := sw.controls == 0
	sw.mu.Unlock()
	if idle {
		f()
		return
	}
	sw.control(func(Spool) error {
		f()
		return nil
	})
}

// controlled notes that a call is made.
func (sw *spoolWriter) controlled() {
	sw.mu.Lock()
	sw.controls--
	sw.mu.Unlock()
}

// flush waits until everything before is written.
func (sw *spoolWriter) flush(ctx context.Context) error {
	done := make(chan struct{})
	sw.order(order{done: done})
	signal(sw.urgent)
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-sw.sender.work.Done():
		return context.Cause(sw.sender.work)
	}
}

func (sw *spoolWriter) order(o order) {
	sw.mu.Lock()
	n := sw.append(o)
	sw.mu.Unlock()
	sw.alert(n)
}

// append returns how many orders there are now. mu is held.
func (sw *spoolWriter) append(o order) (n int) {
	if o.control != nil {
		sw.controls++
	}
	sw.orders = append(sw.orders, o)
	return len(sw.orders)
}

// alert tells of the order that came as the nth.
func (sw *spoolWriter) alert(n int) {
	switch n {
	case 1:
		signal(sw.wake)
	case writeRows:
		signal(sw.urgent)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run writes until Sender.work ends.
func (sw *spoolWriter) run() {
	work := sw.sender.work
	delay := time.NewTimer(writeDelay)
	for {
		select {
		case <-sw.wake:
		case <-work.Done():
			return
		}
		delay.Reset(writeDelay)
		select {
		case <-delay.C:
		case <-sw.urgent:
		case <-work.Done():
			return
		}
		sw.mu.Lock()
		orders := sw.orders
		sw.orders = nil
		mark := sw.sender.record.Mark()
		sw.mu.Unlock()
		if !sw.write(orders) {
			return
		}
		sw.sender.record.Noted(mark)
	}
}

// batch is what is written at once.
type batch struct {
	deliveries []order
	spooled    []Spooled
	bytes      int64
	reports    []Report
}

// reset empties a batch, of which nothing stays in memory but its room.
func (b *batch) reset() {
	clear(b.deliveries)
	clear(b.spooled)
	clear(b.reports)
	*b = batch{
		deliveries: b.deliveries[:0], spooled: b.spooled[:0], reports: b.reports[:0],
	}
}

// add adds what an order has to be written, if it is a delivery or a report.
func (b *batch) add(o order) {
	switch {
	case o.delivery != nil:
		b.deliveries, b.spooled = append(b.deliveries, o), append(b.spooled, *o.spooled)
		b.bytes += o.delivery.Size
	case o.report != nil:
		b.reports = append(b.reports, *o.report)
	}
}

// full reports whether it is to be written now.
func (b *batch) full() bool {
	return len(b.deliveries) >= writeRows || b.bytes >= writeBytes || len(b.reports) >= writeRows
}

// write carries orders out. It reports whether it could.
func (sw *spoolWriter) write(orders []order) bool {
	var b batch
	from := 0
	for i, o := range orders {
		b.add(o)
		if o.control == nil && o.done == nil && i < len(orders)-1 && !b.full() {
			continue
		}
		if !sw.commit(b) || o.control != nil && !sw.retry(o.control) {
			return false
		}
		if o.control != nil {
			sw.controlled()
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

// commit writes a batch and settles the deliveries in it.
func (sw *spoolWriter) commit(b batch) bool {
	s := sw.sender
	if len(b.deliveries) > 0 {
		var overflows []Overflow
		if !sw.retry(func(spool Spool) (err error) {
			overflows, err = spool.Put(s.work, b.spooled)
			return err
		}) {
			return false
		}
		s.tellOverflows(overflows)
		s.metrics.spooled.Add(float64(len(b.deliveries)))
		for _, o := range b.deliveries {
			s.settle(o.queue, o.delivery)
		}
	}
	if len(b.reports) == 0 {
		return true
	}
	return sw.retry(func(spool Spool) error { return spool.Report(s.work, b.reports) })
}

// retry makes a call until it succeeds. It gives up only when the work ends, or is no longer this
// process's.
func (sw *spoolWriter) retry(call func(Spool) error) bool {
	s := sw.sender
	calls := spoolCalls{sender: s}
	defer calls.end()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := call(s.spool)
		switch {
		case err == nil:
			calls.succeeded()
			return true
		case Replaced(err):
			s.fail(err)
			return false
		case s.work.Err() != nil:
			return false
		}
		calls.failed("written", err)
		select {
		case <-time.After(pause):
		case <-s.work.Done():
			return false
		}
	}
}
