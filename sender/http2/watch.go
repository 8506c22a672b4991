package http2

import (
	"context"
	"errors"
	"time"

	h2 "golang.org/x/net/http2"
)

// A connection carries many requests: when it is dead, that must be found out before they have all
// timed out.
const (
	pingAfter  = 15 * time.Second // of silence while an answer is due
	pingWithin = 5 * time.Second  // something has to be heard after a PING
)

var errSilent = errors.New("http2: the receiver does not answer a PING")

// watch sees to it that look is called at a time, and in time for a PING. One timer serves all
// requests: nearly always it finds that they are over. c.mu is held.
func (c *Conn) watch(at time.Time) {
	if c.due.IsZero() {
		if ping := time.Now().Add(pingAfter); ping.Before(at) {
			at = ping
		}
	} else if !at.Before(c.due) {
		return
	}
	c.due = at
	if c.timer == nil {
		c.timer = time.AfterFunc(time.Until(at), c.look)
	} else {
		c.timer.Reset(time.Until(at))
	}
}

// look is called by the timer.
func (c *Conn) look() {
	c.mu.Lock()
	c.due = time.Time{}
	if c.err == nil {
		c.lookAt(time.Now())
	}
	over := c.err != nil
	c.mu.Unlock()
	if over {
		c.cfg.Changed()
	}
}

// lookAt ends the requests that are out of time, and the connection if it is dead. c.mu is held.
func (c *Conn) lookAt(now time.Time) {
	var next time.Time
	for _, s := range c.open() {
		if !now.Before(s.deadline) {
			c.abandon(s, context.DeadlineExceeded, h2.ErrCodeCancel)
		} else if next.IsZero() || s.deadline.Before(next) {
			next = s.deadline
		}
	}
	if len(c.streams) > 0 && c.err == nil {
		if dead := c.ping(now); dead {
			c.over(errSilent, noGoodbye)
			return
		}
		if !c.asked.IsZero() && c.asked.Add(pingWithin).Before(next) {
			next = c.asked.Add(pingWithin)
		}
	}
	if !next.IsZero() {
		c.watch(next)
	}
}

// open returns all requests that are under way. c.mu is held.
func (c *Conn) open() []*stream {
	all := make([]*stream, 0, len(c.waiting)+len(c.streams))
	all = append(all, c.waiting...)
	for _, s := range c.streams {
		all = append(all, s)
	}
	return all
}

// ping asks the receiver for a sign of life when nothing was heard of it for long, and reports
// whether it has not given one. c.mu is held.
func (c *Conn) ping(now time.Time) (dead bool) {
	switch {
	case !c.asked.IsZero() && !c.heard.After(c.asked):
		return now.Sub(c.asked) >= pingWithin
	case now.Sub(c.heard) >= pingAfter:
		c.asked = now
		_ = c.out.WritePing(false, [8]byte{})
		c.signal()
	default:
		c.asked = time.Time{}
	}
	return false
}
