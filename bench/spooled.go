package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// spooled measures a spool of a great many deliveries: how fast it fills, what it costs while
// nothing can be done, and how fast it empties.
func spooled(ctx context.Context, b *bench) (r *result, err error) {
	const versions = 2
	contacts := b.rows * 10 / versions
	events := contacts * versions
	to, err := listen(0)
	if err != nil {
		return nil, err
	}
	defer to.close()
	if err := to.down(ctx); err != nil {
		return nil, err
	}
	d, err := newDatabase(ctx, b.server, "parked", to.url(0))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := b.hookline.setup(ctx, d, d.slot(0)); err != nil {
		return nil, err
	}
	wal, err := d.watchWAL(ctx, d.slot(0))
	if err != nil {
		return nil, err
	}
	defer wal.end()
	t := to.expect(contacts, versions, signatureStride)

	f, err := b.fill(ctx, d, contacts, versions)
	if err != nil {
		return nil, fmt.Errorf("park: %w", err)
	}
	c, err := b.clear(ctx, d, to, t)
	if err != nil {
		return nil, fmt.Errorf("drain: %w", err)
	}
	if err := wal.stop(); err != nil {
		return nil, err
	}
	if t.result().lost > 0 {
		return nil, t.result().err()
	}
	filling, draining := wal.peak(f.began, f.ended), wal.peak(c.up, time.Now())
	pace := t.pace()
	return &result{
		title: "A long queue of parked deliveries",
		about: fmt.Sprintf(
			"%s events for one webhook whose receiver refuses connections: %s rows are inserted, and "+
				"then updated, by transactions "+
				"of %s rows while Hookline runs. When all are parked, Hookline is stopped and started again. "+
				"After %s the receiver is up, and gets "+
				"them all. HOOKLINE_SPOOL_MAX_BYTES is %s; a body has %s bytes.",
			whole(float64(events)), whole(float64(contacts)), whole(spooledStep), spooledIdle, spooledMax,
			whole(float64(pace.body))),
		figures: []figure{
			compared("parked per second, counted from the first commit", perSecond, f.spooled,
				"rows committed per second", f.written),
			{what: "start to ready, all of them parked", values: sample{c.ready}, print: seconds},
			{what: "start to first attempt, all of them parked", values: sample{c.attempt}, print: seconds},
			{what: "from the receiver's return to the first event", values: sample{c.back}, print: seconds},
			{what: "drained per second", values: sample{pace.rate}, print: perSecond},
			{what: "drained per second, middle 80 %", values: sample{pace.steady}, print: perSecond},
			{
				what:   "CPU per 1,000 events of the process that drains",
				values: sample{per1000(c.usage.cpu, events)}, print: millis,
			},
			{
				what: "peak resident memory while they are parked", values: sample{f.memory}, print: megabytes,
				most: mostSpooled, always: true,
			},
			{
				what: "peak resident memory while they wait, the start included", values: sample{c.idle},
				print: megabytes, most: mostSpooled, always: true,
			},
			{
				what: "peak resident memory until all are drained", values: sample{c.usage.memory.peak},
				print: megabytes, most: mostSpooled, always: true,
			},
			{
				what: "peak of WAL not acknowledged while they are parked", values: sample{filling.unsettled},
				print: mebibytes,
			},
			{
				what: "peak of WAL not acknowledged while they are drained", values: sample{draining.unsettled},
				print: mebibytes,
			},
		},
		counts: t.result(),
	}, nil
}

const (
	spooledStep = 10_000           // rows of a transaction
	spooledIdle = 20 * time.Second // that everything is spooled and the receiver down
	spooledMax  = "8GiB"           // HOOKLINE_SPOOL_MAX_BYTES
	mostSpooled = 96               // of resident memory, in MB
)

func (b *bench) park(ctx context.Context, d *database) (*process, error) {
	return b.hookline.run(ctx, d, d.slot(0), "HOOKLINE_SPOOL_MAX_BYTES="+spooledMax,
		"HOOKLINE_LOG_LEVEL=error")
}

// filled is how the spool was filled.
type filled struct {
	began, ended     time.Time
	written, spooled float64 // per second
	memory           float64 // peak, in MB
}

// fill writes while Hookline runs, and returns when all of it is spooled and Hookline has stopped.
func (b *bench) fill(
	ctx context.Context, d *database, contacts, versions int,
) (f filled, err error) {
	p, err := b.park(ctx, d)
	if err != nil {
		return f, err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return f, err
	}
	events := contacts * versions
	say("parked: writing %d contacts in %d versions", contacts, versions)
	f.began = time.Now()
	if err := d.commitInSteps(p.alive, contacts, versions, spooledStep); err != nil {
		return f, err
	}
	f.written = float64(events) / time.Since(f.began).Seconds()
	for share := range 10 {
		want := float64(events * (share + 1) / 10)
		n, err := p.until(metricSpooled, metricEvery, func(n float64) bool { return n >= want })
		if err != nil {
			return f, err
		}
		say("parked: %.0f deliveries", n)
	}
	f.ended = time.Now()
	f.spooled = float64(events) / f.ended.Sub(f.began).Seconds()
	if err := p.waiting(events); err != nil {
		return f, err
	}
	u, err := p.stop()
	f.memory = u.memory.peak
	return f, err
}

// cleared is how it was emptied.
type cleared struct {
	ready, attempt float64 // seconds since the start of Hookline
	idle           float64 // peak of resident memory until the receiver's return, in MB
	up             time.Time
	back           float64 // seconds from then to the first event
	usage          usage
}

// clear starts Hookline on the full spool, leaves the receiver down for a while, and returns when
// the spool is empty and Hookline has stopped.
func (b *bench) clear(
	ctx context.Context, d *database, to *receiver, t *tally,
) (c cleared, err error) {
	p, err := b.park(ctx, d)
	if err != nil {
		return c, err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return c, err
	}
	c.ready = time.Since(p.started).Seconds()
	if _, err := p.until(metricAttempts, metricEvery,
		func(n float64) bool { return n > 0 }); err != nil {
		return c, err
	}
	c.attempt = time.Since(p.started).Seconds()
	say("parked: Hookline was ready after %.2f s and made an attempt after %.2f s", c.ready, c.attempt)
	if err := waitUntil(p.alive, p.started.Add(spooledIdle)); err != nil {
		return c, err
	}
	m, err := p.memory()
	if err != nil {
		return c, err
	}
	c.idle = m.peak
	c.up = time.Now()
	if err := to.up(); err != nil {
		return c, err
	}
	expected := t.result().expected
	if err := t.missing(p.alive, expected-1); err != nil {
		return c, err
	}
	c.back = time.Since(c.up).Seconds()
	for share := 9; share >= 0; share-- {
		if err := t.missing(p.alive, expected*share/10); err != nil {
			return c, err
		}
		say("parked: %d events to go", t.result().lost)
	}
	if err := p.waiting(0); err != nil {
		return c, err
	}
	c.usage, err = p.stop()
	return c, err
}

// waiting returns when so many deliveries are in the spool.
func (p *process) waiting(want int) error {
	n, err := p.until(metricWaiting, metricEvery, func(n float64) bool { return int(n) == want })
	if err == nil && int(n) != want {
		err = fmt.Errorf("%.0f deliveries are parked, and stay so, want %d", n, want)
	}
	return err
}
