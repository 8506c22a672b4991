package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// writer commits versions of some contacts one by one at a steady pace, whatever becomes of them:
// the first version of each contact, then the second of each, and so on. Each is a transaction of
// one statement; those of one contact follow each other.
type writer struct {
	contacts int
	sql      string        // commits a version of a contact: its number is $1, the version $2
	every    time.Duration // from one to the next
	start    time.Time
	end      atomic.Int64 // how many to commit in all
	sent     []time.Time  // when each was about to be sent to the server
	took     []float64    // seconds from then until the server said that it is committed
	done     sync.WaitGroup
	over     chan struct{} // closed when all is committed
	errs     []error       // of each connection
}

// writers is over how many connections a writer commits, as a rule.
const writers = 8

// writeContact brings a contact to its next version.
const writeContact = "CALL write_contact($1, $2)"

// write starts a writer over some connections that ends by itself after the most versions. Its
// finish or wait is to be called.
func (d *database) write(
	ctx context.Context, sql string, contacts, versions int, every time.Duration, connections int,
) *writer {
	w := &writer{
		contacts: contacts, sql: sql, every: every, start: time.Now(), over: make(chan struct{}),
		sent: make([]time.Time, contacts*versions), took: make([]float64, contacts*versions),
		errs: make([]error, connections),
	}
	w.end.Store(int64(len(w.sent)))
	for i := range connections {
		w.done.Go(func() { w.errs[i] = w.run(ctx, d.url, i) })
	}
	go func() {
		w.done.Wait()
		close(w.over)
	}()
	return w
}

// run writes what one of the connections has to, which are always the same contacts.
func (w *writer) run(ctx context.Context, url string, connection int) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, planOnce); err != nil {
		return err
	}
	for i := 0; i < int(w.end.Load()); i++ {
		contact := i % w.contacts
		if contact%len(w.errs) != connection {
			continue
		}
		if err := waitUntil(ctx, w.due(i)); err != nil {
			return err
		}
		if i >= int(w.end.Load()) {
			return nil
		}
		w.sent[i] = time.Now()
		if _, err := conn.Exec(ctx, w.sql, contact+1, i/w.contacts+1); err != nil {
			return err
		}
		w.took[i] = time.Since(w.sent[i]).Seconds()
	}
	return nil
}

// due returns when the writer is to commit what comes after n others.
func (w *writer) due(n int) time.Time { return w.start.Add(time.Duration(n) * w.every) }

func waitUntil(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// finish has the writer end soon if it has not yet, and returns how many it has committed.
func (w *writer) finish() (int, error) {
	soon := int64((time.Since(w.start)+time.Second)/w.every) + 1 // nobody is as far as that
	w.end.Store(min(soon, w.end.Load()))
	return w.wait()
}

// wait waits for the writer's end, and returns how many it has committed.
func (w *writer) wait() (int, error) {
	<-w.over
	return int(w.end.Load()), errors.Join(w.errs...)
}

// between returns which were sent between two moments.
func (w *writer) between(from, to time.Time) (list []int) {
	for i, at := range w.sent {
		if !at.Before(from) && at.Before(to) {
			list = append(list, i)
		}
	}
	return list
}

// rate returns how many were sent per second between two moments, from the first of them to the
// last.
func (w *writer) rate(from, to time.Time) float64 {
	list := w.between(from, to)
	first, last := w.sent[list[0]], w.sent[list[0]]
	for _, i := range list {
		if at := w.sent[i]; at.After(last) {
			last = at
		}
	}
	return float64(len(list)-1) / last.Sub(first).Seconds()
}

// commits returns how many seconds those took to commit that were sent between two moments.
func (w *writer) commits(from, to time.Time) (seconds sample) {
	for _, i := range w.between(from, to) {
		seconds = append(seconds, w.took[i])
	}
	return seconds
}

// latencies returns how many seconds passed from when they were committed until they came at t. The
// server sends what is committed to Hookline before it tells the writer, or just after: 0 stands
// for less.
func (w *writer) latencies(t *tally, from, to time.Time) (seconds sample) {
	for _, i := range w.between(from, to) {
		seconds = append(seconds, max(0, w.since(t, i)-w.took[i]))
	}
	return seconds
}

// sinceSent returns the same from when they were about to be sent.
func (w *writer) sinceSent(t *tally, from, to time.Time) (seconds sample) {
	for _, i := range w.between(from, to) {
		seconds = append(seconds, w.since(t, i))
	}
	return seconds
}

func (w *writer) since(t *tally, i int) float64 {
	return t.at(i%w.contacts+1, i/w.contacts+1).Sub(w.sent[i]).Seconds()
}
