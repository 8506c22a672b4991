package http2

import (
	"errors"
	"fmt"
	"time"

	h2 "golang.org/x/net/http2"

	"hookline/sender/http1"
)

// read is the goroutine that reads.
func (c *Conn) read() {
	err := c.readFrames()
	code := noGoodbye
	if wrong, ok := errors.AsType[h2.ConnectionError](err); ok {
		code = h2.ErrCode(wrong)
	}
	if detail := c.reading.frames.ErrorDetail(); detail != nil {
		err = fmt.Errorf("%w: %w", err, detail)
	}
	c.end(err, code)
}

// readFrames reads until the connection ends.
func (c *Conn) readFrames() error {
	for first := true; ; first = false {
		f, err := c.reading.frames.ReadFrame()
		if wrong, ok := errors.AsType[h2.StreamError](err); ok {
			c.mu.Lock()
			if s := c.streams[wrong.StreamID]; s != nil {
				c.abandon(s, wrong, wrong.Code)
			}
			c.mu.Unlock()
			continue
		}
		if err != nil {
			return err
		}
		if _, ok := f.(*h2.SettingsFrame); first && !ok {
			return h2.ConnectionError(h2.ErrCodeProtocol)
		}
		if f, ok := f.(*h2.HeadersFrame); ok {
			if err := c.reading.readHeader(f); err != nil {
				return err
			}
		}
		c.mu.Lock()
		c.heard = time.Now()
		changed, err := c.take(f)
		if len(c.pending) > tooMuch { // it wants answers, and does not read them
			err = h2.ConnectionError(h2.ErrCodeEnhanceYourCalm)
		}
		c.mu.Unlock()
		if err != nil {
			return err
		}
		if changed {
			c.cfg.Changed()
		}
	}
}

// take takes note of a frame. It reports whether Places may have changed. Its error ends the
// connection. c.mu is held.
func (c *Conn) take(f h2.Frame) (changed bool, err error) {
	switch f := f.(type) {
	case *h2.SettingsFrame:
		if f.IsAck() {
			return false, nil
		}
		err = c.set(f)
		return true, err
	case *h2.GoAwayFrame:
		c.leave(f.LastStreamID)
		return true, nil
	case *h2.PingFrame:
		if !f.IsAck() {
			_ = c.out.WritePing(true, f.Data)
			c.signal()
		}
	case *h2.PushPromiseFrame:
		return false, h2.ConnectionError(h2.ErrCodeProtocol)
	case *h2.WindowUpdateFrame:
		return false, c.widen(f)
	case *h2.HeadersFrame:
		return c.takeHeader(f)
	case *h2.DataFrame:
		return false, c.takeData(f)
	case *h2.RSTStreamFrame:
		s, err := c.stream(f.StreamID)
		if s != nil { // the first one counts: some send another for what is on its way to the stream
			s.fail(s.judgeReset(f.ErrCode))
			c.forget(s)
		}
		return false, err
	}
	return false, nil
}

// stream returns a stream that is open; nil when it is over. One that never was is an error.
func (c *Conn) stream(id uint32) (*stream, error) {
	if s := c.streams[id]; s != nil {
		return s, nil
	}
	if id >= c.next || id%2 == 0 {
		return nil, h2.ConnectionError(h2.ErrCodeProtocol)
	}
	return nil, nil
}

// set takes the settings of the receiver.
func (c *Conn) set(f *h2.SettingsFrame) error {
	if !c.told {
		c.told, c.most = true, plenty
	}
	err := f.ForeachSetting(func(s h2.Setting) error {
		if err := s.Valid(); err != nil {
			return err
		}
		switch s.ID {
		case h2.SettingMaxConcurrentStreams:
			c.most = int(min(s.Val, maxWindow))
		case h2.SettingHeaderTableSize:
			c.table.limit(s.Val)
		case h2.SettingInitialWindowSize:
			more := int64(s.Val) - c.opening
			c.opening = int64(s.Val)
			for _, s := range c.streams {
				if s.window += more; s.window > maxWindow {
					return h2.ConnectionError(h2.ErrCodeFlowControl)
				}
			}
		}
		return nil
	})
	_ = c.out.WriteSettingsAck()
	c.signal()
	return err
}

// leave takes a GOAWAY: of several, the one that leaves least counts. Streams above the last one
// were not taken. c.mu is held.
func (c *Conn) leave(last uint32) {
	c.leaving, c.accepted = true, min(c.accepted, last)
	c.turnAway()
	for id, s := range c.streams {
		if id > c.accepted {
			s.fail(&http1.LostError{Err: errLeft})
			c.forget(s)
		}
	}
	if len(c.streams) == 0 {
		c.over(errClosed, h2.ErrCodeNo)
	}
}

var errLeft = errors.New("http2: the receiver ends the connection and has not taken the request")

// widen takes note that the receiver has more room for bodies.
func (c *Conn) widen(f *h2.WindowUpdateFrame) error {
	if len(c.sending) > 0 {
		c.signal()
	}
	if f.StreamID == 0 {
		if c.window += int64(f.Increment); c.window > maxWindow {
			return h2.ConnectionError(h2.ErrCodeFlowControl)
		}
		return nil
	}
	s, err := c.stream(f.StreamID)
	if s == nil {
		return err
	}
	if s.window += int64(f.Increment); s.window > maxWindow {
		code := h2.ErrCodeFlowControl
		c.abandon(s, h2.StreamError{StreamID: s.id, Code: code}, code)
	}
	return nil
}

func (c *Conn) takeData(f *h2.DataFrame) error {
	size, data := int64(f.Length), f.Data() // of which the one has padding in it
	if c.room -= size; c.room < 0 {
		return h2.ConnectionError(h2.ErrCodeFlowControl)
	}
	s, err := c.stream(f.StreamID)
	if s == nil {
		c.took(size)
		return err
	}
	s.room -= size
	more := int64(len(data))
	switch {
	case s.room < 0:
		c.took(size)
		code := h2.ErrCodeFlowControl
		c.abandon(s, h2.StreamError{StreamID: s.id, Code: code}, code)
		return nil
	case !s.answered:
		c.took(size)
		c.abandon(s, errMalformed, h2.ErrCodeProtocol)
		return nil
	case s.length >= 0 && s.got+more > s.length:
		more = s.length - s.got
		c.abandon(s, errMalformed, h2.ErrCodeProtocol)
	}
	s.got += more
	s.data = append(s.data, data[:more]...)
	c.took(size - more)
	s.took(size - more)
	if f.StreamEnded() && s.err == nil {
		c.finish(s)
	}
	s.changed.Broadcast()
	return nil
}

// finish takes note that all of the answer is there, maybe before all of the request.
func (c *Conn) finish(s *stream) {
	s.ended = true
	if len(s.body) > 0 {
		_ = c.out.WriteRSTStream(s.id, h2.ErrCodeNo)
		c.signal()
	}
	c.forget(s)
}

// reader is what only the goroutine that reads knows.
type reader struct {
	frames *h2.Framer
	block
}

func (r *reader) init(c *Conn) {
	r.frames = h2.NewFramer(nil, c.nc) // TLS has a record in its own buffer
	r.frames.SetMaxReadFrameSize(frame)
	r.frames.SetReuseFrames()
	r.block.init(c.cfg.MaxHeaderBytes)
}
