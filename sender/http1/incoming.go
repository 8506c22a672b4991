package http1

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"sync"
	"time"
)

// incoming is what comes from a connection. The buffer for it is taken from a pool when the first
// bytes of an answer are there.
type incoming struct {
	conn   net.Conn
	first  [512]byte // the answer's beginning, often all of it
	ahead  []byte    // what buffer has not taken of it
	buffer *bufio.Reader
	left   int64 // bytes that the header may have yet
	limit  int64
}

var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4<<10) }}

// wait waits for the beginning of an answer whose header has maxHeader bytes at most.
func (in *incoming) wait(maxHeader int64) error {
	n, err := in.conn.Read(in.first[:])
	if n == 0 && err != nil {
		return err
	}
	in.ahead, in.left, in.limit = in.first[:n], maxHeader, maxHeader
	return nil
}

// open takes a buffer.
func (in *incoming) open() {
	in.buffer = buffers.Get().(*bufio.Reader)
	in.buffer.Reset(in)
}

// Read is for buffer.
func (in *incoming) Read(p []byte) (n int, err error) {
	if in.left == 0 {
		return 0, fmt.Errorf("http1: the answer's header exceeded %d bytes", in.limit)
	}
	p = p[:min(int64(len(p)), in.left)]
	if len(in.ahead) > 0 {
		n = copy(p, in.ahead)
		in.ahead = in.ahead[n:]
	} else {
		n, err = in.conn.Read(p)
	}
	in.left -= int64(n)
	return n, err
}

// headerRead ends the limit.
func (in *incoming) headerRead() { in.left = math.MaxInt64 }

// release gives the buffer back and reports whether nothing was left in it.
func (in *incoming) release() (empty bool) {
	if in.buffer == nil {
		empty, in.ahead = len(in.ahead) == 0, nil
		return empty
	}
	empty = in.buffer.Buffered() == 0 && len(in.ahead) == 0
	in.buffer.Reset(nil)
	buffers.Put(in.buffer)
	in.buffer, in.ahead = nil, nil
	return empty
}

// answerBody is the body of an answer that was not there with its header.
type answerBody struct {
	from io.Reader
	conn *Conn // nil once it was read to its end, closed, or lost
	keep bool  // the connection can be used again
	err  error // of reading, once conn is nil
}

var errClosed = errors.New("http1: read from a closed body")

func (b *answerBody) Read(p []byte) (int, error) {
	if b.conn == nil {
		return 0, b.err
	}
	n, err := b.from.Read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		b.end(io.EOF, b.keep)
	default:
		b.end(Cause(b.conn.limits.Context, err, b.conn.deadline), false)
	}
	return n, b.err
}

// Until sets when the body has to have come, in place of BodyTimeout and of the request's deadline.
// It is for who has not read to the end yet.
func (b *answerBody) Until(t time.Time) {
	if b.conn != nil {
		_ = b.conn.EndBy(t) // fails as the next read will
	}
}

func (b *answerBody) Close() error {
	if b.conn != nil {
		b.end(errClosed, false)
	}
	return nil
}

func (b *answerBody) end(err error, keep bool) {
	b.conn.end(keep)
	b.conn, b.err = nil, err
}
