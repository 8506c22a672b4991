package sender

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	HeaderAttempt = "X-Hookline-Attempt" // counts the attempts at a delivery, from 1
	HeaderReplay  = "X-Hookline-Replay"  // true on a delivery that was a dead letter and is sent again because somebody wants it to be
)

// reserved are the headers that a subscription cannot set: Hookline's own, and those that HTTP itself lives by.
var reserved = map[string]bool{
	"Content-Type": true, "User-Agent": true, HeaderAttempt: true, HeaderReplay: true,
	HeaderTimestamp: true, HeaderSignature: true, HeaderNonce: true,
	HeaderID: true, HeaderStandardTimestamp: true, HeaderStandardSignature: true,
	"Host": true, "Content-Length": true, "Connection": true, "Transfer-Encoding": true, "Keep-Alive": true,
	"Proxy-Connection": true, "Te": true, "Trailer": true, "Upgrade": true, "Expect": true,
}

var jsonType = []string{"application/json"} // shared: http leaves the headers of a request as they are

// post is what one attempt sends.
type post struct {
	id        string // of the event
	attempt   int
	replay    bool
	userAgent string
	signer    *signer // nil leaves the request unsigned
	extra     http.Header
	body      []byte
	signed    http.Header // what header returned last
}

// header returns the headers of the POST, signed as of now.
func (p *post) header(now time.Time) http.Header {
	h := make(http.Header, 10+len(p.extra)) // ten of our own
	for name, values := range p.extra {
		if name = http.CanonicalHeaderKey(name); !reserved[name] {
			h[name] = values
		}
	}
	values := make([]string, 0, 9) // of all names but one, in one array
	set := func(name, value string) {
		values = append(values, value)
		h[name] = values[len(values)-1 : len(values) : len(values)]
	}
	h["Content-Type"] = jsonType
	set("User-Agent", p.userAgent)
	set(HeaderID, p.id)
	set(HeaderAttempt, strconv.Itoa(p.attempt))
	if p.replay {
		set(HeaderReplay, "true")
	}
	if p.signer == nil {
		return h
	}
	ms, s := now.UnixMilli(), now.Unix()
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails, as it says

	var text strings.Builder // all values below, one after the other
	text.Grow(13 + 64 + 32 + 10 + 47)
	add := func(name string, value []byte) {
		start := text.Len()
		text.Write(value)
		set(name, text.String()[start:])
	}
	var buf [64]byte
	add(HeaderTimestamp, strconv.AppendInt(buf[:0], ms, 10))
	add(HeaderSignature, p.signer.appendTwenty(buf[:0], ms, p.body))
	add(HeaderNonce, hex.AppendEncode(buf[:0], nonce[:]))
	add(HeaderStandardTimestamp, strconv.AppendInt(buf[:0], s, 10))
	add(HeaderStandardSignature, p.signer.appendStandard(buf[:0], p.id, s, p.body))
	return h
}
