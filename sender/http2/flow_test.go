package http2

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	h2 "golang.org/x/net/http2"
)

// A body goes as far as the receiver has room, by the stream and by the connection, also when the
// receiver changes its mind.
func TestSendsWhatThereIsRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := piped(t, Config{}, h2.Setting{ID: h2.SettingInitialWindowSize, Val: 1000})
		body := bytes.Repeat([]byte("0123456789"), 10_000) // more than the connection's window
		done := c.post(t, time.Hour, body)
		got := make(chan h2.Frame)
		go func() {
			defer close(got)
			for {
				f, err := p.ReadFrame()
				if err != nil {
					return
				}
				p.keep(f)
			}
		}()
		room := func(want int, when string) {
			t.Helper()
			synctest.Wait()
			if n := len(p.bodies[1]); n != want {
				t.Errorf("%s: %d bytes of the body came, want %d", when, n, want)
			}
		}
		room(1000, "the window of a stream")
		_ = p.WriteWindowUpdate(1, 500)
		room(1500, "500 more")
		_ = p.WriteSettings(h2.Setting{ID: h2.SettingInitialWindowSize, Val: 700})
		room(1500, "300 less: the window is below nothing")
		_ = p.WriteWindowUpdate(1, 301)
		room(1501, "301 more")
		_ = p.WriteSettings(h2.Setting{ID: h2.SettingInitialWindowSize, Val: 1 << 20})
		room(firstWindow, "plenty: now the window of the connection counts")
		_ = p.WriteWindowUpdate(0, 1)
		room(firstWindow+1, "a byte more")
		_ = p.WriteWindowUpdate(0, 1<<20)
		room(len(body), "plenty")
		if !bytes.Equal(p.bodies[1], body) {
			t.Error("the body is another one")
		}
		p.answer(1, "200")
		if o := <-done; o.status != 200 {
			t.Errorf("%+v", o)
		}
		p.conn.Close()
		<-got
	})
}

// One stream without room does not hold up the others.
func TestRoomIsAStreams(t *testing.T) {
	c, p := piped(t, Config{}, h2.Setting{ID: h2.SettingInitialWindowSize, Val: 10})
	large := c.post(t, time.Hour, make([]byte, 100))
	p.until(func(f h2.Frame) bool { _, ok := f.(*h2.DataFrame); return ok })
	small := c.post(t, time.Hour, []byte("{}"))
	stream := p.requests(1)
	if stream != 3 {
		t.Fatalf("stream %d is whole, want 3", stream)
	}
	p.answer(3, "200")
	if o := await(t, small, "answer"); o.status != 200 {
		t.Errorf("%+v", o)
	}
	_ = p.WriteWindowUpdate(1, 90)
	p.requests(1)
	p.answer(1, "200")
	if o := await(t, large, "answer"); o.status != 200 {
		t.Errorf("%+v", o)
	}
}

// The answer may come before all of the request is sent: then the rest is kept back.
func TestEarlyAnswer(t *testing.T) {
	c, p := piped(t, Config{}, h2.Setting{ID: h2.SettingInitialWindowSize, Val: 10})
	done := c.post(t, time.Hour, make([]byte, 100))
	p.until(func(f h2.Frame) bool { _, ok := f.(*h2.DataFrame); return ok })
	p.answer(1, "413")
	if o := await(t, done, "answer"); o.status != 413 {
		t.Errorf("%+v", o)
	}
	f := p.until(func(f h2.Frame) bool { _, ok := f.(*h2.RSTStreamFrame); return ok })
	if code := f.(*h2.RSTStreamFrame).ErrCode; code != h2.ErrCodeNo {
		t.Errorf("the stream was reset with %s", code)
	}
	c.posts(t, p, 1)
}

// No more requests are under way than the receiver takes, also when it takes fewer all of a sudden.
func TestFewerStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := piped(t, Config{}, h2.Setting{ID: h2.SettingMaxConcurrentStreams, Val: 3})
		all := c.posts(t, p, 2)
		p.settle(h2.Setting{ID: h2.SettingMaxConcurrentStreams, Val: 1})
		if n, told := c.Places(); n != 1 || !told {
			t.Errorf("%d requests at once, told %t; want 1", n, told)
		}
		third := c.post(t, time.Hour, []byte("{}"))
		go drain(p)
		synctest.Wait()
		begun := func() uint32 { c.mu.Lock(); defer c.mu.Unlock(); return (c.next - 1) / 2 }
		if n := begun(); n != 2 {
			t.Errorf("%d streams were begun, want 2", n)
		}
		p.answer(1, "200")
		<-all[0]
		synctest.Wait()
		if n := begun(); n != 2 {
			t.Errorf("%d streams were begun while one is open, want 2", n)
		}
		p.answer(3, "200")
		<-all[1]
		synctest.Wait()
		p.answer(5, "200")
		if o := <-third; o.status != 200 {
			t.Errorf("%+v", o)
		}
	})
}

