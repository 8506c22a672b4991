package webhook

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// Columns that hold a time: interval for Postgres, and 5s for people.

// interval reads a time from least to most, 0 for null.
func (r *reading) interval(f columnRole, least, most time.Duration) time.Duration {
	given := r.row.fields[f]
	if given.IsNull() {
		return 0
	}
	d, err := parseInterval(given.String())
	if err != nil || d < least || d > most {
		r.fail(f, fmt.Errorf("%.64q: want an interval from %s to %s, or null",
			intervalText(given.String()), shortDuration(least), shortDuration(most)))
		return 0
	}
	return d
}

// parseInterval reads an interval as Postgres prints it. One of months has no length.
func parseInterval(text string) (time.Duration, error) {
	var i pgtype.Interval
	if err := i.Scan(text); err != nil {
		return 0, err
	}
	const most = 1 << 16 // days, far from overflow
	if !i.Valid || i.Months != 0 || i.Days > most || i.Days < -most {
		return 0, fmt.Errorf("%.64q has no length", text)
	}
	return time.Duration(i.Days)*24*time.Hour + time.Duration(i.Microseconds)*time.Microsecond, nil
}

// intervalText returns what a row has of an interval, as people write it where they can.
func intervalText(text string) string {
	if d, err := parseInterval(text); err == nil {
		return shortDuration(d)
	}
	return text
}

// shortDuration prints 10m0s as 10m.
func shortDuration(d time.Duration) string {
	text := d.String()
	for _, unit := range []string{"m0s", "h0m"} {
		if n := len(text) - len(unit); n > 0 && text[n:] == unit {
			text = text[:n+1]
		}
	}
	return text
}

// setInterval calls set with an interval, null for "", where one is said.
func setInterval(set func(name string, value any), name string, text *string) error {
	switch {
	case text == nil:
		return nil
	case *text == "":
		set(name, nil)
		return nil
	}
	d, err := time.ParseDuration(*text)
	if err != nil {
		return &InvalidError{fmt.Sprintf("%s: %.64q: want a time such as 5s or 200ms", name, *text)}
	}
	set(name, pgtype.Interval{Microseconds: d.Microseconds(), Valid: true})
	return nil
}
