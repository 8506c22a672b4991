package sender

import "sync/atomic"

// places bounds how many attempts are under way at once, over all routes, and shares them: a route may have as many as are free. So each of n
// routes that want all they can get has one n+1st of them, and as many are left for the next one to come. A route that has none gets one
// even when none is free: so there are never more under way than most and one for each route that has any.
//
// Nobody is told when a place becomes free, since whoever is refused has an attempt under way, and asks again when that is over.
//
// It is what Choudhury and Hahne call dynamic thresholds (IEEE/ACM Transactions on Networking 6, 1998), of memory shared by the ports of a
// switch. Safe for concurrent use.
type places struct {
	most  int64
	taken atomic.Int64
}

// take takes a place for a route that has own of them, and reports whether it could.
func (p *places) take(own int) bool {
	for {
		taken := p.taken.Load()
		if own > 0 && int64(own) >= p.most-taken {
			return false
		}
		if p.taken.CompareAndSwap(taken, taken+1) {
			return true
		}
	}
}

// release gives one back.
func (p *places) release() { p.taken.Add(-1) }
