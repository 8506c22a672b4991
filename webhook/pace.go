package webhook

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"hookline/mapper"
)

// How fast a webhook is sent to, how much at once, and in what form: columns of Hookline's own
// table.

// Pace is what a receiver asks of the requests to it. The zero Pace asks for nothing.
type Pace struct {
	Timeout time.Duration // that one attempt has; 0 for HOOKLINE_REQUEST_TIMEOUT
	Rate    float64       // requests in a second; 0 for as many as it can

	Batch     int           // events in a request at most, in an array; 0: one, and no array
	BatchWait time.Duration // of the first of them for others; 0 without Batch
}

const (
	// what a Timeout may be, as HOOKLINE_REQUEST_TIMEOUT
	timeoutLeast = time.Millisecond
	timeoutMost  = 10 * time.Minute

	// what a Rate may be: from one in a quarter of an hour, or so
	rateLeast = 0.001
	rateMost  = 100_000

	// what a Batch may be, so that the ids of its events have room in a header
	batchLeast = 2
	batchMost  = 100

	// what a BatchWait may be, and is where the row does not say
	waitLeast = time.Millisecond
	waitMost  = 10 * time.Second
	waitUsual = 100 * time.Millisecond
)

// pace reads what a row asks of the requests to it.
func (r *reading) pace() {
	r.sub.Pace.Timeout = r.pause(roleTimeout, timeoutLeast, timeoutMost)
	r.rate()
	r.batch()
}

// batch reads how many events a request has, and how long the first of them waits for others.
func (r *reading) batch() {
	given, wait := r.row.fields[roleBatch], r.row.fields[roleBatchWait]
	if given.IsNull() {
		if !wait.IsNull() {
			r.fail(roleBatchWait, fmt.Errorf("%.64q: nothing waits without batch; want null",
				wait.String()))
		}
		return
	}
	n, err := strconv.Atoi(given.String())
	if err != nil || n < batchLeast || n > batchMost {
		r.fail(roleBatch, fmt.Errorf("%.64q: want events in a request from %d to %d, or null",
			given.String(), batchLeast, batchMost))
	}
	if r.sub.Format == mapper.FormatCloudEventsBinary {
		r.fail(roleBatch, fmt.Errorf("format %s has no batches; want null, or format %s", r.sub.Format,
			mapper.FormatCloudEvents))
	} else if !r.sub.Format.OfRecords() {
		r.fail(roleBatch, fmt.Errorf("format %s has no arrays; want null", r.sub.Format))
	}
	r.sub.Pace.Batch = n
	r.sub.Pace.BatchWait = cmp.Or(r.pause(roleBatchWait, waitLeast, waitMost), waitUsual)
}

// rate reads how many requests it takes in a second.
func (r *reading) rate() {
	given := r.row.fields[roleRate]
	if given.IsNull() {
		return
	}
	rate, err := strconv.ParseFloat(given.String(), 64)
	if err != nil || !(rate >= rateLeast && rate <= rateMost) { // which NaN is not
		r.fail(roleRate, fmt.Errorf("%.64q: want requests in a second from %g to %d, or null",
			given.String(), rateLeast, rateMost))
	}
	r.sub.Pace.Rate = rate
}

// pause reads an interval from least to most, 0 for null.
func (r *reading) pause(f columnRole, least, most time.Duration) time.Duration {
	given := r.row.fields[f]
	if given.IsNull() {
		return 0
	}
	d, err := parsePause(given.String())
	if err != nil || d < least || d > most {
		r.fail(f, fmt.Errorf("%.64q: want an interval from %s to %s, or null", given.String(),
			shortDuration(least), shortDuration(most)))
	}
	return d
}

// parsePause reads an interval as Postgres prints it. One of months has no length.
func parsePause(text string) (time.Duration, error) {
	var i pgtype.Interval
	if err := i.Scan(text); err != nil {
		return 0, err
	}
	const most = 1 << 16 // days, far from overflow
	if i.Months != 0 || i.Days > most || i.Days < -most {
		return 0, fmt.Errorf("%.64q has no length", text)
	}
	return time.Duration(i.Days)*24*time.Hour + time.Duration(i.Microseconds)*time.Microsecond, nil
}

// PaceRow is what a row asks of the requests to it, as people write it.
type PaceRow struct {
	Timeout   string  `json:"timeout,omitempty"`
	Rate      float64 `json:"rate,omitempty"`
	Thin      bool    `json:"thin,omitempty"`
	Batch     int     `json:"batch,omitempty"`
	BatchWait string  `json:"batchWait,omitempty"`
}

// row returns it.
func (p Pace) row() (row PaceRow) {
	if p.Timeout != 0 {
		row.Timeout = shortDuration(p.Timeout)
	}
	if p.BatchWait != 0 {
		row.BatchWait = shortDuration(p.BatchWait)
	}
	row.Rate, row.Batch = p.Rate, p.Batch
	return row
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

// PaceSettings are what is said of it: see Settings.
type PaceSettings struct {
	Timeout   *string  `json:"timeout,omitempty"` // a duration; "" for HOOKLINE_REQUEST_TIMEOUT
	Rate      *float64 `json:"rate,omitempty"`    // 0 for as many as it can
	Thin      *bool    `json:"thin,omitempty"`
	Batch     *int     `json:"batch,omitempty"`     // 0 for none
	BatchWait *string  `json:"batchWait,omitempty"` // a duration; "" for the usual one
}

// columns calls set with the columns of which something is said.
func (s *PaceSettings) columns(set func(name string, value any)) error {
	if s.Rate != nil && *s.Rate == 0 {
		set("rate", nil)
	} else if s.Rate != nil {
		set("rate", strconv.FormatFloat(*s.Rate, 'g', -1, 64))
	}
	if s.Thin != nil {
		set("thin", *s.Thin)
	}
	if s.Batch != nil && *s.Batch == 0 {
		set("batch", nil)
		if s.BatchWait == nil { // it means nothing without
			set("batch_wait", nil)
		}
	} else if s.Batch != nil {
		set("batch", *s.Batch)
	}
	if err := setPause(set, "batch_wait", s.BatchWait); err != nil {
		return err
	}
	return setPause(set, "timeout", s.Timeout)
}

// setPause calls set with an interval, null for "", where one is said.
func setPause(set func(name string, value any), name string, text *string) error {
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

// version tells one pace from others, "" for that which asks for nothing.
func (p Pace) version() string {
	if p == (Pace{}) {
		return ""
	}
	return fmt.Sprintf(" pace %+v", p)
}
