package https

import (
	"context"
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

	users       int // guarded by Transport.mu, as is the next
	connections int // open ones, those alone included

	mu      sync.Mutex // guards all below
	conns   []*conn    // that may take requests, the one that was used last at the end
	dials   []*dial    // under way
	waiting chan struct{}
}

// take returns a connection for one request, which has a place on it.
func (p *pool) take(ctx context.Context, terms Terms) (*conn, error) {
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
		changed := p.wait()
		p.mu.Unlock()
		switch {
		case c == nil:
			select {
			case <-changed:
			case <-ctx.Done():
			}
		case c.ready():
			return c, nil
		default:
			c.leave(false)
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
	for i := len(p.conns) - 1; i >= 0; i-- {
		c := p.conns[i]
		if !c.began.After(terms.After) || c.requests >= c.places() {
			continue
		}
		c.requests++
		c.rest.Stop()
		p.conns = append(slices.Delete(p.conns, i, i+1), c)
		return c
	}
	return nil
}

// toldSoon reports whether a connection has yet to tell how many requests it takes. p.mu is held.
func (p *pool) toldSoon(terms Terms) bool {
	return !terms.OwnConnection && slices.ContainsFunc(p.conns, func(c *conn) bool {
		return c.began.After(terms.After) && c.wire.http2 && !c.told()
	})
}

// dialFor returns the dial that a request is to wait for: one under way, or a new one. p.mu is
// held.
func (p *pool) dialFor(terms Terms) *dial {
	several := len(p.conns) > 0 && !p.conns[len(p.conns)-1].wire.http2
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
	over := !wanted && (d.alone || p.transport.ctx.Err() != nil)
	if c != nil {
		c.rest = time.AfterFunc(p.transport.cfg.IdleTimeout, c.expire)
		if wanted {
			d.conn, c.requests = c, 1
		}
		if !d.alone && !over && c.places() > 0 {
			p.conns = append(p.conns, c)
		}
	}
	p.tell()
	p.mu.Unlock()
	if c != nil && over {
		c.close()
	}
}

// wait returns what is closed at the next change. p.mu is held.
func (p *pool) wait() <-chan struct{} {
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
	p.conns = slices.DeleteFunc(p.conns, func(other *conn) bool { return other == c })
}

func (p *pool) closeIdle() {
	p.mu.Lock()
	var idle []*conn
	for _, c := range p.conns {
		if c.requests == 0 {
			idle = append(idle, c)
		}
	}
	for _, c := range idle {
		p.remove(c)
	}
	p.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
}
