package webhook

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
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
	s.For = r.interval(roleSettle, settleLeast)
	if given := r.row.fields[roleSettleMax]; !given.IsNull() && r.row.fields[roleSettle].IsNull() {
		r.fail(roleSettleMax, fmt.Errorf("%.64q bounds nothing without settle", given.String()))
	} else {
		s.Max = cmp.Or(r.interval(roleSettleMax, s.For), min(settleTimes*s.For, settleMost))
	}
	switch given := r.row.fields[roleCatchUp]; {
	case given.IsNull(), given.String() == catchUpAll:
	case given.String() == catchUpLatest:
		s.Latest = true
	default:
		r.fail(roleCatchUp, fmt.Errorf("%.64q is nothing that is sent of what has waited; "+
			"want latest, or all or null for everything", given.String()))
	}
}

// interval reads a time of at least so much, 0 for null.
func (r *reading) interval(f columnRole, least time.Duration) time.Duration {
	given := r.row.fields[f]
	if given.IsNull() {
		return 0
	}
	d, err := parseInterval(given.String())
	if err == nil && (d < least || d > settleMost) {
		err = fmt.Errorf("%s is too little or too much; want %s to %s", d, least, settleMost)
	}
	if err != nil {
		r.fail(f, err)
	}
	return d
}

// parseInterval reads an interval as Postgres prints it.
func parseInterval(text string) (time.Duration, error) {
	var i pgtype.Interval
	if err := i.Scan(text); err != nil || !i.Valid {
		return 0, fmt.Errorf("%.64q is no interval; want one such as 5s", text)
	}
	if i.Months != 0 {
		return 0, errors.New("has months, which are not all of one length; want one such as 5s")
	}
	const most = int32(1 << 16) // days, which no webhook can wait for, and no duration overflows with
	days := max(-most, min(i.Days, most))
	return time.Duration(days)*settleMost + time.Duration(i.Microseconds)*time.Microsecond, nil
}

// intervalText returns what the row of a webhook has of an interval, as people write it.
func intervalText(text string) string {
	if d, err := parseInterval(text); err == nil {
		return d.String()
	}
	return text
}

// setInterval returns the value of a column for what people write: nil for "".
func setInterval(name, text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, &InvalidError{
			fmt.Sprintf("%s: %.64q is no duration; want one such as 5s, or 2m", name, text),
		}
	}
	return pgtype.Interval{Microseconds: d.Microseconds(), Valid: true}, nil
}
