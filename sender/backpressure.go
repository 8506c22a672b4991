package sender

import "time"

const (
	// a receiver whose deliveries wait so long for their first attempt is slow
	slowAfter = 2 * time.Second
	// and one where they wait so long is not quite as quick as they come
	behindAfter = 100 * time.Millisecond
	// a webhook that something was sent to so lately may get more at any time
	activeFor         = time.Minute
	backpressureEvery = 100 * time.Millisecond // while the buffer is more than half full
	// an attempt under way for so long makes way for what has waited for so long for room
	blocksAfter = 500 * time.Millisecond
)

// SpoolBacklog sends to the spool whatever waits its turn at receivers that are slower than
// deliveries come. The stream must not be held back any longer.
func (s *Sender) SpoolBacklog() { s.spoolSlow(true) }

// guardBuffer keeps slow receivers from filling the buffer while others would have to wait for it,
// until the work ends.
func (s *Sender) guardBuffer() {
	tick := time.NewTimer(backpressureEvery)
	for {
		select {
		case <-s.buffer.pressed:
		case <-s.work.Done():
			return
		}
		for s.buffer.halfFull() {
			s.spoolSlow(false)
			tick.Reset(backpressureEvery)
			select {
			case <-tick.C:
			case <-s.work.Done():
				return
			}
		}
	}
}

// spoolSlow has the deliveries of slow receivers go through the spool: of all, or, if there are
// others that are not slow, of those that take more than their share of the buffer.
func (s *Sender) spoolSlow(all bool) {
	now := time.Now()
	s.releaseSettling(now)
	var slow []*webhookQueue
	active, quick, limit := int64(0), false, slowAfter
	if all {
		limit = behindAfter
	}
	for _, w := range s.queues.Range {
		w := w.(*webhookQueue)
		waits, live := w.waits(now)
		switch {
		case !live:
		case waits > limit:
			slow = append(slow, w)
			active++
		default:
			quick = true
			active++
		}
	}
	for _, w := range slow {
		if all || quick && w.bytes.Load() > s.cfg.MaxBuffer/(4*active) {
			w.moveToSpool()
		}
	}
	if s.buffer.waited(now) > blocksAfter {
		s.spoolLarge(now, s.cfg.MaxBuffer/(4*max(1, active)))
	}
}

// releaseSettling has everything told at once that settles in memory, as that is needed.
func (s *Sender) releaseSettling(now time.Time) {
	for _, w := range s.queues.Range {
		w := w.(*webhookQueue)
		w.mu.Lock()
		if w.queue.ReleaseSettling() {
			w.proceed(now)
		}
		w.mu.Unlock()
	}
}

// spoolLarge has receivers make way that keep others waiting with few and large deliveries, of
// which none waits in line: if there are others, those that take more than a share of the buffer.
func (s *Sender) spoolLarge(now time.Time, share int64) {
	var blocking []*webhookQueue
	others := false
	for _, w := range s.queues.Range {
		w := w.(*webhookQueue)
		if w.bytes.Load() > share && w.blocks(now) {
			blocking = append(blocking, w)
		} else if _, live := w.waits(now); live {
			others = true
		}
	}
	if others {
		for _, w := range blocking {
			w.makeRoom(now)
		}
	}
}

// waits returns how long the first delivery in line has been waiting for its attempt, and whether
// the queue is one to reckon with.
func (w *webhookQueue) waits(now time.Time) (d time.Duration, live bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d = w.queue.Waits(now)
	return d, !w.queue.ThroughSpool() && (d > 0 || now.Sub(w.used) < activeFor)
}

// expect reckons with the queue from now on, though its first delivery still waits for room: slow
// ones are to make way for it.
func (w *webhookQueue) expect(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used = now
}

// moveToSpool has all deliveries of a slow receiver go through the spool.
func (w *webhookQueue) moveToSpool() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.queue.MoveToSpool() {
		return
	}
	w.sender.log.Info("receiver is slower than what comes for it: deliveries go through the spool "+
		"until it has caught up", "webhook", w.key, "bytes", w.bytes.Load())
	w.proceed(time.Now())
}

// blocks reports whether a few deliveries take room that others wait for.
func (w *webhookQueue) blocks(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.queue.Blocks(now, blocksAfter)
}

// makeRoom sends to the spool what blocks, and has what comes go there as well.
func (w *webhookQueue) makeRoom(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuses() {
		return
	}
	if w.queue.MakeRoom(now, blocksAfter) {
		w.sender.log.Info(
			"receiver keeps others waiting: deliveries go through the spool until it "+
				"has caught up",
			"webhook",
			w.key,
			"bytes",
			w.bytes.Load(),
		)
	}
	w.proceed(time.Now())
	signal(w.sender.writer.urgent)
}

// spoolPaced has all deliveries of a webhook go through the spool of which more come than its rate
// allows. w.mu is held.
func (w *webhookQueue) spoolPaced(now time.Time) {
	if !w.queue.SpoolPaced(now) {
		return
	}
	w.sender.log.Info("more comes for a webhook than its rate allows: deliveries go through the "+
		"spool until it has caught up", "webhook", w.key, "rate", w.to.Pace.Rate)
	w.carryOut(now)
}
