package sender

import (
	"time"

	"hookline/sender/queue"
	"hookline/webhook"
)

const (
	// loadShare is the part of Config.MaxBuffer that all queues together may fill with what they
	// read from the spool, beside the buffer itself.
	loadShare = 4

	firstPause = 100 * time.Millisecond // after a call of the spool that failed; doubled each time
	lastPause  = 5 * time.Second        // the longest
)

// startLoading starts to read the spool if there is something to read.
func (w *webhookQueue) startLoading(now time.Time) {
	if !w.queue.MayLoad() {
		return
	}
	if l, ok := w.nextLoad(now); ok {
		w.sender.goroutines.Go(func() { w.load(l) })
	}
}

func (w *webhookQueue) nextLoad(now time.Time) (queue.Load, bool) {
	share := w.sender.cfg.MaxBuffer / loadShare / max(1, w.sender.loaded.Load())
	var to *webhook.Subscription
	if w.served() {
		to = w.to.Current()
	}
	return w.queue.NextLoad(now, share, to)
}

// load reads the spool as long as there is something to read.
func (w *webhookQueue) load(l queue.Load) {
	s := w.sender
	pause, calls := firstPause, spoolCalls{sender: s}
	defer calls.end()
	for ok := true; ok; {
		if err := w.loadOnce(l); err == nil {
			calls.succeeded()
			pause = firstPause
		} else if s.work.Err() == nil {
			calls.failed("read", err)
			select {
			case <-time.After(pause):
				pause = min(2*pause, lastPause)
			case <-s.work.Done():
			}
		}
		w.mu.Lock()
		now := time.Now()
		if l, ok = w.nextLoad(now); !ok {
			w.proceed(now)
		}
		w.mu.Unlock()
	}
}

// loadOnce reads a page.
func (w *webhookQueue) loadOnce(l queue.Load) error {
	rows, err := w.page(l)
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	switch {
	case err != nil:
		w.queue.LoadFailed(l, now)
	case w.to == nil || w.to.Current() == nil: // it has gone meanwhile
		w.queue.LoadDropped(l)
	default:
		w.queue.LoadDone(l, w.rows(rows, now), now)
	}
	w.proceed(now)
	return err
}

func (w *webhookQueue) page(l queue.Load) ([]Spooled, error) {
	s := w.sender
	if l.Flush {
		if err := s.writer.flush(s.work); err != nil {
			return nil, err
		}
	}
	return s.spool.Waiting(s.work, Page{
		Webhook: w.key, Records: l.Keys, After: l.After, Rows: l.Rows, Bytes: l.Bytes,
		Later: l.Later,
	})
}

// rows returns what was read as the queue takes it.
func (w *webhookQueue) rows(list []Spooled, now time.Time) []queue.Row {
	rows := make([]queue.Row, len(list))
	for i, p := range list {
		d := &queue.Delivery{
			Event: p.Event, To: w.to, Size: int64(p.Event.Size() + overhead),
			Attempts: p.Attempts, Resent: p.Resent, Replay: p.Replay,
		}
		rows[i] = queue.Row{Delivery: d, Seq: p.Seq}
		if p.Due.After(now) {
			rows[i].Wait = w.sender.policy.left(p.Due, p.Attempts, p.Status, now)
		}
		rows[i].Later = p.Later
		if s := w.to.Settling.For; s > 0 { // of a clock that is behind, there is no end otherwise
			rows[i].Settles = min(s, p.Event.Time.Add(s).Sub(now))
		}
		w.sender.tellLarge(d)
	}
	return rows
}
