package https

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"sync"
	"time"
)

// pool has the connections to one host that belong to one owner.
//
// They are opened one by one where one may be enough: while there is none, since the first tells
// which protocol it is, and brings the ticket with which the next ones resume its session; and over
// HTTP/2 always, since one carries many requests.
type pool struct {
	transport *Transport
	key       string
	address   string
	tls       *tls.Config

	users       int // guarded by Transport.mu, as is the next
	connections int // open ones, those alone included

	mu      sync.Mutex // guards all below
	conns   []*conn    // that may take requests
	free    []*conn    // those of them with a place, the one that was used last at the end
	timer   *time.Timer
	ticking bool    // timer is running, as it does while a connection is idle
	dials   []*dial // under way
	waiting chan struct{}
}

// take returns a connection for one request, which has a place on it.
func (p *pool) take(deadline time.Time, terms Terms) (*conn, error) {
	for {
		p.mu.Lock()
		c := p.pick(terms)
		p.mu.Unlock()
		if c == nil {
			var err error
			if c, err = p.wait(deadline, terms); err != nil {
				return nil, err
			}
		}
		if c.ready(deadline) {
			return c, nil
		}
		c.leave(false)
		if err := p.transport.limits.Context.Err(); err != nil {
			return nil, err
		}
	}
}

