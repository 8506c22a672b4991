package main

import (
	"runtime"
	"time"
)

// delay lets answers go after a latency, exactly. time.Sleep would be late by up to a millisecond,
// since Go's poller waits in whole ones: a receiver of 20 ms would really be one of 21, and no
// client could reach what 20 ms allow. So one thread sleeps in the kernel until the next answer is
// due. All wait equally long, so they are due in the order in which they come.
type delay struct {
	latency time.Duration
	queue   chan due
	closed  chan struct{}
}

// due is an answer that waits.
type due struct {
	at      time.Time
	reached chan struct{} // closed then
}

// queued is how many answers may wait before requests wait for a place in the queue.
const queued = 4096

// newDelay returns a delay that is to be closed, nil for none.
func newDelay(latency time.Duration) *delay {
	if latency == 0 {
		return nil
	}
	d := &delay{latency: latency, queue: make(chan due, queued), closed: make(chan struct{})}
	go d.run()
	return d
}

func (d *delay) run() {
	runtime.LockOSThread()
	for {
		select {
		case next := <-d.queue:
			sleepUntil(next.at)
			close(next.reached)
		case <-d.closed:
			return
		}
	}
}

// wait returns when an answer is due to what came at a moment, or when the delay is closed.
func (d *delay) wait(came time.Time) {
	if d == nil {
		return
	}
	next := due{came.Add(d.latency), make(chan struct{})}
	select {
	case d.queue <- next:
	case <-d.closed:
		return
	}
	select {
	case <-next.reached:
	case <-d.closed:
	}
}

func (d *delay) close() {
	if d != nil {
		close(d.closed)
	}
}
