package sender

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A spool that can be written but not read is told of, though writes succeed between the reads.
func TestSpoolUnreadableWhileWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spool := newUnreadable(t)
		s := bubbleOn(t, spool, Config{HoldMax: time.Second},
			statuses(t, func(content) int { return 500 }), subscription("a", "http://receiver.test"))
		other := subscription("b", "http://receiver.test")
		for i := range 60 {
			<-s.send(other, newEvent(i+2, i+2))
			time.Sleep(time.Second)
		}
		if n := strings.Count(s.log.String(), "the spool cannot be read"); n < 1 || n > 2 {
			t.Errorf("%d lines say that it cannot be read, want one a minute:\n%s", n, s.log.String())
		}
		if strings.Contains(s.log.String(), "the spool works again") {
			t.Errorf("it does not work yet:\n%s", s.log.String())
		}
		spool.fails.Store(false)
		time.Sleep(time.Minute)
		if n := strings.Count(s.log.String(), "the spool works again"); n != 1 {
			t.Errorf("%d lines say that it works again, want one", n)
		}
	})
}