// wait waits for a connection of which a request has a place.
func (p *pool) wait(deadline time.Time, terms Terms) (*conn, error) {
	ctx, cancel := context.WithDeadline(p.transport.limits.Context, deadline)
	defer cancel()
	var mine *dial // that the request waits for
	defer func() { p.quit(mine) }()
	for ctx.Err() == nil {
		p.mu.Lock()
		if mine != nil && mine.ended {
			c, err := mine.conn, mine.err
			mine.conn, mine = nil, nil
			if errors.Is(err, context.DeadlineExceeded) { // of the dial, which may have begun long before
				err = nil
			}
			if c != nil || err != nil {
				p.mu.Unlock() // whatever has become of a new connection, a request has to find out
				return c, err
			}
		}
		c := p.pick(terms)
		if c == nil && mine == nil && !p.toldSoon(terms) {
			mine = p.dialFor(terms)
		}
		changed := p.change()
		p.mu.Unlock()
		if c != nil {
			return c, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return nil, context.Cause(ctx)
}

// quit tells that a request waits for a dial no longer, if it does.
func (p *pool) quit(d *dial) {
	if d == nil {
		return
	}
	p.mu.Lock()
	d.waiters--
	var c *conn
	if d.ended && d.waiters == 0 {
		c, d.conn = d.conn, nil
	}
	p.mu.Unlock()
	if c != nil {
		c.leave(true)
	}
}

// pick gives a request a place on a connection, the one used last that has one; nil when none has.
// p.mu is held.
func (p *pool) pick(terms Terms) *conn {
	if terms.OwnConnection {
		return nil
	}
	for i := len(p.free) - 1; i >= 0; i-- {
		c := p.free[i]
		if !c.began.After(terms.After) {
			continue
		}
		c.requests++
		if c.requests >= c.places {
			p.free = slices.Delete(p.free, i, i+1)
			c.free = false
		}
		return c
	}
	return nil
}

// offer puts a connection among the free ones, if it has a place and is one of the pool's. p.mu is
// held.
func (p *pool) offer(c *conn) {
	if c.requests == 0 {
		c.idleSince = time.Now()
		p.tick(p.transport.cfg.IdleTimeout)
	}
	if c.free || c.requests >= c.places || !slices.Contains(p.conns, c) {
		return
	}
	c.free = true
	p.free = append(p.free, c)
}

// toldSoon reports whether a connection has yet to tell how many requests it takes. p.mu is held.
func (p *pool) toldSoon(terms Terms) bool {
	return !terms.OwnConnection && slices.ContainsFunc(p.conns, func(c *conn) bool {
		return c.began.After(terms.After) && c.http2 != nil && !c.told
	})
}

// dialFor returns the dial that a request is to wait for: one under way, or a new one. p.mu is
// held.
func (p *pool) dialFor(terms Terms) *dial {
	several := len(p.conns) > 0 && p.conns[len(p.conns)-1].http1 != nil
	for _, d := range p.dials {
		if !several && !terms.OwnConnection && d.began.After(terms.After) {
			d.waiters++
			return d
		}
	}
	d := &dial{began: time.Now(), alone: terms.OwnConnection, waiters: 1}
	if !d.alone {
		p.dials = append(p.dials, d)
	}
	go p.run(d)
	return d
}

// run makes a dial. The connection has a place for one of those who wait.
func (p *pool) run(d *dial) {
	c, err := p.open(d.alone)
	p.mu.Lock()
	d.ended, d.err = true, err
	p.dials = slices.DeleteFunc(p.dials, func(other *dial) bool { return other == d })
	wanted := d.waiters > 0
	over := !wanted && (d.alone || p.transport.limits.Context.Err() != nil)
	if c != nil {
		if wanted {
			d.conn, c.requests = c, 1
		} else {
			c.rest() // its first request may come when the receiver has ended it
		}
		if c.http2 != nil { // it may have told by now, or have ended
			c.places, c.told = c.http2.Places()
		}
		if !d.alone && !over && c.places > 0 {
			p.conns = append(p.conns, c)
			p.offer(c)
		}
	}
	p.tell()
	p.mu.Unlock()
	if c != nil && over {
		c.close()
	}
}

// change returns what is closed at the next change. p.mu is held.
func (p *pool) change() <-chan struct{} {
	if p.waiting == nil {
		p.waiting = make(chan struct{})
	}
	return p.waiting
}

// tell tells of a change. p.mu is held.
func (p *pool) tell() {
	if p.waiting != nil {
		close(p.waiting)
		p.waiting = nil
	}
}

// remove takes a connection out, which gets no further request. p.mu is held.
func (p *pool) remove(c *conn) {
	is := func(other *conn) bool { return other == c }
	p.conns = slices.DeleteFunc(p.conns, is)
	if c.free {
		p.free = slices.DeleteFunc(p.free, is)
		c.free = false
	}
}

// tick has expire come after a time. p.mu is held.
func (p *pool) tick(after time.Duration) {
	switch {
	case p.ticking:
		return
	case p.timer == nil:
		p.timer = time.AfterFunc(after, p.expire)
	default:
		p.timer.Reset(after)
	}
	p.ticking = true
}

// expire closes the connections that have been idle for too long, and comes again when the next one
// will have been.
func (p *pool) expire() {
	p.mu.Lock()
	p.ticking = false
	limit, now := p.transport.cfg.IdleTimeout, time.Now()
	old, next := p.idle(now.Add(-limit))
	if !next.IsZero() {
		p.tick(next.Add(limit).Sub(now))
	}
	p.mu.Unlock()
	for _, c := range old {
		c.close()
	}
}

// idle takes out the connections that have had no request since a time, and returns them. It also
// returns since when the first of the others has had none. p.mu is held.
func (p *pool) idle(since time.Time) (out []*conn, next time.Time) {
	for _, c := range slices.Clone(p.conns) {
		switch {
		case c.requests > 0:
		case !c.idleSince.After(since):
			p.remove(c)
			out = append(out, c)
		case next.IsZero() || c.idleSince.Before(next):
			next = c.idleSince
		}
	}
	return out, next
}

// closeIdle closes the connections without a request.
func (p *pool) closeIdle() {
	p.mu.Lock()
	old, _ := p.idle(time.Now())
	if p.timer != nil {
		p.timer.Stop()
		p.ticking = false
	}
	p.mu.Unlock()
	for _, c := range old {
		c.close()
	}
}
