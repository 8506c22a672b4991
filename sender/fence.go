package sender

import "context"

// Abandon ends the Sender at once: what it delivers is another one's to deliver by now. Requests
// under way are cancelled, nothing more is written, and nothing is settled. Drain is still to be
// called. err says why. Safe for concurrent use.
func (s *Sender) Abandon(err error) { s.fail(err) }

// Context ends when nothing can be delivered any more: after Abandon, when the spool was taken
// over, and at the end of Drain. Its cause tells why.
func (s *Sender) Context() context.Context { return s.ctx }

// fenced reports whether no request may be made any more.
func (s *Sender) fenced() bool {
	if s.cfg.Fence == nil {
		return false
	}
	err := s.cfg.Fence()
	if err != nil {
		s.fail(err)
	}
	return err != nil
}
