package sender

import "time"

// spoolCalls are calls of the spool that one goroutine makes, one after the other. It tells how
// they end. One that fails alone is not worth it: a connection that has vanished without a word
// fails a statement, and the next one has another.
type spoolCalls struct {
	sender *Sender
	lost   int // that have failed since the last one that did not
}

// failed tells of a call that failed, once in a while.
func (c *spoolCalls) failed(what string, err error) {
	s := c.sender
	s.metrics.spoolFailures.Inc()
	if c.lost++; c.lost == 1 {
		s.spoolFailing.Add(1)
		s.log.Debug("the spool could not be "+what+", trying again", "error", err)
		return
	}
	now := int64(tellEvery + time.Since(s.began)) // 0 while it works
	if last := s.spoolFailedAt.Load(); now-last >= int64(tellEvery) &&
		s.spoolFailedAt.CompareAndSwap(last, now) {
		s.log.Warn("the spool cannot be "+what+"; what has to go there holds the stream", "error", err)
	}
}

// succeeded tells that the spool works again, when it was told that it does not, and no other calls
// fail.
func (c *spoolCalls) succeeded() {
	c.end()
	if s := c.sender; s.spoolFailedAt.Load() != 0 && s.spoolFailing.Load() == 0 &&
		s.spoolFailedAt.Swap(0) != 0 {
		s.log.Info("the spool works again")
	}
}

// end says that no more calls are made, or that they do not fail any longer.
func (c *spoolCalls) end() {
	if c.lost > 0 {
		c.lost = 0
		c.sender.spoolFailing.Add(-1)
	}
}
