package http2

import (
	"encoding/binary"
	"runtime"
	"slices"
	"sync"
	"time"

	h2 "golang.org/x/net/http2"

	"hookline/sender/http1"
)

const (
	batch    = 32 << 10 // bytes after which what is pending is written
	frame    = 16 << 10 // bytes of a header or a body in one frame, which all receivers take
	tooMuch  = 8 * batch
	poolSize = 4 << 10   // bytes of a buffer at first
	keptSize = 2 * batch // the largest that is kept for others
)

// buffer is what a Framer writes to. An idle connection has none.
type buffer []byte

// buffers are those that no connection has.
var buffers = sync.Pool{New: func() any { b := make(buffer, 0, poolSize); return &b }}

// ready takes what there is to append to.
func (b *buffer) ready() {
	if *b == nil {
		*b = *buffers.Get().(*buffer)
	}
}

// free gives it back; its bytes are of no use any more.
func (b *buffer) free() {
	if old := (*b)[:0]; cap(old) > 0 && cap(old) <= keptSize {
		buffers.Put(&old)
	}
	*b = nil
}

func (b *buffer) Write(p []byte) (int, error) {
	b.ready()
	*b = append(*b, p...)
	return len(p), nil
}

// writeData appends a DATA frame. The Framer would copy the data to a buffer of its own first, and
// keep that.
func (b *buffer) writeData(stream uint32, last bool, data []byte) {
	b.ready()
	flags := h2.Flags(0)
	if last {
		flags = h2.FlagDataEndStream
	}
	*b = append(*b, byte(len(data)>>16), byte(len(data)>>8), byte(len(data)),
		byte(h2.FrameData), byte(flags))
	*b = append(binary.BigEndian.AppendUint32(*b, stream), data...)
}

// write is the goroutine that writes. It ends when all is written, since its stack would be much of
// what an idle connection takes. The last one closes the connection.
func (c *Conn) write() {
	runtime.Gosched() // whoever is about to send something goes along
	for c.flush() {
		continue
	}
}

// flush writes what there is to write, or a part of it. It reports whether there may be more; if
// not, the goroutine that writes is no more.
func (c *Conn) flush() (more bool) {
	c.mu.Lock()
	begin := len(c.waiting) > 0
	c.mu.Unlock()
	if begin && c.cfg.CatchUp != nil {
		c.cfg.CatchUp()
	}
	c.mu.Lock()
	spent := c.begin()
	c.send()
	text := c.pending
	if len(text) == 0 || c.broken {
		c.pending = c.pending[:0]
		c.writer = c.err != nil
		over := c.writer
		c.shrink()
		c.mu.Unlock()
		if over {
			_ = c.nc.Close()
			c.cfg.Changed()
		}
		return false
	}
	c.queued += int64(len(text))
	c.pending, c.spare = c.spare, nil
	c.mu.Unlock()

	n, err := c.nc.Write(text)

	c.mu.Lock()
	c.spare = text[:0]
	c.written += int64(n)
	if err != nil {
		c.unwritable(err)
	}
	c.mu.Unlock()
	if err != nil || spent {
		c.cfg.Changed()
	}
	return true
}

// unwritable takes note that writing has failed. The receiver has closed its end, and what it has
// said before that is still there to be read: answers, and the GOAWAY that tells why. c.mu is held.
func (c *Conn) unwritable(err error) {
	c.broken = true
	c.turnAway()
	c.sending = nil
	for id, s := range c.streams {
		s.body = nil
		if s.unsent() {
			s.fail(&http1.LostError{Err: err})
			delete(c.streams, id)
		}
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(lastWords))
}

// begin begins the requests that wait. It reports whether the connection has no more streams. c.mu
// is held.
func (c *Conn) begin() (spent bool) {
	n := 0
	for _, s := range c.waiting {
		if c.full() || len(c.pending) >= batch {
			break
		}
		s.id, s.window, s.room = c.next, c.opening, streamRoom
		c.next += 2
		spent = c.next > lastStream
		c.streams[s.id] = s
		c.writeHeader(s)
		s.head = c.queued + int64(len(c.pending))
		if len(s.body) > 0 {
			c.sending = append(c.sending, s)
		}
		n++
	}
	c.waiting = slices.Delete(c.waiting, 0, n)
	c.spent = c.spent || spent
	return spent
}

func (c *Conn) writeHeader(s *stream) {
	c.header = c.table.appendHeader(c.header[:0], s.to, s.header, len(s.body))
	first, rest := c.header, []byte(nil)
	if len(first) > frame {
		first, rest = first[:frame], first[frame:]
	}
	_ = c.out.WriteHeaders(h2.HeadersFrameParam{
		StreamID: s.id, BlockFragment: first,
		EndStream: len(s.body) == 0, EndHeaders: len(rest) == 0,
	})
	for len(rest) > 0 {
		piece := rest[:min(len(rest), frame)]
		rest = rest[len(piece):]
		_ = c.out.WriteContinuation(s.id, len(rest) == 0, piece)
	}
}

// send sends of the bodies what the receiver has room for. c.mu is held.
func (c *Conn) send() {
	for i := 0; i < len(c.sending) && c.window > 0 && len(c.pending) < batch; {
		s := c.sending[i]
		n := min(int64(len(s.body)), s.window, c.window, frame)
		if n <= 0 {
			i++
			continue
		}
		c.pending.writeData(s.id, n == int64(len(s.body)), s.body[:n])
		s.body = s.body[n:]
		s.window -= n
		c.window -= n
		if len(s.body) == 0 {
			c.sending = slices.Delete(c.sending, i, i+1)
		}
	}
}

// shrink gives the buffers back while nothing is under way. c.mu is held.
func (c *Conn) shrink() {
	if len(c.streams) > 0 || len(c.waiting) > 0 || len(c.pending) > 0 {
		return
	}
	c.pending.free()
	c.spare.free()
}

// took tells the receiver that there is room for so many more bytes, when it is worth it. c.mu is
// held.
func (c *Conn) took(n int64) {
	c.unsaid += n
	if c.unsaid >= connRoom/2 && c.err == nil {
		_ = c.out.WriteWindowUpdate(0, uint32(c.unsaid))
		c.room, c.unsaid = c.room+c.unsaid, 0
		c.signal()
	}
}

// took likewise, of the stream.
func (s *stream) took(n int64) {
	s.unsaid += n
	if s.unsaid >= streamRoom/2 && !s.ended && s.err == nil {
		_ = s.conn.out.WriteWindowUpdate(s.id, uint32(s.unsaid))
		s.room, s.unsaid = s.room+s.unsaid, 0
		s.conn.signal()
	}
}
