package sender

import "sync/atomic"

// Limit bounds how many attempts are under way at once, over all webhooks of the Senders that have
// it, and shares them: a webhook may have as many as are free. So n webhooks that want all they can
// get have one n+1st each. As many are left for the next one to come. A webhook that has none gets
// one even when none is free: there are never more under way than most, and one for each webhook
// that has any.
//
// Nobody is told when an attempt ends, since whoever is refused has one under way, and asks again
// when that is over.
//
// It is what Choudhury and Hahne call dynamic thresholds (IEEE/ACM Transactions on Networking 6,
// 1998), of memory shared by the ports of a switch. Safe for concurrent use.
type Limit struct {
	most  int64
	taken atomic.Int64
}

// NewLimit returns a Limit of so many attempts, at least 1.
func NewLimit(most int) *Limit { return &Limit{most: int64(most)} }

// acquire asks for one more attempt for a webhook that has own under way, and reports whether it
// may be made. Then release must be called when it is over.
func (l *Limit) acquire(own int) bool {
	for {
		taken := l.taken.Load()
		if own > 0 && int64(own) >= l.most-taken {
			return false
		}
		if l.taken.CompareAndSwap(taken, taken+1) {
			return true
		}
	}
}

// release tells that an attempt is over.
func (l *Limit) release() { l.taken.Add(-1) }

// acquire is that of the Limit. It counts what is under way of this Sender, too.
func (s *Sender) acquire(own int) bool {
	if !s.cfg.Limit.acquire(own) {
		return false
	}
	s.underWay.Add(1)
	return true
}

func (s *Sender) release() {
	s.cfg.Limit.release()
	s.underWay.Add(-1)
}
