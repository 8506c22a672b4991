package main

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"hookline/sender"
)

// receiver is the webhooks' other end: it reads each request whole, answers 200, and keeps the tally. It does little else, since it takes
// its time from the same cores.
type receiver struct {
	latency time.Duration // of each answer
	url     string

	server  http.Server
	tally   atomic.Pointer[tally]
	buffers sync.Pool // *bytes.Buffer
}

const secret = "a secret of the benchmarks"

// signatureStride is the distance of the records whose signatures are checked.
const signatureStride = 100

func listen(latency time.Duration) (*receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{latency: latency, url: "http://" + listener.Addr().String() + "/"}
	r.buffers.New = func() any { return new(bytes.Buffer) }
	r.server.Handler = r
	r.server.ReadHeaderTimeout = time.Minute
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

func (r *receiver) close() { _ = r.server.Close() }

// expect starts a new tally, of signed requests or of plain ones.
func (r *receiver) expect(records, versions int, signed bool) *tally {
	t := newTally(records, versions)
	t.signed = signed
	r.tally.Store(t)
	return t
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body := r.buffers.Get().(*bytes.Buffer)
	defer r.buffers.Put(body)
	body.Reset()
	if _, err := body.ReadFrom(req.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	now := time.Now()
	t := r.tally.Load()
	record, version := identify(body.Bytes())
	t.observe(record, version, body.Len(), now)
	if t.signed && record%signatureStride == 0 && verify(req.Header, body.Bytes(), now) != nil {
		t.wronglySigned()
	}
	if r.latency > 0 {
		time.Sleep(r.latency)
	}
	w.WriteHeader(http.StatusOK)
}

func verify(header http.Header, body []byte, now time.Time) error {
	return errors.Join(
		sender.Verify(secret, header, body, now, time.Minute),
		sender.VerifyStandard(secret, header, body, now, time.Minute),
	)
}

// identify returns which version of which contact a body tells of, 0 for what it does not tell.
func identify(body []byte) (record, version int) {
	return number(body, `"id":`), number(body, `"version":`)
}

// number returns the whole number that follows the first place where name stands, 0 when there is none.
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
