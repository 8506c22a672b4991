package http2

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	h2 "golang.org/x/net/http2"
)

// Each request ends at its own deadline, and leaves the connection to the others.
func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := piped(t, Config{})
		start := time.Now()
		long := c.post(t, 10*time.Second, []byte("{}"))
		p.requests(1)
		short := c.post(t, 3*time.Second, []byte("{}"))
		p.requests(1)
		f := p.until(func(f h2.Frame) bool { _, ok := f.(*h2.RSTStreamFrame); return ok })
		if id := f.Header().StreamID; id != 3 {
			t.Errorf("stream %d was reset, want 3", id)
		}
		if o := <-short; !errors.Is(o.err, context.DeadlineExceeded) ||
			time.Since(start) != 3*time.Second {
			t.Errorf("%+v after %s, want the end of its time after 3 s", o, time.Since(start))
		}
		go drain(p)
		if o := <-long; !errors.Is(o.err, context.DeadlineExceeded) ||
			time.Since(start) != 10*time.Second {
			t.Errorf("%+v after %s, want the end of its time after 10 s", o, time.Since(start))
		}
		if n, _ := c.Places(); n == 0 {
			t.Error("the connection is gone")
		}
	})
}

// The body of an answer has a time of its own.
func TestBodyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{}
		cfg.BodyTimeout = time.Second
		c, p := piped(t, cfg)
		start := time.Now()
		done := c.post(t, time.Minute, []byte("{}"))
		p.requests(1)
		go drain(p)
		p.header(false, ":status", "200")
		p.data(false, "abc")
		o := <-done
		if o.status != 200 || o.body != "abc" || !errors.Is(o.err, context.DeadlineExceeded) ||
			time.Since(start) != time.Second {
			t.Errorf("%+v after %s, want what came of the body, after 1 s", o, time.Since(start))
		}
	})
}

// Whoever reads a body may give it another time.
func TestBodyUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{}
		cfg.BodyTimeout = time.Second
		c, p := piped(t, cfg)
		start := time.Now()
		to := targetOf(t, "https://h.test/hook", nil)
		done := make(chan outcome)
		go func() {
			resp, err := c.Post(start.Add(time.Minute), to, nil, []byte("{}"))
			if err != nil {
				done <- outcome{err: err}
				return
			}
			resp.Body.(*body).Until(start.Add(5 * time.Second))
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			done <- outcome{resp.StatusCode, string(text), err}
		}()
		p.requests(1)
		go drain(p)
		p.header(false, ":status", "200")
		time.Sleep(3 * time.Second)
		p.data(false, "late")
		if o := <-done; o.body != "late" || !errors.Is(o.err, context.DeadlineExceeded) ||
			time.Since(start) != 5*time.Second {
			t.Errorf("%+v after %s, want what came of the body, after 5 s", o, time.Since(start))
		}
	})
}

// A receiver that is silent is asked for a sign of life, and left if it gives none.
func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := piped(t, Config{})
		all := c.posts(t, p, 2)
		one, other := all[0], all[1]
		start := time.Now()
		isPing := func(f h2.Frame) bool { _, ok := f.(*h2.PingFrame); return ok }
		f := p.until(isPing)
		if took := time.Since(start); took != pingAfter {
			t.Errorf("a PING after %s, want %s", took, pingAfter)
		}
		_ = p.WritePing(true, f.(*h2.PingFrame).Data)
		time.Sleep(time.Second)
		p.answer(1, "200")
		if o := <-one; o.status != 200 {
			t.Errorf("%+v", o)
		}
		heard := time.Now()
		p.until(isPing)
		if took := time.Since(heard); took < pingAfter-2*time.Second || took > 2*pingAfter {
			t.Errorf("the next PING after %s, want about %s", took, pingAfter)
		}
		asked := time.Now()
		if o := <-other; lostOf(o.err) != (lost{true, true, false, true}) ||
			time.Since(asked) != pingWithin {
			t.Errorf("%+v after %s, want it lost after %s", o, time.Since(asked), pingWithin)
		}
	})
}

// The end of all requests ends what is under way.
func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		cfg := Config{}
		cfg.Context = ctx
		c, p := piped(t, cfg)
		done := c.posts(t, p, 1)[0]
		cancel(why)
		go drain(p)
		c.Close()
		if o := <-done; !errors.Is(o.err, why) {
			t.Errorf("%v, want %v", o.err, why)
		}
	})
}
