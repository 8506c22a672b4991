package http2

import (
	"math"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	h2 "golang.org/x/net/http2"
)

// What has become of a request is told by what has passed over its connection.
func TestJudge(t *testing.T) {
	failed, notTaken, perhaps := lost{}, lost{again: true}, lost{again: true, sent: true}
	suspect := lost{true, true, false, true}
	leaving, lastOfAll := lost{true, true, true, false}, lost{true, true, true, true}
	for name, test := range map[string]struct {
		requests int
		then     func(*peer)
		ends     bool
		want     []lost // of those streams that are not answered
	}{
		"over":                          {3, nil, true, []lost{perhaps, perhaps, suspect}},
		"over, and it was the only one": {1, nil, true, []lost{failed}},
		"over after GOAWAY": {
			3, func(p *peer) { _ = p.WriteGoAway(3, 0, nil) }, true,
			[]lost{leaving, lastOfAll, notTaken},
		},
		"over after GOAWAY, the only one": {
			1, func(p *peer) { _ = p.WriteGoAway(1, 0, nil) }, true, []lost{lastOfAll},
		},
		"over after a GOAWAY that takes all": {
			2, func(p *peer) { _ = p.WriteGoAway(math.MaxInt32, 0, nil) }, true,
			[]lost{leaving, lastOfAll},
		},
		"GOAWAY that counts less, later": {
			2, func(p *peer) {
				_ = p.WriteGoAway(math.MaxInt32, 0, nil)
				_ = p.WriteGoAway(1, h2.ErrCodeProtocol, []byte("debug"))
				_ = p.WriteGoAway(3, 0, nil)
			}, true, []lost{lastOfAll, notTaken},
		},
		"refused": {
			2, func(p *peer) {
				_ = p.WriteRSTStream(1, h2.ErrCodeRefusedStream)
				_ = p.WriteRSTStream(1, h2.ErrCodeStreamClosed)
				_ = p.WriteRSTStream(3, h2.ErrCodeRefusedStream)
			}, false, []lost{notTaken, notTaken},
		},
		"reset": {
			1, func(p *peer) { _ = p.WriteRSTStream(1, h2.ErrCodeInternal) }, false, []lost{failed},
		},
		"reset with NO_ERROR": {
			1, func(p *peer) { _ = p.WriteRSTStream(1, h2.ErrCodeNo) }, false, []lost{failed},
		},
		"reset after GOAWAY": {
			2, func(p *peer) {
				_ = p.WriteGoAway(3, 0, nil)
				_ = p.WriteRSTStream(1, h2.ErrCodeProtocol)
			}, true, []lost{leaving, lastOfAll},
		},
		"what is no HTTP/2": {
			2, func(p *peer) { _ = p.WriteWindowUpdate(99, 1) }, true, []lost{perhaps, suspect},
		},
		"a promise that nobody wants": {
			2, func(p *peer) {
				_ = p.WritePushPromise(h2.PushPromiseParam{
					StreamID: 1, PromiseID: 2, BlockFragment: encoded(":method", "GET"), EndHeaders: true,
				})
			}, true, []lost{perhaps, suspect},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, p := piped(t, Config{})
			all := c.posts(t, p, test.requests)
			go drain(p)
			if test.then != nil {
				test.then(p)
			}
			if test.ends {
				p.conn.Close()
			}
			for i, done := range all {
				if o := await(t, done, "end of a request"); lostOf(o.err) != test.want[i] || o.err == nil {
					t.Errorf("stream %d: %v, %+v, want %+v", 2*i+1, o.err, lostOf(o.err), test.want[i])
				}
			}
		})
	}
}

// drain reads what a peer gets.
func drain(p *peer) {
	for {
		if _, err := p.ReadFrame(); err != nil {
			return
		}
	}
}

// What was taken before a GOAWAY is still answered, and nothing is sent after it. When all is
// answered, the connection is closed.
func TestGoAwayLeavesOthers(t *testing.T) {
	changed := make(chan struct{}, 9)
	c, p := piped(t, Config{Changed: func() { changed <- struct{}{} }})
	all := c.posts(t, p, 2)
	for len(changed) > 0 {
		<-changed
	}
	_ = p.WriteGoAway(1, 0, nil)
	await(t, changed, "news of the GOAWAY")
	if o := await(t, all[1], "end of the request above it"); lostOf(o.err) != (lost{again: true}) {
		t.Errorf("above the last stream: %v", o.err)
	}
	if n, _ := c.Places(); n != 0 {
		t.Errorf("%d requests may come, want 0", n)
	}
	o := await(t, c.post(t, time.Hour, nil), "end of a request after it")
	if lostOf(o.err) != (lost{again: true}) {
		t.Errorf("after GOAWAY: %v", o.err)
	}
	p.answer(1, "200")
	if o := await(t, all[0], "answer"); o.status != 200 {
		t.Errorf("below the last stream: %+v", o)
	}
	p.until(func(f h2.Frame) bool { _, ok := f.(*h2.GoAwayFrame); return ok })
	if _, err := p.ReadFrame(); err == nil {
		t.Error("the connection is still open")
	}
}

// deaf is a connection that the other end takes nothing from, once told.
type deaf struct {
	net.Conn
	told atomic.Bool
}

func (d *deaf) Write(p []byte) (int, error) {
	if d.told.Load() {
		return 0, &net.OpError{Op: "write", Err: syscall.EPIPE}
	}
	return d.Conn.Write(p)
}

// After a write has failed, what the receiver had said before is read: answers, and the GOAWAY.
// What was not written was not taken.
func TestLastWordsAreRead(t *testing.T) {
	here, there := net.Pipe()
	under := &deaf{Conn: here}
	changed := make(chan struct{}, 9)
	c, p := connected(t, Config{Changed: func() { changed <- struct{}{} }}, under, there)
	p.settle()
	before := c.posts(t, p, 2)
	for len(changed) > 0 {
		<-changed
	}
	under.told.Store(true)
	after := c.post(t, time.Hour, []byte("{}"))
	if o := await(t, after, "end of what was not written"); lostOf(o.err) != (lost{again: true}) {
		t.Errorf("not written: %v, %+v", o.err, lostOf(o.err))
	}
	await(t, changed, "news of the failed write")
	if n, _ := c.Places(); n != 0 {
		t.Errorf("%d requests may come, want 0", n)
	}
	p.answer(1, "202")
	_ = p.WriteGoAway(3, 0, nil)
	if o := await(t, before[0], "answer"); o.status != 202 {
		t.Errorf("the last words were not read: %+v", o)
	}
	want := lost{true, true, true, false} // the last stream is the one that was not written
	if o := await(t, before[1], "end"); lostOf(o.err).sent != want.sent ||
		!lostOf(o.err).leaving {
		t.Errorf("without an answer: %v, %+v; want %+v", o.err, lostOf(o.err), want)
	}
}
