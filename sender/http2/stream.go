package http2

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	h2 "golang.org/x/net/http2"

	"hookline/sender/http1"
)

// stream is a request and its answer. Conn.mu guards it.
type stream struct {
	conn     *Conn
	id       uint32    // 0 until it is begun
	changed  sync.Cond // tells who waits for the answer
	deadline time.Time

	// The request.
	to     *Target
	header []byte
	body   []byte // what is not sent yet
	head   int64  // where its header ends, in all that is written to the connection
	window int64  // that the receiver has left for the body

	// The answer.
	answered   bool // its header is there
	status     int
	fields     http.Header
	length     int64 // that the header tells, -1 when it tells none
	headerLeft int64 // bytes that headers may have yet
	data       []byte
	got        int64 // bytes of the body
	room       int64 // that we have left for it
	unsaid     int64 // bytes more of it that the receiver does not know of
	ended      bool  // all of it is there
	err        error // why there will be no more of it
}

// noHeader stands for one that was not kept.
var noHeader = http.Header{}

// fail ends the stream for a reason, unless it is over.
func (s *stream) fail(err error) {
	if s.err == nil && !s.ended {
		s.err = err
		s.changed.Broadcast()
	}
}

// response returns the answer, if there is one, and whether the exchange is over.
func (s *stream) response() (resp *http.Response, over bool) {
	c := s.conn
	if !s.answered {
		return nil, true
	}
	resp = &http.Response{
		StatusCode: s.status, Proto: "HTTP/2.0", ProtoMajor: 2,
		Header: s.fields, Body: http.NoBody, ContentLength: s.length,
	}
	switch {
	case !s.ended, s.length > s.got: // the rest is missing
		if timeout := c.cfg.BodyTimeout; timeout > 0 && s.err == nil {
			if at := time.Now().Add(timeout); at.Before(s.deadline) {
				s.deadline = at
				c.watch(at)
			}
		}
		resp.Body = &body{stream: s}
		return resp, false
	case len(s.data) > 0:
		c.took(int64(len(s.data)))
		resp.Body = io.NopCloser(bytes.NewReader(s.data))
	}
	return resp, true
}

// body is that of an answer that was not there with its header.
type body struct {
	stream *stream
	once   sync.Once // of the release
}

var errBodyClosed = errors.New("http2: read from a closed body")

func (b *body) Read(p []byte) (n int, err error) {
	s := b.stream
	c := s.conn
	c.mu.Lock()
	for len(s.data) == 0 && !s.ended && s.err == nil {
		s.changed.Wait()
	}
	switch {
	case len(s.data) > 0:
		n = copy(p, s.data)
		s.data = s.data[n:]
		c.took(int64(n))
		s.took(int64(n))
	case errors.Is(s.err, io.EOF): // that of the connection
		err = io.ErrUnexpectedEOF
	case s.err != nil:
		err = s.err
	case s.length > s.got:
		err = io.ErrUnexpectedEOF
	default:
		err = io.EOF
	}
	deadline := s.deadline
	c.mu.Unlock()
	if err != nil {
		b.once.Do(c.cfg.Release)
		if !errors.Is(err, io.EOF) {
			err = http1.Cause(c.cfg.Context, err, deadline)
		}
	}
	return n, err
}

// Until sets when the body has to have come, in place of BodyTimeout and of the request's deadline.
// It is for who has not read to the end yet.
func (b *body) Until(t time.Time) {
	c := b.stream.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	b.stream.deadline = t
	c.watch(t)
}

func (b *body) Close() error {
	s := b.stream
	c := s.conn
	c.mu.Lock()
	c.took(int64(len(s.data)))
	s.data = nil
	if !s.ended && s.err == nil {
		c.abandon(s, errBodyClosed, h2.ErrCodeCancel)
	}
	s.ended, s.err = true, errors.Join(s.err, errBodyClosed)
	c.mu.Unlock()
	b.once.Do(c.cfg.Release)
	return nil
}
