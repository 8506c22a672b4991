package http1

import (
	"errors"
	"io"
	"syscall"
)

// LostError says that a request found its connection dead and can be sent again: none of it could
// be written, or the connection had been used before and ended without a byte of an answer, as one
// does that the receiver closes while it is idle. On a connection that was made for it, a request
// that was written and not answered is no LostError: whoever took it has failed.
type LostError struct {
	Err     error
	Sent    bool // some of the request was written: the receiver may have taken it all the same
	Leaving bool // the receiver has told that it ends the connection, so it is at work
	// the connection ended right behind it: it may be the reason, for others on it as well
	Suspect bool
}

func (e *LostError) Error() string { return e.Err.Error() }
func (e *LostError) Unwrap() error { return e.Err }

// judge makes a *LostError of the error of a request, if it is one.
func (c *Conn) judge(err error) error {
	if _, ok := errors.AsType[*LostError](err); ok {
		return err
	}
	silent := c.incoming.buffer == nil && c.incoming.ahead == nil
	if c.used && silent && ended(err) {
		return &LostError{Err: err, Sent: true}
	}
	return err
}

// ended reports whether an error of reading or writing tells that the connection has ended.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.ErrUnexpectedEOF) // over TLS, in the middle of a record
}