// While the receiver takes no stream at all, none is begun. What waits has its time, and goes on
// when the receiver takes some again.
func TestNoStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := piped(t, Config{})
		first := c.posts(t, p, 1)[0]
		p.settle(h2.Setting{ID: h2.SettingMaxConcurrentStreams, Val: 0})
		p.answer(1, "200")
		if o := <-first; o.status != 200 {
			t.Errorf("begun before: %+v", o)
		}
		frames := make(chan h2.FrameHeader, 9)
		go func() {
			defer close(frames)
			for {
				f, err := p.ReadFrame()
				if err != nil {
					return
				}
				frames <- f.Header()
			}
		}()
		late, patient := c.post(t, time.Second, nil), c.post(t, time.Hour, nil)
		if o := <-late; !errors.Is(o.err, context.DeadlineExceeded) {
			t.Errorf("out of time: %+v", o)
		}
		synctest.Wait()
		if n := len(frames); n != 0 {
			t.Errorf("%d frames came, %+v; want none", n, <-frames)
		}
		_ = p.WriteSettings(h2.Setting{ID: h2.SettingMaxConcurrentStreams, Val: 1})
		synctest.Wait()
		p.answer(3, "202")
		if o := <-patient; o.status != 202 {
			t.Errorf("after it: %+v", o)
		}
		c.Close()
		for range frames { // until its end
			continue
		}
	})
}

// What waits for a place is not begun on a connection of which an answer says that it is the wrong
// one, or that the two sides may differ on headers.
func TestNothingIsBegunOnASpentConnection(t *testing.T) {
	for _, status := range []string{"421", "431"} {
		synctest.Test(t, func(t *testing.T) {
			c, p := piped(t, Config{}, h2.Setting{ID: h2.SettingMaxConcurrentStreams, Val: 1})
			first := c.posts(t, p, 1)[0]
			second := c.post(t, time.Hour, nil)
			synctest.Wait()
			p.answer(1, status)
			<-first
			go drain(p)
			synctest.Wait()
			select {
			case o := <-second:
				if !errors.Is(o.err, ErrNotBegun) {
					t.Errorf("after %s: %+v, want what is not begun", status, o)
				}
			default:
				t.Errorf("after %s the next one was begun", status)
				c.Close()
			}
		})
	}
}

// An answer that is longer than there is room for is given up.
func TestAnswersHaveRoom(t *testing.T) {
	c, p := piped(t, Config{})
	to := targetOf(t, "https://h.test/hook", nil)
	done := make(chan error, 1)
	closing := make(chan struct{})
	go func() {
		resp, err := c.Post(time.Now().Add(time.Hour), to, nil, []byte("{}"))
		if err == nil {
			<-closing // it is not read
			err = resp.Body.Close()
		}
		done <- err
	}()
	p.requests(1)
	go func() {
		p.header(false, ":status", "200")
		for range streamRoom/frame + 1 {
			p.data(false, strings.Repeat("x", frame))
		}
	}()
	f := p.until(func(f h2.Frame) bool { _, ok := f.(*h2.RSTStreamFrame); return ok })
	if code := f.(*h2.RSTStreamFrame).ErrCode; code != h2.ErrCodeFlowControl {
		t.Errorf("the stream was reset with %s", code)
	}
	close(closing)
	if err := await(t, done, "end"); err != nil {
		t.Error(err)
	}
	c.posts(t, p, 1)
}

// However long an answer is, it is read as long as it keeps to the room that it is told of; of the
// connection's room, too, nothing is lost on answers that nobody reads.
func TestLongAnswers(t *testing.T) {
	const long, answers = 300_000, 6 // more than the room of a connection, together
	c, p := piped(t, Config{})
	for i := range uint32(answers) {
		done := c.post(t, time.Hour, []byte("{}"))
		stream := p.requests(1)
		_ = p.WriteHeaders(h2.HeadersFrameParam{
			StreamID: stream, BlockFragment: encoded(":status", "200"), EndHeaders: true,
		})
		for left, room := long, streamRoom; left > 0; {
			n := min(left, room, frame)
			for n == 0 {
				f := p.until(func(f h2.Frame) bool {
					return f.Header().Type == h2.FrameWindowUpdate && f.Header().StreamID == stream
				})
				room += int(f.(*h2.WindowUpdateFrame).Increment)
				n = min(left, room, frame)
			}
			left, room = left-n, room-n
			_ = p.WriteData(stream, left == 0, make([]byte, n))
		}
		if o := await(t, done, "answer"); o.err != nil || len(o.body) != long {
			t.Fatalf("answer %d: %d bytes, %v", i, len(o.body), o.err)
		}
	}
}

// A receiver that wants answers and reads none is left.
func TestFloods(t *testing.T) {
	for name, flood := range map[string]func(*peer) error{
		"of PINGs":    func(p *peer) error { return p.WritePing(false, [8]byte{}) },
		"of SETTINGS": func(p *peer) error { return p.WriteSettings() },
		"of CONTINUATIONs": func(p *peer) error {
			err := p.WriteHeaders(h2.HeadersFrameParam{
				StreamID: 1, BlockFragment: encoded(":status", "200"),
			})
			for err == nil {
				err = p.WriteContinuation(1, false, nil)
			}
			return err
		},
		"of header": func(p *peer) error {
			err := p.WriteHeaders(h2.HeadersFrameParam{
				StreamID: 1, BlockFragment: encoded(":status", "200"),
			})
			for err == nil {
				err = p.WriteContinuation(1, false, encoded("x-a", strings.Repeat("a", 1000)))
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, p := piped(t, Config{})
			done := c.posts(t, p, 1)[0]
			var err error
			for err == nil {
				err = flood(p)
			}
			if o := await(t, done, "end"); o.err == nil {
				t.Errorf("%+v, want an error", o)
			}
		})
	}
}
