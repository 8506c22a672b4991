package http2

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	h2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"hookline/sender/http1"
)

// patience is far longer than anything here takes.
const patience = time.Minute

func await[T any](t testing.TB, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("waited in vain: %s", what)
	}
	return v
}

// peer is a receiver by hand, at the other end of a connection.
type peer struct {
	*h2.Framer
	t       testing.TB
	conn    net.Conn
	decoder *hpack.Decoder
	bodies  map[uint32][]byte // of the requests, by stream
	headers map[uint32]map[string]string
}

// connected returns a connection over nc, and the peer at there, which has read the preface.
func connected(t testing.TB, cfg Config, here, there net.Conn) (*Conn, *peer) {
	t.Helper()
	if cfg.Context == nil {
		cfg.Context = t.Context()
	}
	if cfg.MaxHeaderBytes == 0 {
		cfg.MaxHeaderBytes = 64 << 10
	}
	if cfg.Changed == nil {
		cfg.Changed = func() {}
	}
	if cfg.Release == nil {
		cfg.Release = func() {}
	}
	c := New(here, cfg)
	c.Start()
	p := newPeer(t, there)
	t.Cleanup(func() { c.Close(); there.Close() })
	preface := make([]byte, len(h2.ClientPreface))
	if _, err := io.ReadFull(there, preface); err != nil || string(preface) != h2.ClientPreface {
		t.Fatalf("preface %q, %v", preface, err)
	}
	return c, p
}

func newPeer(t testing.TB, conn net.Conn) *peer {
	return &peer{
		Framer: h2.NewFramer(conn, conn), t: t, conn: conn, decoder: hpack.NewDecoder(tableSize, nil),
		bodies: map[uint32][]byte{}, headers: map[uint32]map[string]string{},
	}
}

// piped is connected in memory, with the settings of the peer told.
func piped(t testing.TB, cfg Config, settings ...h2.Setting) (*Conn, *peer) {
	t.Helper()
	here, there := net.Pipe()
	c, p := connected(t, cfg, here, there)
	p.settle(settings...)
	return c, p
}

// settle tells settings, and reads until they are acknowledged.
func (p *peer) settle(settings ...h2.Setting) {
	p.t.Helper()
	var written sync.WaitGroup
	written.Go(func() { _ = p.WriteSettings(settings...) })
	defer written.Wait()
	p.until(func(f h2.Frame) bool {
		s, ok := f.(*h2.SettingsFrame)
		return ok && s.IsAck()
	})
}

// until reads frames until one is right, and keeps what they bring of requests.
func (p *peer) until(right func(h2.Frame) bool) h2.Frame {
	p.t.Helper()
	for {
		f, err := p.ReadFrame()
		if err != nil {
			p.t.Errorf("the peer reads: %v", err)
			return nil
		}
		p.keep(f)
		if right(f) {
			return f
		}
	}
}

func (p *peer) keep(f h2.Frame) {
	switch f := f.(type) {
	case *h2.HeadersFrame:
		p.fields(f.StreamID, f.HeaderBlockFragment())
	case *h2.ContinuationFrame:
		p.fields(f.StreamID, f.HeaderBlockFragment())
	case *h2.DataFrame:
		p.bodies[f.StreamID] = append(p.bodies[f.StreamID], f.Data()...)
	}
}

func (p *peer) fields(stream uint32, text []byte) {
	if p.headers[stream] == nil {
		p.headers[stream] = map[string]string{}
	}
	p.decoder.SetEmitFunc(func(f hpack.HeaderField) { p.headers[stream][f.Name] = f.Value })
	if _, err := p.decoder.Write(text); err != nil {
		p.t.Errorf("header of stream %d: %v", stream, err)
	}
}

// begin tells settings, and reads until they are acknowledged and the first request was read.
func (p *peer) begin() {
	var written sync.WaitGroup
	written.Go(func() { _ = p.WriteSettings() })
	defer written.Wait()
	acknowledged, ended := false, false
	p.until(func(f h2.Frame) bool {
		switch f := f.(type) {
		case *h2.SettingsFrame:
			acknowledged = acknowledged || f.IsAck()
		case *h2.DataFrame:
			ended = ended || f.StreamEnded()
		}
		return acknowledged && ended
	})
}

// requests reads until so many requests were read whole, the last of which is returned.
func (p *peer) requests(n int) (stream uint32) {
	p.t.Helper()
	for range n {
		f := p.until(func(f h2.Frame) bool {
			switch f := f.(type) {
			case *h2.HeadersFrame:
				return f.StreamEnded()
			case *h2.DataFrame:
				return f.StreamEnded()
			}
			return false
		})
		if f == nil {
			return stream
		}
		stream = f.Header().StreamID
	}
	return stream
}

// encoded returns a header as HPACK has it.
func encoded(fields ...string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	e.SetMaxDynamicTableSize(0)
	for i := 0; i < len(fields); i += 2 {
		_ = e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return b.Bytes()
}

// answer answers a stream with a status and nothing more.
func (p *peer) answer(stream uint32, status string) {
	_ = p.WriteHeaders(h2.HeadersFrameParam{
		StreamID: stream, BlockFragment: encoded(":status", status),
		EndHeaders: true, EndStream: true,
	})
}

func targetOf(t testing.TB, address string, header http.Header) *Target {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return NewTarget(u, header)
}

// outcome is what came of a request.
type outcome struct {
	status int
	body   string
	err    error
}

// post sends a request, and tells what came of it.
func (c *Conn) post(t testing.TB, within time.Duration, body []byte) <-chan outcome {
	t.Helper()
	to := targetOf(t, "https://h.test/hook", nil)
	done := make(chan outcome, 1)
	go func() {
		resp, err := c.Post(time.Now().Add(within), to, nil, body)
		if err != nil {
			done <- outcome{err: err}
			return
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		done <- outcome{resp.StatusCode, string(text), err}
	}()
	return done
}

// posts sends so many requests, one after the other, and has the peer read each before the next: so
// the first is stream 1.
func (c *Conn) posts(t testing.TB, p *peer, n int) (all []<-chan outcome) {
	t.Helper()
	for range n {
		all = append(all, c.post(t, time.Hour, []byte("{}")))
		p.requests(1)
	}
	return all
}

// lost is what a *http1.LostError says.
type lost struct{ again, sent, leaving, suspect bool }

func lostOf(err error) lost {
	if l, ok := errors.AsType[*http1.LostError](err); ok {
		return lost{true, l.Sent, l.Leaving, l.Suspect}
	}
	return lost{}
}
