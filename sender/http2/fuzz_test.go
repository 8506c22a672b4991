package http2

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"time"

	h2 "golang.org/x/net/http2"
)

// script is a connection on which comes what is in it, once a request was written, and then the
// end.
type script struct {
	net.Conn
	text    *bytes.Reader
	once    sync.Once
	written chan struct{}
}

func newScript(text []byte) *script {
	return &script{text: bytes.NewReader(text), written: make(chan struct{})}
}

func (s *script) Read(p []byte) (int, error) {
	<-s.written
	return s.text.Read(p)
}

func (s *script) Write(p []byte) (int, error) {
	if bytes.HasSuffix(p, []byte("{}")) {
		s.once.Do(func() { close(s.written) })
	}
	return len(p), nil
}

func (s *script) Close() error {
	s.once.Do(func() { close(s.written) })
	return nil
}

func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }

// written returns the frames that a function writes, behind the settings that come first.
func written(write func(*peer)) []byte {
	var b bytes.Buffer
	write(&peer{Framer: h2.NewFramer(&b, nil)})
	return b.Bytes()
}

// FuzzAnswer: whatever comes, it ends, and where it is an answer to net/http, too, it is the same.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []func(*peer){
		func(p *peer) { p.header(true, ":status", "200", "x-a", "a") },
		func(p *peer) { p.header(false, ":status", "404", "content-length", "3"); p.data(true, "abc") },
		func(p *peer) { p.header(false, ":status", "103"); p.header(true, ":status", "204") },
		func(p *peer) {
			p.header(false, ":status", "200")
			_ = p.WriteDataPadded(1, false, []byte("abc"), make([]byte, 9))
			p.header(true, "x-t", "t")
		},
		func(p *peer) { _ = p.WriteGoAway(1, 0, nil); p.header(true, ":status", "200") },
		func(p *peer) {
			_ = p.WriteHeaders(h2.HeadersFrameParam{StreamID: 1, BlockFragment: encoded(":status", "500")})
			_ = p.WriteContinuation(1, true, encoded("x-a", "b"))
			_ = p.WriteRSTStream(1, 0)
		},
		func(p *peer) {
			_ = p.WriteSettings(h2.Setting{ID: h2.SettingInitialWindowSize, Val: 1},
				h2.Setting{ID: h2.SettingHeaderTableSize}, h2.Setting{ID: h2.SettingMaxConcurrentStreams})
			_ = p.WriteWindowUpdate(1, 9)
			_ = p.WritePing(false, [8]byte{})
			_ = p.WritePushPromise(h2.PushPromiseParam{StreamID: 1, PromiseID: 2, EndHeaders: true})
		},
	} {
		f.Add(written(seed))
	}
	first := written(func(p *peer) { _ = p.WriteSettings() })
	f.Fuzz(func(t *testing.T, text []byte) {
		got := map[string]result{}
		for kind, client := range clients {
			done := make(chan result, 1)
			go func() { done <- client(t, newScript(append(bytes.Clone(first), text...))) }()
			got[kind] = await(t, done, "end of a request by "+kind)
		}
		ours, theirs := got["http2"], got["net/http"]
		if ours.failed == "" && theirs.failed == "" && ours != theirs {
			t.Errorf("%s, net/http: %s", brief(ours), brief(theirs))
		}
	})
}
