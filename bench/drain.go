package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// load is what a scenario has Hookline deliver from a backlog.
type load struct {
	name     string
	records  int
	versions int // of each record
	runs     int
	// makes what has to be there before Hookline sets the database up
	before func(ctx context.Context, d *database) error
	write  func(ctx context.Context, d *database) error
}

func (l load) events() int { return l.records * l.versions }

// each has a procedure commit the load, every change by itself.
func (l load) each(procedure string) load {
	l.write = func(ctx context.Context, d *database) error {
		return d.commitEach(ctx, procedure, l.records, l.versions)
	}
	return l
}

// drained is what was measured of a load, a value for each run.
type drained struct {
	body   int // mean size in bytes
	counts counts

	rate, steady sample // Hookline's events/s, overall and over the middle 80 %
	ready, begin sample // seconds from its start until it was ready, and to the first event
	// seconds of CPU per 1,000 events: of its whole life, and from when it was ready
	cpu, active sample
	peak        sample // of resident memory, in MB
	// seconds that each hookline setup took, the first of which prepares the database
	setups sample

	parse, parseBegin sample // rows/s received and parsed, and seconds to the first one
	post, postCPU     sample // POSTs/s and seconds of CPU per 1,000
}

// prepare makes a database with a webhook for each of the URLs, in which the load is written while
// Hookline is down: each run of Hookline has a slot of its own on the same rows, and the limits
// have one.
func (b *bench) prepare(ctx context.Context, l load, urls ...string) (d *database, err error) {
	if d, err = newDatabase(ctx, b.server, l.name, urls...); err != nil {
		return nil, err
	}
	if err := b.stage(ctx, d, l); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// stage makes the slots and writes the load.
func (b *bench) stage(ctx context.Context, d *database, l load) error {
	if l.before != nil {
		if err := l.before(ctx, d); err != nil {
			return err
		}
	}
	slots := []string{d.limitSlot()}
	for run := range l.runs {
		slots = append(slots, d.slot(run))
	}
	for _, slot := range slots {
		if err := b.hookline.setup(ctx, d, slot); err != nil {
			return err
		}
		if took := d.setups[len(d.setups)-1]; took > 1 {
			say("%s: hookline setup took %.1f s", l.name, took)
		}
	}
	say("%s: writing %d records in %d versions", l.name, l.records, l.versions)
	if err := l.write(ctx, d); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// drain has the load read by Hookline and by each limit in turn, so that whatever else the machine
// does falls on all of them.
func (b *bench) drain(ctx context.Context, l load) (*drained, error) {
	return b.staged(ctx, l, func(r *drained, d *database, to *receiver) error {
		for run := range l.runs {
			say("%s: run %d of %d", l.name, run+1, l.runs)
			if err := r.measure(ctx, b, d, run,
				to.expect(l.records, l.versions, signatureStride)); err != nil {
				return err
			}
			if err := r.measureParse(ctx, d, l); err != nil {
				return err
			}
			if err := r.measurePost(ctx, to, min(l.events(), b.rows)); err != nil {
				return err
			}
		}
		return nil
	})
}

// staged has f measure what becomes of the load, which is written, with one receiver for it.
func (b *bench) staged(
	ctx context.Context, l load, f func(r *drained, d *database, to *receiver) error,
) (r *drained, err error) {
	to, err := listen(0)
	if err != nil {
		return nil, err
	}
	defer to.close()
	d, err := b.prepare(ctx, l, to.url(0))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	r = &drained{setups: d.setups}
	return r, f(r, d, to)
}

// measure has Hookline deliver what the tallies expect.
func (r *drained) measure(
	ctx context.Context, b *bench, d *database, run int, tallies ...*tally,
) error {
	p, err := b.hookline.run(ctx, d, d.slot(run), d.env...)
	if err != nil {
		return err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return err
	}
	ready := time.Since(p.started).Seconds()
	for _, t := range tallies {
		if err := t.await(p.alive); err != nil {
			return err
		}
	}
	u, err := p.stop()
	if err != nil {
		return err
	}
	var counts counts
	for _, t := range tallies {
		counts.add(t.result())
	}
	r.counts.add(counts)
	if counts.lost > 0 {
		return counts.err()
	}
	came := paceOf(tallies...)
	r.body = came.body
	r.rate = append(r.rate, came.rate)
	r.steady = append(r.steady, came.steady)
	r.ready = append(r.ready, ready)
	r.begin = append(r.begin, came.first.Sub(p.started).Seconds())
	r.cpu = append(r.cpu, per1000(u.cpu, counts.expected))
	r.active = append(r.active, per1000(u.active, counts.expected))
	r.peak = append(r.peak, u.memory.peak)
	return nil
}

// measureParse takes the limit of the stream.
func (r *drained) measureParse(ctx context.Context, d *database, l load) error {
	t := newTally(l.records, l.versions)
	if err := receiveAndParse(ctx, d, d.limitSlot(), t); err != nil {
		return fmt.Errorf("%s: %w", limitParse, err)
	}
	r.parse = append(r.parse, t.pace().rate)
	r.parseBegin = append(r.parseBegin, t.first.Seconds())
	return nil
}

// measurePost takes the limit of the client, of n POSTs.
func (r *drained) measurePost(ctx context.Context, to *receiver, n int) error {
	t, u, err := plainPost(ctx, to, n, r.body)
	if err != nil {
		return fmt.Errorf("%s: %w", limitPost, err)
	}
	r.post = append(r.post, t.pace().rate)
	r.postCPU = append(r.postCPU, per1000(u.cpu, n))
	return nil
}

// per1000 returns the seconds of CPU that 1,000 of n events took.
func per1000(cpu time.Duration, n int) float64 { return cpu.Seconds() * 1000 / float64(n) }

// What is measured of every load.
const (
	eventRate  = "events/s"
	middleRate = "events/s, middle 80 %"
	cpuTime    = "CPU per 1,000 events"
	peakMemory = "peak resident memory"
)

// result compares with both limits.
func (r *drained) result(about string) *result {
	return &result{
		about: about,
		limits: []figure{
			{what: limitParse + ", rows/s", values: r.parse, print: perSecond},
			{what: limitPost + ", requests/s", values: r.post, print: perSecond},
			{what: limitPost + ", CPU per 1,000", values: r.postCPU, print: millis},
		},
		figures: []figure{
			{
				what: eventRate, values: r.rate, print: perSecond,
				against: []comparison{
					{limit: limitPost, values: r.post},
					{limit: limitParse, values: r.parse},
				},
			},
			figure{
				what: cpuTime, values: r.cpu, print: millis,
				against: []comparison{{limit: limitPost, values: r.postCPU}},
			}.upTo(mostCPU.Seconds()),
			figure{what: peakMemory, values: r.peak, print: megabytes}.neverAbove(mostMemory),
		},
		counts: r.counts,
	}
}
