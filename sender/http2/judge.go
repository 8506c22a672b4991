package http2

import (
	h2 "golang.org/x/net/http2"

	"hookline/sender/http1"
)

// What has become of a request that got no answer is told by what has passed over its connection:
// each of these returns the error that it ends in, which is a *http1.LostError where it can be sent
// again.

// judgeReset judges a stream that the receiver has given up. After GOAWAY that is the end of the
// connection, and without one it is this request that the receiver would not have.
func (s *stream) judgeReset(code h2.ErrCode) error {
	err := h2.StreamError{StreamID: s.id, Code: code}
	switch {
	case code == h2.ErrCodeRefusedStream:
		return &http1.LostError{Err: err}
	case s.conn.leaving:
		return &http1.LostError{Err: err, Sent: true, Leaving: true}
	}
	return err
}

// judgeEnd judges a stream whose connection has ended. Whoever took the only request of a
// connection, and ended that without a word, has failed; among several nobody can tell, but that
// the last one is the likeliest to be the reason.
func (s *stream) judgeEnd(err error) error {
	c := s.conn
	highest := c.next - 2
	switch {
	case s.id > c.accepted, s.unsent():
		return &http1.LostError{Err: err}
	case highest == 1 && !c.leaving:
		return err
	}
	last := s.id == min(c.accepted, highest)
	return &http1.LostError{Err: err, Sent: true, Leaving: c.leaving, Suspect: last}
}

// unsent reports whether the header has not left, and never will.
func (s *stream) unsent() bool { return s.conn.broken && s.head > s.conn.written }
