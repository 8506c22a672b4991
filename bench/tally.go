package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// counts is how the events that came differ from the ones that were to come.
type counts struct {
	expected   int
	lost       int // never came
	repeated   int // came again
	disordered int // came after a later one of the same record
	stray      int // of no record that was written
	unsigned   int // bear no right signature; see receiver
}

func (c *counts) add(of counts) {
	c.expected += of.expected
	c.lost += of.lost
	c.repeated += of.repeated
	c.disordered += of.disordered
	c.stray += of.stray
	c.unsigned += of.unsigned
}

// counted is one of the counts.
type counted struct {
	what string
	n    int
	bad  bool // unless it is 0
}

const repeated = "repeated"

// list returns all of them.
func (c counts) list() []counted {
	return []counted{
		{"expected", c.expected, false},
		{"lost", c.lost, true},
		{repeated, c.repeated, true},
		{"out of order", c.disordered, true},
		{"not written by us", c.stray, true},
		{"with a wrong signature", c.unsigned, true},
	}
}

// err is nil when every event came once and in its record's order.
func (c counts) err() error {
	if c == (counts{expected: c.expected}) {
		return nil
	}
	return fmt.Errorf(
		"of %d events %d were lost, %d repeated, %d out of order, %d stray, %d wrongly signed",
		c.expected, c.lost, c.repeated, c.disordered, c.stray, c.unsigned)
}

// tally follows the arrival of records 1 to n, each in versions 1 to some number, exactly. Safe for
// concurrent use.
type tally struct {
	versions int
	signed   int // the signatures of every so manieth record are looked at; 0: of none
	start    time.Time
	begun    chan struct{} // closed when the first event has come
	complete chan struct{} // closed when nothing is missing

	mu       sync.Mutex
	arrived  []time.Duration // since start, by record and version; 0: not yet
	last     []int           // highest version that came, by record
	first    time.Duration   // when the first event came, since start
	bytes    int64           // of all bodies
	requests int
	answers  int
	// from when a request was read until its answer went, of all answers together
	waited time.Duration
	counts counts
}

func newTally(records, versions int) *tally {
	return &tally{
		versions: versions, start: time.Now(), begun: make(chan struct{}), complete: make(chan struct{}),
		arrived: make([]time.Duration, records*versions), last: make([]int, records),
		counts: counts{expected: records * versions, lost: records * versions},
	}
}

// observe takes note of one version of a record that came at the given time.
func (t *tally) observe(record, version, bytes int, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	t.bytes += int64(bytes)
	if record < 1 || record > len(t.last) || version < 1 || version > t.versions {
		t.counts.stray++
		return
	}
	arrived := &t.arrived[(record-1)*t.versions+version-1]
	if *arrived != 0 {
		t.counts.repeated++
		return
	}
	*arrived = max(1, at.Sub(t.start))
	if t.first == 0 {
		t.first = *arrived
		close(t.begun)
	}
	last := &t.last[record-1]
	if version < *last {
		t.counts.disordered++
	}
	*last = max(*last, version)
	if t.counts.lost--; t.counts.lost == 0 {
		close(t.complete)
	}
}

func (t *tally) wronglySigned() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.unsigned++
}

// answered takes note of how long an answer was delayed.
func (t *tally) answered(after time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers++
	t.waited += after
}

// latency returns how long answers were delayed, on average.
func (t *tally) latency() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waited / time.Duration(max(1, t.answers))
}

// cut tells that no more than the first events were to come after all, counted by version and then
// by record.
func (t *tally) cut(events int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	records, missing := len(t.last), t.counts.lost > 0
	for i := events; i < len(t.arrived); i++ {
		if t.arrived[i%records*t.versions+i/records] == 0 {
			t.counts.lost--
		} else {
			t.counts.stray++
		}
	}
	t.counts.expected = events
	if missing && t.counts.lost == 0 {
		close(t.complete)
	}
}

// result returns the counts so far.
func (t *tally) result() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}

// patience is how long nothing may arrive before the rest is given up as lost. The server decodes a
// large transaction for a good while before its first row leaves it.
const patience = 2 * time.Minute

// await returns when the tally is complete, or nothing has arrived for too long, which the counts
// then tell. The error is the cause of ctx.
func (t *tally) await(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	missing, since := t.result().lost, time.Now()
	for {
		select {
		case <-t.complete:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			if now := t.result().lost; now != missing {
				missing, since = now, time.Now()
			} else if time.Since(since) > patience {
				return nil
			}
		}
	}
}

// missing returns when no more than so many are missing.
func (t *tally) missing(ctx context.Context, most int) error {
	since := time.Now()
	return until(ctx, time.Millisecond, func() (bool, error) {
		if time.Since(since) > patience {
			return false, t.result().err()
		}
		return t.result().lost <= most, nil
	})
}

// pace is how fast events arrived.
type pace struct {
	first  time.Time
	rate   float64 // per second, from the first one's arrival to the last one's
	steady float64 // per second, over the middle 80 %
	body   int     // mean size in bytes
}

// pace returns how fast they came, once all have.
func (t *tally) pace() pace { return paceOf(t) }

// paceOf returns how fast the events of all tallies came together.
func paceOf(tallies ...*tally) pace {
	var arrived []time.Time
	var bytes, requests int
	for _, t := range tallies {
		arrived = append(arrived, t.came()...)
		t.mu.Lock()
		bytes, requests = bytes+int(t.bytes), requests+t.requests
		t.mu.Unlock()
	}
	slices.SortFunc(arrived, time.Time.Compare)
	between := func(i, j int) float64 { return float64(j-i) / arrived[j].Sub(arrived[i]).Seconds() }
	n := len(arrived)
	return pace{
		first: arrived[0], rate: between(0, n-1), steady: between(n/10, n-1-n/10),
		body: bytes / requests,
	}
}

// at returns when a version of a record came.
func (t *tally) at(record, version int) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.start.Add(t.arrived[(record-1)*t.versions+version-1])
}

// came returns when the events came, in their order of arrival.
func (t *tally) came() []time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []time.Time
	for _, since := range slices.Sorted(slices.Values(t.arrived)) {
		if since > 0 {
			list = append(list, t.start.Add(since))
		}
	}
	return list
}
