package http2

import (
	"bytes"
	"testing"
	"testing/synctest"
)

// An idle connection keeps no buffer of its requests, whatever their size, nor the goroutine that
// wrote them, and goes on with new ones.
func TestIdleHasNoBuffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := piped(t, Config{})
		for _, size := range []int{1, poolSize, frame + 1} {
			body := bytes.Repeat([]byte("x"), size)
			done := c.post(t, patience, body)
			id := p.requests(1)
			if !bytes.Equal(p.bodies[id], body) {
				t.Errorf("%d bytes came of a body of %d", len(p.bodies[id]), size)
			}
			p.answer(id, "204")
			if o := <-done; o.status != 204 {
				t.Fatalf("%+v, want 204", o)
			}
			synctest.Wait()
			c.mu.Lock()
			if c.pending != nil || c.spare != nil {
				t.Errorf("after %d bytes: %d and %d bytes are kept", size, cap(c.pending), cap(c.spare))
			}
			if c.writer {
				t.Errorf("after %d bytes: somebody writes", size)
			}
			c.mu.Unlock()
		}
	})
}
