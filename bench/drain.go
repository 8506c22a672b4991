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
	write    func(ctx context.Context, d *database) error
	latency  time.Duration // of the receiver; such a load is not compared with limitParse and limitPost
}

func (l load) events() int { return l.records * l.versions }

// drained is what was measured of a load, a value for each run.
type drained struct {
	body   int // mean size in bytes
	counts counts

	rate, steady sample // Hookline's events/s, overall and over the middle 80 %
	begin        sample // seconds from its start to the first event
	cpu          sample // seconds of CPU per 1,000 events
	peak         sample // MiB

	parse, parseBegin sample // rows/s received and parsed, and seconds to the first one
	post, postCPU     sample // POSTs/s and seconds of CPU per 1,000
}

// drain writes the load while Hookline is down, then has it read by Hookline and by each limit in turn, so that whatever else the machine
// does falls on all of them. Each run of Hookline has a slot of its own on the same rows.
func (b *bench) drain(ctx context.Context, l load) (r *drained, err error) {
	to, err := listen(l.latency)
	if err != nil {
		return nil, err
	}
	defer to.close()
	d, err := newDatabase(ctx, b.server, l.name, to.url(0))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	for run := range l.runs {
		if err := b.hookline.setup(ctx, d, slot(run)); err != nil {
			return nil, err
		}
	}
	if err := b.hookline.setup(ctx, d, limitSlot); err != nil {
		return nil, err
	}
	say("%s: writing %d records in %d versions", l.name, l.records, l.versions)
	if err := l.write(ctx, d); err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	r = &drained{}
	for run := range l.runs {
		say("%s: run %d of %d", l.name, run+1, l.runs)
		if err := r.measure(ctx, b, d, l, slot(run), to); err != nil {
			return nil, err
		}
		if l.latency > 0 {
			continue
		}
		if err := r.measureLimits(ctx, d, l, to, min(l.events(), b.rows)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// limitSlot is the slot that receiveAndParse reads.
const limitSlot = "bench_limit"

// slot is the one that a run of Hookline reads.
func slot(run int) string { return fmt.Sprintf("bench_%d", run+1) }

// measure has Hookline deliver the load.
func (r *drained) measure(ctx context.Context, b *bench, d *database, l load, slot string, to *receiver) error {
	t := to.expect(l.records, l.versions, signatureStride)
	p, err := b.hookline.run(ctx, d, slot)
	if err != nil {
		return err
	}
	defer p.kill()
	if err := t.await(p.alive); err != nil {
		return err
	}
	u, err := p.stop()
	if err != nil {
		return err
	}
	r.counts.add(t.result())
	if t.result().lost > 0 {
		return t.result().err()
	}
	came := t.pace()
	r.body = came.body
	r.rate = append(r.rate, came.rate)
	r.steady = append(r.steady, came.steady)
	r.begin = append(r.begin, t.start.Add(t.first).Sub(p.started).Seconds())
	r.cpu = append(r.cpu, per1000(u.cpu, l.events()))
	r.peak = append(r.peak, u.peak)
	return nil
}

// measureLimits has both limits taken, of that many POSTs.
func (r *drained) measureLimits(ctx context.Context, d *database, l load, to *receiver, posts int) error {
	t := newTally(l.records, l.versions)
	if err := receiveAndParse(ctx, d, limitSlot, t); err != nil {
		return fmt.Errorf("%s: %w", limitParse, err)
	}
	r.parse = append(r.parse, t.pace().rate)
	r.parseBegin = append(r.parseBegin, t.first.Seconds())

	t, u, err := plainPost(ctx, to, posts, r.body)
	if err != nil {
		return fmt.Errorf("%s: %w", limitPost, err)
	}
	r.post = append(r.post, t.pace().rate)
	r.postCPU = append(r.postCPU, per1000(u.cpu, posts))
	return nil
}

// per1000 returns the seconds of CPU that 1,000 of n events took.
func per1000(cpu time.Duration, n int) float64 { return cpu.Seconds() * 1000 / float64(n) }
