package sender

import (
	"cmp"
	"slices"
	"time"
)

// WebhookStatus is how a webhook stands with this process.
type WebhookStatus struct {
	Webhook  string
	Failing  bool // its breaker is open: one delivery at a time is tried
	Paused   bool // it gets nothing
	Spooling bool // its deliveries go through the spool
	InFlight int  // attempts under way

	// Over the last hour, or since the session began if that is shorter.
	Delivered, Failed int
	Mean              time.Duration // of an attempt that was answered with 2xx

	LastDelivered time.Time
	LastFailed    time.Time
	LastStatus    int    // of the last answer that did not accept; 0 when none came
	LastReason    string // why none came
}

// WebhookStatuses returns how the webhooks stand to which this Sender has made an attempt, by their
// keys.
func (s *Sender) WebhookStatuses() (list []WebhookStatus) {
	now := time.Now()
	for _, w := range s.queues.Range {
		list = append(list, w.(*webhookQueue).status(now))
	}
	slices.SortFunc(list, func(a, b WebhookStatus) int { return cmp.Compare(a.Webhook, b.Webhook) })
	return list
}

// Backlog returns how many deliveries are to be made: in memory, and in the spool as of the last
// look at it. It asks nobody.
func (s *Sender) Backlog() (inMemory, inSpool int) {
	return int(s.taken.Load()), int(s.waiting.Load())
}

func (w *webhookQueue) status(now time.Time) WebhookStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	st := WebhookStatus{
		Webhook:       w.key,
		Failing:       w.queue.Failing(),
		Paused:        w.paused,
		Spooling:      w.queue.ThroughSpool(),
		InFlight:      w.queue.InFlight(),
		LastDelivered: orNone(w.tally.delivered),
		LastFailed:    orNone(w.tally.failed),
		LastStatus:    w.tally.status,
		LastReason:    w.tally.reason,
	}
	var took time.Duration
	for _, p := range w.tally.periods {
		if number(now)-p.number < periods {
			st.Delivered += int(p.delivered)
			st.Failed += int(p.failed)
			took += p.took
		}
	}
	if st.Delivered > 0 {
		st.Mean = took / time.Duration(st.Delivered)
	}
	return st
}

func orNone(nanoseconds int64) (t time.Time) {
	if nanoseconds != 0 {
		t = time.Unix(0, nanoseconds)
	}
	return t
}

const (
	periods = 6
	period  = 10 * time.Minute
)

// tally counts a webhook's attempts over the last hour.
type tally struct {
	periods           [periods]counts // by number modulo periods
	delivered, failed int64           // when the last was, in Unix nanoseconds; 0 for never
	status            int
	reason            string
}

// counts are those of one period.
type counts struct {
	number            int64         // of the period
	delivered, failed uint32        // attempts
	took              time.Duration // of those that delivered, together
}

func number(t time.Time) int64 { return t.Unix() / int64(period/time.Second) }

// add counts an attempt that ended now.
func (t *tally) add(a attempted, now time.Time) {
	n := number(now)
	p := &t.periods[n%periods]
	if p.number != n {
		*p = counts{number: n}
	}
	if a.verdict.Outcome == Delivered {
		p.delivered++
		p.took += a.took
		t.delivered = now.UnixNano()
		return
	}
	p.failed++
	t.failed, t.status, t.reason = now.UnixNano(), a.verdict.Status, a.verdict.Reason
}
