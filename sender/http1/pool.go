package http1

import (
	"net"
	"sync"
	"time"
)

// conn is a connection of a transport.
type conn struct {
	Conn
	transport  *Transport
	key        string    // of the targets that it is for
	prev, next *conn     // in pool.busy; the pool's
	idleSince  time.Time // likewise
}

func newConn(nc net.Conn, t *Transport, key string) *conn {
	c := &conn{transport: t, key: key}
	c.init(nc, &t.limits, func(keep bool) { t.pool.put(c, keep) })
	return c
}

// pool knows all connections.
type pool struct {
	mu    sync.Mutex
	busy  conn               // sentinel of a circular list of those that are in use
	idle  map[string][]*conn // the others by Target.key, the one that has been idle longest first
	total int                // of those
	timer *time.Timer        // is running while idle is not empty, if there is a timeout
}

func (p *pool) init() {
	p.busy.prev, p.busy.next = &p.busy, &p.busy
	p.idle = map[string][]*conn{}
}

// take returns the idle connection of a key that was used last, nil when there is none.
func (p *pool) take(key string) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := p.idle[key]
	if len(conns) == 0 {
		return nil
	}
	c := conns[len(conns)-1]
	conns[len(conns)-1] = nil
	p.idle[key] = conns[:len(conns)-1]
	p.total--
	p.use(c)
	return c
}

// add takes a new connection, which is in use.
func (p *pool) add(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.use(c)
}

func (p *pool) use(c *conn) {
	last := p.busy.prev
	c.prev, c.next = last, &p.busy
	last.next, p.busy.prev = c, c
}

// put takes back a connection that was in use. It is closed, unless it is to be kept for later and
// there are not enough of its kind.
func (p *pool) put(c *conn, keep bool) {
	if kept := p.rest(c, keep); !kept {
		c.Close()
	}
}

func (p *pool) rest(c *conn, keep bool) (kept bool) {
	cfg := &c.transport.cfg
	p.mu.Lock()
	defer p.mu.Unlock()
	c.prev.next, c.next.prev = c.next, c.prev
	c.prev, c.next = nil, nil
	conns := p.idle[c.key]
	if !keep || len(conns) >= cfg.MaxIdle ||
		len(conns) > 0 && cfg.MaxIdleTotal > 0 && p.total >= cfg.MaxIdleTotal {
		return false
	}
	if len(p.idle) == 0 && cfg.IdleTimeout > 0 {
		p.timer = time.AfterFunc(cfg.IdleTimeout, func() { p.expire(cfg.IdleTimeout) })
	}
	p.total++
	c.idleSince = time.Now()
	p.idle[c.key] = append(conns, c)
	return true
}

// interrupt makes everything fail that waits for a connection.
func (p *pool) interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := p.busy.next; c != &p.busy; c = c.next {
		c.Interrupt()
	}
}

// expire closes the connections that have been idle for the timeout, and comes again when the next
// one will have been.
func (p *pool) expire(timeout time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	next := now
	for key, conns := range p.idle {
		n := 0
		for n < len(conns) && now.Sub(conns[n].idleSince) >= timeout {
			conns[n].Close()
			p.total--
			n++
		}
		if n == len(conns) {
			delete(p.idle, key)
			continue
		}
		kept := copy(conns, conns[n:])
		clear(conns[kept:])
		p.idle[key] = conns[:kept]
		if conns[0].idleSince.Before(next) {
			next = conns[0].idleSince
		}
	}
	if len(p.idle) > 0 {
		p.timer.Reset(next.Add(timeout).Sub(now))
	}
}

// clear closes all idle connections.
func (p *pool) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conns := range p.idle {
		for _, c := range conns {
			c.Close()
		}
	}
	clear(p.idle)
	p.total = 0
	if p.timer != nil {
		p.timer.Stop()
	}
}
