package http1

import (
	"sync"
	"time"
)

// pool holds idle connections. The zero value is empty.
type pool struct {
	mu    sync.Mutex
	conns map[string][]*conn // by address, the one that has been idle longest first
	timer *time.Timer        // is running while conns is not empty
}

// take returns the connection to an address that was put here last, nil when there is none.
func (p *pool) take(address string) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := p.conns[address]
	if len(conns) == 0 {
		return nil
	}
	c := conns[len(conns)-1]
	conns[len(conns)-1] = nil
	p.conns[address] = conns[:len(conns)-1]
	return c
}

// put keeps a connection for a time, or closes it when there are most to the same address already.
func (p *pool) put(c *conn, most int, timeout time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := p.conns[c.address]
	if len(conns) >= most {
		c.Close()
		return
	}
	if p.conns == nil {
		p.conns = map[string][]*conn{}
	}
	if len(p.conns) == 0 && timeout > 0 {
		p.timer = time.AfterFunc(timeout, func() { p.expire(timeout) })
	}
	c.idleSince = time.Now()
	p.conns[c.address] = append(conns, c)
}

// expire closes the connections that have been idle for the timeout, and comes again when the next one will have been.
func (p *pool) expire(timeout time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	next := now
	for address, conns := range p.conns {
		n := 0
		for n < len(conns) && now.Sub(conns[n].idleSince) >= timeout {
			conns[n].Close()
			n++
		}
		if n == len(conns) {
			delete(p.conns, address)
			continue
		}
		kept := copy(conns, conns[n:])
		clear(conns[kept:])
		p.conns[address] = conns[:kept]
		if conns[0].idleSince.Before(next) {
			next = conns[0].idleSince
		}
	}
	if len(p.conns) > 0 {
		p.timer.Reset(next.Add(timeout).Sub(now))
	}
}

// clear closes all connections.
func (p *pool) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conns := range p.conns {
		for _, c := range conns {
			c.Close()
		}
	}
	clear(p.conns)
	if p.timer != nil {
		p.timer.Stop()
	}
}
