package http2

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
	h2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// block is a header, or a trailer, that was read last.
type block struct {
	decoder *hpack.Decoder
	limit   int64

	status  int // 0: it has none
	regular bool
	fields  http.Header // nil unless they are to be kept
	length  string      // the Content-Length
	size    int64
	wrong   error // why it is none
}

var (
	errMalformed = errors.New("http2: malformed answer")
	errTooLong   = errors.New("http2: the answer's header exceeded its limit")
)

func (b *block) init(limit int64) {
	b.limit = limit
	b.decoder = hpack.NewDecoder(tableSize, b.emit)
	b.decoder.SetMaxStringLength(int(limit))
}

// readHeader reads a header, of which f is the beginning. Its error ends the connection, since what
// the two sides remember of headers may differ from then on.
func (r *reader) readHeader(f *h2.HeadersFrame) error {
	b := &r.block
	b.status, b.regular, b.fields, b.length, b.size, b.wrong = 0, false, nil, "", 0, nil
	b.decoder.SetEmitEnabled(true)
	piece, ended := f.HeaderBlockFragment(), f.HeadersEnded()
	const head = 9 // of a frame: those without a field have an end, too
	for left := b.limit; ; left -= int64(len(piece)) + head {
		if left < 0 {
			return h2.ConnectionError(h2.ErrCodeEnhanceYourCalm)
		}
		if _, err := b.decoder.Write(piece); err != nil {
			return h2.ConnectionError(h2.ErrCodeCompression)
		}
		if ended {
			break
		}
		next, err := r.frames.ReadFrame()
		if err != nil {
			return err
		}
		more := next.(*h2.ContinuationFrame) // or the Framer has an error
		piece, ended = more.HeaderBlockFragment(), more.HeadersEnded()
	}
	if b.decoder.Close() != nil {
		return h2.ConnectionError(h2.ErrCodeCompression)
	}
	return nil
}

// emit takes a field.
func (b *block) emit(f hpack.HeaderField) {
	if b.size += int64(f.Size()); b.size > b.limit {
		b.wrong = errTooLong
	}
	if b.wrong != nil {
		b.decoder.SetEmitEnabled(false)
		return
	}
	if strings.HasPrefix(f.Name, ":") {
		b.takeStatus(f)
		return
	}
	b.regular = true
	switch {
	case !validName(f.Name):
		b.wrong = fmt.Errorf("%w: invalid name of a field", errMalformed)
	case !httpguts.ValidHeaderFieldValue(f.Value):
		b.wrong = fmt.Errorf("%w: invalid value of a field", errMalformed)
	case f.Name == "content-length" && b.length != "":
		b.length = "several" // which tells as much as none
	case f.Name == "content-length":
		b.length = f.Value
	}
	if b.fields != nil {
		name := http.CanonicalHeaderKey(f.Name)
		b.fields[name] = append(b.fields[name], f.Value)
	}
}

func (b *block) takeStatus(f hpack.HeaderField) {
	status, err := strconv.Atoi(f.Value)
	if f.Name != ":status" || b.status > 0 || b.regular ||
		err != nil || len(f.Value) != 3 || status < 100 {
		b.wrong = fmt.Errorf("%w: invalid status", errMalformed)
		return
	}
	b.status = status
	if status >= 300 {
		b.fields = http.Header{}
	}
}

// validName reports whether a field may have a name: a token without capitals.
func validName(name string) bool {
	for i := range len(name) {
		if c := name[i]; 'A' <= c && c <= 'Z' || !httpguts.IsTokenRune(rune(c)) {
			return false
		}
	}
	return name != ""
}

// takeHeader takes the header that was read, which f begins. c.mu is held.
func (c *Conn) takeHeader(f *h2.HeadersFrame) (changed bool, err error) {
	s, err := c.stream(f.StreamID)
	if s == nil {
		return false, err
	}
	b, end := &c.reading.block, f.StreamEnded()
	s.headerLeft -= b.size
	wrong := b.wrong
	switch {
	case wrong != nil:
	case s.headerLeft < 0:
		wrong = errTooLong
	// A trailer: it was read, as what is remembered of headers goes on from it, and its fields are
	// dropped. None that decides on a delivery may stand there (RFC 9110, 6.5.1).
	case s.answered:
		if !end || b.status > 0 {
			wrong = errMalformed
		}
	case b.status == 0, b.status < 200 && end:
		wrong = errMalformed
	case b.status < 200:
		return false, nil
	default:
		changed = s.answer(b, end)
	}
	if wrong != nil {
		c.abandon(s, wrong, h2.ErrCodeProtocol)
		return false, nil
	}
	if end {
		c.finish(s)
	}
	s.changed.Broadcast()
	return changed, nil
}

// answer takes the header of an answer. It reports whether the connection takes no more requests:
// after 431 the two sides may differ on what is remembered of headers, and 421 says that it is the
// wrong one.
func (s *stream) answer(b *block, end bool) (spent bool) {
	s.answered, s.status, s.fields, s.length = true, b.status, b.fields, -1
	if end {
		s.length = 0
	}
	if s.fields == nil {
		s.fields = noHeader
	}
	if n, err := strconv.ParseInt(b.length, 10, 64); err == nil && n >= 0 {
		s.length = n
	}
	spent = b.status == http.StatusRequestHeaderFieldsTooLarge ||
		b.status == http.StatusMisdirectedRequest
	if spent {
		s.conn.spent = true
		s.conn.turnAway()
	}
	return spent
}
