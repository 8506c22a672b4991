package sender

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// HeaderAttempt counts the attempts at a delivery, from 1.
const HeaderAttempt = "X-Hookline-Attempt"

// reserved are the headers that a subscription cannot set: Hookline's own, and those that HTTP itself lives by.
var reserved = map[string]bool{
	"Content-Type": true, "User-Agent": true, HeaderAttempt: true,
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
	userAgent string
	signer    *signer // nil leaves the request unsigned
	extra     http.Header
	body      []byte
}

// header returns the headers of the POST, signed as of now.
func (p *post) header(now time.Time) http.Header {
	h := make(http.Header, 16)
	for name, values := range p.extra {
		if name = http.CanonicalHeaderKey(name); !reserved[name] {
			h[name] = values
		}
	}
	h["Content-Type"] = jsonType
	h["User-Agent"] = []string{p.userAgent}
	h[HeaderID] = []string{p.id}
	h[HeaderAttempt] = []string{strconv.Itoa(p.attempt)}
	if p.signer == nil {
		return h
	}
	ms, s := now.UnixMilli(), now.Unix()
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails, as it says

	var buf [64]byte
	h[HeaderTimestamp] = []string{strconv.FormatInt(ms, 10)}
	h[HeaderSignature] = []string{string(p.signer.appendTwenty(buf[:0], ms, p.body))}
	h[HeaderNonce] = []string{string(hex.AppendEncode(buf[:0], nonce[:]))}
	h[HeaderStandardTimestamp] = []string{strconv.FormatInt(s, 10)}
	h[HeaderStandardSignature] = []string{string(p.signer.appendStandard(buf[:0], p.id, s, p.body))}
	return h
}
