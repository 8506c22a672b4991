package webhook

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

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
	RateMost  = 100_000

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
	r.sub.Pace.Timeout = r.interval(roleTimeout, timeoutLeast, timeoutMost)
	r.rate()
	r.batch()
}

// batch reads how many events a request has, and how long the first of them waits for others.
func (r *reading) batch() {
	given, wait := r.row.fields[roleBatch], r.row.fields[roleBatchWait]
	if given.IsNull() {
		if !wait.IsNull() {
			r.fail(roleBatchWait, fmt.Errorf("%.64q: nothing waits without batch; want null",
				intervalText(wait.String())))
		}
		return
	}
	n, err := strconv.Atoi(given.String())
	if err != nil || n < batchLeast || n > batchMost {
		r.fail(roleBatch, wrongBatch(given.String()))
	}
	if r.sub.Format == mapper.FormatCloudEventsBinary {
		r.fail(roleBatch, fmt.Errorf("%.64q: format %s has no batches; want null, or format %s",
			given.String(), r.sub.Format, mapper.FormatCloudEvents))
	} else if !r.sub.Format.OfRecords() {
		r.fail(roleBatch, fmt.Errorf("%.64q: format %s has no arrays; want null", given.String(),
			r.sub.Format))
	}
	r.sub.Pace.Batch = n
	r.sub.Pace.BatchWait = cmp.Or(r.interval(roleBatchWait, waitLeast, waitMost), waitUsual)
}

func wrongBatch(given string) error {
	return fmt.Errorf("%.64q: want events in a request from %d to %d, or null", given, batchLeast,
		batchMost)
}

// ParseBatch reads how many events a request has at most, as people write it: 0 for one, and no
// array. The error is an *InvalidError.
func ParseBatch(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n != 0 && (n < batchLeast || n > batchMost) {
		return 0, &InvalidError{fmt.Sprintf("batch: %.64q: want events in a request from %d to %d, or 0 "+
			"for one, and no array", text, batchLeast, batchMost)}
	}
	return n, nil
}

// ParseRate reads how many requests are taken in a second, as people write it: 0 for as many as it
// can. The error is an *InvalidError.
func ParseRate(text string) (float64, error) {
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || rate != 0 && !isRate(rate) {
		return 0, &InvalidError{fmt.Sprintf("rate: %.64q: want requests in a second from %g to %d, or 0 "+
			"for no limit", text, rateLeast, RateMost)}
	}
	return rate, nil
}

func isRate(rate float64) bool { return rate >= rateLeast && rate <= RateMost } // which NaN is not

// rate reads how many requests it takes in a second.
func (r *reading) rate() {
	given := r.row.fields[roleRate]
	if given.IsNull() {
		return
	}
	rate, err := strconv.ParseFloat(given.String(), 64)
	if err != nil || !isRate(rate) {
		r.fail(roleRate, fmt.Errorf("%.64q: want requests in a second from %g to %d, or null",
			given.String(), rateLeast, RateMost))
	}
	r.sub.Pace.Rate = rate
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
		text := strconv.FormatFloat(*s.Rate, 'g', -1, 64)
		if _, err := ParseRate(text); err != nil {
			return err
		}
		set("rate", text)
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
		if _, err := ParseBatch(strconv.Itoa(*s.Batch)); err != nil {
			return err
		}
		set("batch", *s.Batch)
	}
	if err := setInterval(set, "batch_wait", s.BatchWait); err != nil {
		return err
	}
	return setInterval(set, "timeout", s.Timeout)
}

// version tells one pace from others, "" for that which asks for nothing.
func (p Pace) version() string {
	if p == (Pace{}) {
		return ""
	}
	return fmt.Sprintf(" pace %+v", p)
}
