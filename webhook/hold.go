package webhook

// A webhook whose row has a mistake is held: what waits for it stays, and what it hears of is kept
// for it, until the row is well again.

// unheard are the columns without which it is not known what a webhook hears of, or what it may be
// told of that: with a mistake in one of them it hears of nothing meanwhile. One in any other
// column is about how it is sent to, or about a choice that withholds nothing when it cannot be
// made.
var unheard = [columnRoles]bool{
	roleOperations: true, roleWorkspace: true, roleExpiry: true,
	roleThin: true, roleBefore: true, roleFields: true, roleMask: true,
}

// hold returns the webhook of a row that is skipped, for as long as it is. A table of the CRM's may
// have rows that are never mended: nothing is kept for these but what waits already.
func (r *reading) hold(status *Status) *Subscription {
	sub := *r.sub
	sub.Held = status.Reason
	sub.Pace, sub.Settling, sub.TLS, sub.Headers = Pace{}, Settling{}, nil, nil
	sub.nowhere = r.lost
	if !status.Keeps {
		sub.Operations, sub.Operator = nil, nil
	}
	return &sub
}

// hears reports whether it is known what the webhook of a row with a mistake hears of.
func (r *reading) hears() bool {
	return !r.deaf && r.from.kind == own && (r.sub.Operations != nil || r.sub.Operator != nil) &&
		(r.sub.Format.OfRecords() || r.sub.Operations == nil)
}

// staysWith has a held webhook of which it is not known whose it is stay with whom it was: what
// waits for it is of that tenant.
func (s *Subscription) staysWith(before *Subscription) {
	if s != nil && before != nil && s.nowhere {
		s.Workspace = before.Workspace
	}
}

// moved reports whether a webhook has come to another tenant.
func (s *Subscription) moved(before *Subscription) bool {
	return s != nil && before != nil && before.Workspace != s.Workspace && !before.nowhere
}
