package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
)

const (
	// the share of the rate of receive and parse at which changes are read that nobody wants
	leastOfParse = 0.9
	// between two looks at how many have been read, with defaultRows
	changesEvery = 200 * time.Millisecond
)

// unmatched reads changes of which no webhook wants to hear.
func unmatched(ctx context.Context, b *bench) (r *result, err error) {
	to, err := listen(0)
	if err != nil {
		return nil, err
	}
	defer to.close()
	l := load{name: "unmatched", records: 2 * b.rows, versions: 1, runs: b.runs}.each(commitContacts)
	l.before = func(ctx context.Context, d *database) error {
		return d.subscribe(ctx, nothingHere, to.url(0))
	}
	d, err := b.prepare(ctx, l)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	end, err := d.position(ctx)
	if err != nil {
		return nil, err
	}
	t := to.expect(0, 1, 0)
	var m drained
	for run := range l.runs {
		say("unmatched: run %d of %d", run+1, l.runs)
		if err := m.skip(ctx, b, d, run, l.events(), end); err != nil {
			return nil, err
		}
		if err := m.measureParse(ctx, d, l); err != nil {
			return nil, err
		}
	}
	m.counts.stray = t.result().stray
	return &result{
		about: fmt.Sprintf(
			"As backlog, but %s rows, and the only webhook listens to %s. What is counted as expected "+
				"are changes that Hookline says "+
				"it has read; it was then waited for until the slot was acknowledged up to the last of them. "+
				"Every POST would be one that is not "+
				"written by us. The rate is that of hookline_changes_total between the first and the last "+
				"look at it, of one every %s, at which there "+
				"was something and not yet all. The CPU time is that of 1,000 changes.",
			whole(float64(l.records)), nothingHere, b.scaled(changesEvery)),
		limits: []figure{{what: limitParse + ", rows/s", values: m.parse, print: perSecond}},
		figures: []figure{
			figure{
				what: "changes/s", values: m.rate, print: perSecond,
				against: []comparison{{limit: limitParse, values: m.parse}},
			}.atLeast(leastOfParse),
			{what: "CPU per 1,000 changes", values: m.cpu, print: millis},
			figure{what: peakMemory, values: m.peak, print: megabytes}.neverAbove(mostMemory),
		},
		counts: m.counts,
	}, nil
}

// skip has Hookline read that many changes, and waits until it has acknowledged the slot up to a
// position.
func (r *drained) skip(
	ctx context.Context, b *bench, d *database, run, changes int, end pglogrepl.LSN,
) error {
	p, err := b.hookline.run(ctx, d, d.slot(run))
	if err != nil {
		return err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return err
	}
	var reading progress
	if _, err := p.until(metricChanges, b.scaled(changesEvery), func(n float64) bool {
		return reading.observe(int(n), changes, time.Now())
	}); err != nil {
		return err
	}
	r.counts.add(counts{expected: changes, lost: changes - reading.read})
	if reading.read != changes {
		return fmt.Errorf("%d changes were read, want %d", reading.read, changes)
	}
	if err := d.acknowledged(p.alive, d.slot(run), end); err != nil {
		return err
	}
	u, err := p.stop()
	if err != nil {
		return err
	}
	rate, err := reading.rate()
	if err != nil {
		return err
	}
	r.rate = append(r.rate, rate)
	r.cpu = append(r.cpu, per1000(u.cpu, changes))
	r.peak = append(r.peak, u.memory.peak)
	return nil
}

// progress is a count as it was looked at: the first time that it was above 0, and the last that it
// was below the whole.
type progress struct {
	read       int
	from, to   int
	began, end time.Time
}

// observe takes note of one reading, and reports whether it was the last.
func (p *progress) observe(n, whole int, at time.Time) bool {
	p.read = n
	if n > 0 && n < whole {
		if p.began.IsZero() {
			p.from, p.began = n, at
		}
		p.to, p.end = n, at
	}
	return n >= whole
}

// rate returns how many were read per second between the two readings.
func (p *progress) rate() (float64, error) {
	if p.from == p.to {
		return 0, fmt.Errorf("%d changes were read between two looks: too few to measure", p.read)
	}
	return float64(p.to-p.from) / p.end.Sub(p.began).Seconds(), nil
}
