package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"hookline/sender"
)

// receiver is a webhook's other end: it reads each request whole, answers 200, and keeps the tally.
// It does little else, since it takes its time from the same cores.
type receiver struct {
	*host
	delay *delay // of each answer; nil: none
	tally atomic.Pointer[tally]
}

const secret = "a secret of the benchmarks"

// signatureStride is the distance of the records whose signatures are checked.
const signatureStride = 100

// listen returns a receiver that is alone on its host, which is up.
func listen(latency time.Duration) (*receiver, error) { return listenBy(plainHTTP, latency) }

// listenBy is listen by a protocol.
func listenBy(protocol string, latency time.Duration) (*receiver, error) {
	r := &receiver{delay: newDelay(latency)}
	var err error
	if r.host, err = newHost(r, 1); err != nil {
		return nil, err
	}
	r.protocol = protocol
	if protocol != plainHTTP {
		ip, _, _ := net.SplitHostPort(r.address(0))
		if r.shows, err = newCertificate(net.ParseIP(ip)); err != nil {
			return nil, err
		}
	}
	return r, r.up()
}

func (r *receiver) close() {
	r.host.close()
	r.delay.close()
}

// expect starts a new tally, of requests signed or plain: see tally.signed.
func (r *receiver) expect(records, versions, signed int) *tally {
	t := newTally(records, versions)
	t.signed = signed
	r.tally.Store(t)
	return t
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(body)
	body.Reset()
	if _, err := body.ReadFrom(req.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	now := time.Now()
	t := r.tally.Load()
	checks := false
	for _, event := range eventsOf(body.Bytes()) {
		record, version := identify(event)
		t.observe(record, version, len(event), now)
		checks = checks || t.signed > 0 && record%t.signed == 0
	}
	if checks && verify(req.Header, body.Bytes(), now) != nil {
		t.wronglySigned()
	}
	if r.delay != nil {
		r.delay.wait(now)
		t.answered(time.Since(now))
	}
	w.WriteHeader(http.StatusOK)
}

// eventsOf returns the events of a body: those of a batch, or the one that it is.
func eventsOf(body []byte) (events []json.RawMessage) {
	if len(body) == 0 || body[0] != '[' {
		return []json.RawMessage{body}
	}
	_ = json.Unmarshal(body, &events) // none of what is no JSON, which is missing then
	return events
}

func verify(header http.Header, body []byte, now time.Time) error {
	return errors.Join(sender.Verify(secret, header, body, now, time.Minute),
		sender.VerifyStandard(secret, header, body, now, time.Minute))
}

// identify returns which version of which record a body tells of, 0 for what it does not tell. A
// deleted record is told of as it was last: its deletion counts as the version after that. A note
// of Twenty, whose id is a UUID, has its number in a field of its own.
func identify(body []byte) (record, version int) {
	record, version = number(body, `"id":`), number(body, `"version":`)
	if record == 0 {
		record = number(body, `"record":`)
	}
	if name, _, _ := bytes.Cut(body, []byte(`,`)); bytes.HasSuffix(name, []byte(`.deleted"`)) {
		version++
	}
	return record, version
}

// number returns the whole number that follows the first place where name stands, 0 when there is
// none.
func number(body []byte, name string) int {
	_, rest, _ := bytes.Cut(body, []byte(name))
	return leadingNumber(rest)
}

func leadingNumber(text []byte) (n int) {
	for _, c := range text {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	return n
}
