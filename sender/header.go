package sender

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"hookline/mapper"
	"hookline/sender/queue"
	"hookline/webhook"
)

const (
	headerAttempt = "X-Hookline-Attempt" // counts the attempts at a delivery, from 1
	headerTrace   = "Traceparent"        // see trace.Attempt
	// true on a delivery that was a dead letter and is sent again because somebody wants it to be
	headerReplay = "X-Hookline-Replay"
)

// commonHeader returns what all requests to a webhook have in their header.
func commonHeader(userAgent, contentType string, extra http.Header) http.Header {
	h := http.Header{}
	for name, values := range extra {
		if name = http.CanonicalHeaderKey(name); !webhook.IsOwnHeader(name) {
			h[name] = values
		}
	}
	h.Set("Content-Type", contentType)
	h.Set("User-Agent", userAgent)
	return h
}

// post is what one request sends, beside what all to its webhook have in common.
type post struct {
	id      string // of the event
	trace   string // the value of headerTrace, "" for none
	attempt int
	replay  bool
	alone   bool    // on a connection of its own, since it may end those of others
	signer  *signer // nil leaves the request unsigned
	body    []byte

	events []*queue.Delivery // of a batch, of which id is not that of an event; nil for one event
	cloud  *mapper.Event     // whose attributes are headers; nil for none
}

// header is the part of a request's header that is its own: lines with CR LF. Used again, it
// allocates nothing.
type header struct{ lines []byte }

// set renders the header of p, signed as of now.
func (h *header) set(p *post, now time.Time) {
	h.lines = h.lines[:0]
	h.begin(HeaderID)
	h.end(append(h.lines, p.id...))
	h.begin(headerAttempt)
	h.end(strconv.AppendInt(h.lines, int64(p.attempt), 10))
	if p.cloud != nil {
		h.setCloudEvent(p.cloud)
	}
	if p.events != nil {
		h.setBatch(p.events)
	}
	if p.replay {
		h.begin(headerReplay)
		h.end(append(h.lines, "true"...))
	}
	if p.trace != "" {
		h.begin(headerTrace)
		h.end(append(h.lines, p.trace...))
	}
	if p.signer == nil {
		return
	}
	ms, s := now.UnixMilli(), now.Unix()
	previous := p.signer.previous(now)
	lone := cmp.Or(previous, p.signer)
	if lone.twenty == nil { // a private key makes none of Twenty's
		lone = p.signer
	}
	if lone.twenty != nil {
		h.setTwenty(lone, ms, p.body)
	}
	h.begin(HeaderStandardTimestamp)
	h.end(strconv.AppendInt(h.lines, s, 10))
	h.begin(HeaderStandardSignature)
	signatures := p.signer.appendStandard(h.lines, p.id, s, p.body)
	if previous != nil {
		signatures = previous.appendStandard(append(signatures, ' '), p.id, s, p.body)
	}
	h.end(signatures)
}

// setTwenty renders the lines of Twenty's signature.
func (h *header) setTwenty(by *signer, ms int64, body []byte) {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails, as it says
	h.begin(HeaderTimestamp)
	h.end(strconv.AppendInt(h.lines, ms, 10))
	h.begin(HeaderSignature)
	h.end(by.appendTwenty(h.lines, ms, body))
	h.begin(headerNonce)
	h.end(hex.AppendEncode(h.lines, nonce[:]))
}

// begin begins a line.
func (h *header) begin(name string) {
	h.lines = append(append(h.lines, name...), ": "...)
}

// end ends the line whose value was appended to lines.
func (h *header) end(lines []byte) {
	h.lines = append(lines, "\r\n"...)
}
