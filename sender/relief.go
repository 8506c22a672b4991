package sender

import "time"

const (
	slowAfter   = 2 * time.Second        // a receiver whose deliveries wait so long for their first attempt is slow
	behindAfter = 100 * time.Millisecond // and one where they wait so long is not quite as quick as they come
	activeFor   = time.Minute            // a webhook that something was sent to so lately may get more at any time
	reliefEvery = 100 * time.Millisecond // while the buffer is more than half full
	stuckAfter  = 500 * time.Millisecond // an attempt under way for so long makes way for what has waited for so long for room
)

// Relieve sends to the spool whatever waits its turn at receivers that are not quite as quick as deliveries come, as the stream must not be
// held back any longer.
func (s *Sender) Relieve() { s.relieve(true) }

// guardBuffer keeps slow receivers from filling the buffer while others would have to wait for it, until the work ends.
func (s *Sender) guardBuffer() {
	tick := time.NewTimer(reliefEvery)
	for {
		select {
		case <-s.buffer.pressed:
		case <-s.work.Done():
			return
		}
		for s.buffer.halfFull() {
			s.relieve(false)
			tick.Reset(reliefEvery)
			select {
			case <-tick.C:
			case <-s.work.Done():
				return
			}
		}
	}
}

// relieve spills the routes of slow receivers: all of them, or, if there are others that are not slow, those that take more than their
// share of the buffer.
func (s *Sender) relieve(all bool) {
	now := time.Now()
	var slow []*route
	active, quick, limit := int64(0), false, slowAfter
	if all {
		limit = behindAfter
	}
	for _, r := range s.routes.Range {
		r := r.(*route)
		waits, live := r.waits(now)
		switch {
		case !live:
		case waits > limit:
			slow = append(slow, r)
			active++
		default:
			quick = true
			active++
		}
	}
	for _, r := range slow {
		if all || quick && r.bytes.Load() > s.cfg.MaxBuffer/(4*active) {
			r.relieve()
		}
	}
	if s.buffer.waited(now) > stuckAfter {
		s.relieveOfLarge(now, s.cfg.MaxBuffer/(4*max(1, active)))
	}
}

// relieveOfLarge has receivers make way that keep others waiting with few and large deliveries, of
// which none waits in line: if there are others, those that take more than a share of the buffer.
func (s *Sender) relieveOfLarge(now time.Time, share int64) {
	var stuck []*route
	others := false
	for _, r := range s.routes.Range {
		r := r.(*route)
		if r.bytes.Load() > share && r.stuck(now) {
			stuck = append(stuck, r)
		} else if _, live := r.waits(now); live {
			others = true
		}
	}
	if others {
		for _, r := range stuck {
			r.makeWay(now)
		}
	}
}

// waits returns how long the first delivery in line has been waiting for its attempt, and whether the route is one to reckon with.
func (r *route) waits(now time.Time) (d time.Duration, live bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ready.first != nil {
		d = now.Sub(r.ready.first.jobs.first.taken)
	}
	return d, !r.spooling && (d > 0 || now.Sub(r.used) < activeFor)
}

// expect reckons with the route from now on, though its first delivery still waits for room: slow ones are to make way for it.
func (r *route) expect(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used = now
}

func (r *route) relieve() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spooling || r.refusing {
		return
	}
	r.sender.log.Info("receiver is slower than what comes for it: deliveries go through the spool until it has caught up",
		"webhook", r.key, "bytes", r.bytes.Load())
	r.spill()
	r.fill()
}
