package sender

import (
	"context"
	"errors"
	"testing"
)

// A Sender that may deliver no longer makes no request, settles nothing, and ends.
func TestFence(t *testing.T) {
	lapsed := errors.New("lapsed")
	for name, batch := range map[string]int{"single": 0, "batch": 10} {
		t.Run(name, func(t *testing.T) {
			hits := make(chan hit, 1)
			s := newSender(t, Config{Fence: func() error { return lapsed }})
			to := subscription("w", receiver(t, hits, nil).URL)
			to.Pace.Batch = batch
			settled := s.send(to, newEvent(1, 1))
			<-s.Context().Done()
			if err := context.Cause(s.Context()); !errors.Is(err, lapsed) {
				t.Errorf("it ends with %v", err)
			}
			left, ok := errors.AsType[*LeftError](s.Drain(t.Context()))
			if !ok || left.Deliveries != 1 {
				t.Errorf("left is %v", left)
			}
			if !open(settled) || len(hits) > 0 {
				t.Error("it was delivered, or settled")
			}
		})
	}
}
