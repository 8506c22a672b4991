package sender

import (
	"context"
	"errors"
	"time"

	"hookline/sender/http1"
	"hookline/sender/queue"
	"hookline/webhook"
)

// probeConnect tests whether a receiver takes connections that has refused them.
func (w *webhookQueue) probeConnect(to *webhook.Subscription) {
	err := w.sender.connect(to)
	found := queue.Unreachable
	if _, blocked := errors.AsType[*blockedError](err); blocked {
		found = queue.Forbidden
	} else if err == nil {
		found = queue.Reachable
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if w.queue.Probed(found, now, w.sender.policy.Jitter()) {
		w.sender.log.Debug("receiver takes connections again", "webhook", w.key)
	}
	w.proceed(now)
}

// connect opens a connection to a webhook's receiver, through the guard, and closes it.
func (s *Sender) connect(to *webhook.Subscription) error {
	b := s.newRequestBuilder(to)
	if b.invalid != nil {
		return b.invalid
	}
	ctx, cancel := context.WithTimeoutCause(s.ctx, s.cfg.RequestTimeout, s.timeout)
	defer cancel()
	conn, err := s.transport.dial(ctx, "tcp", http1.Address(b.request.URL))
	if err != nil {
		return err
	}
	return conn.Close()
}
