package sender

import (
	"fmt"
	"net/http"
	"strings"

	"hookline/mapper"
)

// Notice is a change of how a webhook stands that an operator should know of.
type Notice struct {
	What    mapper.Action // Failing, Recovered, Paused, Resumed, DeadLetters, Overflow or OverflowOver
	Webhook string        // Subscription.Key
	Host    string        // of its URL; "" where that is not known
	Reason  string        // names no URL and quotes nothing that was sent or received
	Event   string        // ID of the delivery that it is about, "" for none
}

// notify hands a notice on.
func (s *Sender) notify(n Notice) {
	if s.cfg.Notify != nil {
		s.cfg.Notify(n)
	}
}

// notify hands a notice of the queue's webhook on.
func (w *webhookQueue) notify(what mapper.Action, reason string) {
	n := Notice{What: what, Webhook: w.key, Reason: reason}
	if w.to != nil {
		n.Host = w.to.Host
	}
	w.sender.notify(n)
}

// Remember tells of which webhooks an earlier process has told that something has begun, and not
// that it is over: this one goes on from there, and tells that then. Call it before Resume.
func (s *Sender) Remember(what mapper.Action, webhooks []string) {
	for _, key := range webhooks {
		w := s.webhookQueue(key)
		switch {
		case w == nil:
		case what == mapper.Overflow:
			s.full[key] = true
		case what == mapper.Failing:
			w.mu.Lock()
			w.queue.BeginFailing()
			w.mu.Unlock()
		}
	}
}

// sentence says how an attempt ended, for people.
func (v *Verdict) sentence() string {
	if v.Status != 0 {
		return strings.TrimSpace(fmt.Sprintf("it answered %d %s", v.Status, http.StatusText(v.Status)))
	}
	return v.Reason
}
