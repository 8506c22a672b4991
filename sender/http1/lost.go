package http1

import (
	"errors"
	"io"
	"net/http"
	"syscall"
)

// LostError says that a request found its connection dead and can be sent again: none of it could
// be written, or the connection had been used before and ended without a byte of an answer, or with
// a 408, as one does that the receiver closes while it is idle. On a connection that was made for
// it, a request that was written and not answered is no LostError: whoever took it has failed.
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

// unasked reports whether an answer is most likely none: some receivers say 408 on a connection
// that they end since it was idle for too long, which may cross the next request. Where it answers
// one, that was not read to its end, so it can be sent again as well. Behind a 1xx it does.
//
// https://www.rfc-editor.org/rfc/rfc9110#status.408
func (c *Conn) unasked(resp *http.Response) bool {
	return c.used && !c.begun && resp.StatusCode == http.StatusRequestTimeout && resp.Close
}

var errUnasked = errors.New("http1: the receiver has ended an idle connection with 408")

// ended reports whether an error of reading or writing tells that the connection has ended.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.ErrUnexpectedEOF) // over TLS, in the middle of a record
}
