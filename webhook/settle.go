package webhook

import (
	"cmp"
	"fmt"
	"time"
)

// When a webhook hears of a record, and of how much of what it has missed: columns of Hookline's
// own table.

// Settling says what of the events of one record is told as one.
type Settling struct {
	For time.Duration // once the record has been quiet for that long; 0: each is told at once
	Max time.Duration // but not later than that behind the first of them; 0 without For

	// Latest says that those that wait in the spool are told as one, too.
	Latest bool
}

const (
	settleMost  = 24 * time.Hour
	settleLeast = 10 * time.Millisecond

	// settleTimes is how often For goes into Max where the row does not say.
	settleTimes = 10
)

// What the column says of Latest.
const (
	catchUpAll    = "all"
	catchUpLatest = "latest"
)

// settling reads what of the events of one record is told as one.
func (r *reading) settling() {
	s := &r.sub.Settling
	s.For = r.interval(roleSettle, settleLeast, settleMost)
	if given := r.row.fields[roleSettleMax]; !given.IsNull() && r.row.fields[roleSettle].IsNull() {
		r.fail(roleSettleMax, fmt.Errorf("%.64q: bounds nothing without settle; want null",
			intervalText(given.String())))
	} else {
		s.Max = cmp.Or(r.interval(roleSettleMax, max(s.For, settleLeast), settleMost),
			min(settleTimes*s.For, settleMost))
	}
	switch given := r.row.fields[roleCatchUp]; {
	case given.IsNull(), given.String() == catchUpAll:
	case given.String() == catchUpLatest:
		s.Latest = true
	default:
		r.fail(roleCatchUp, fmt.Errorf("%.64q: want latest, or all or null for every event",
			given.String()))
	}
}
