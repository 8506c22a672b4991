package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	idleSpan = 10 * time.Second
	mostIdle = 25 // MB of resident memory while nothing happens
	// CPU time of a second in which nothing happens.
	mostIdleCPU = 500 * time.Microsecond
)

// idle measures Hookline on a database in which nothing happens.
func idle(ctx context.Context, b *bench) (r *result, err error) {
	to, err := listen(0)
	if err != nil {
		return nil, err
	}
	defer to.close()
	d, err := newDatabase(ctx, b.server, "idle", to.url(0))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := b.hookline.setup(ctx, d, d.slot(0)); err != nil {
		return nil, err
	}
	t := to.expect(0, 1, 0)
	say("idle: for %s", idleSpan)
	p, err := b.hookline.run(ctx, d, d.slot(0))
	if err != nil {
		return nil, err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return nil, err
	}
	if err := waitUntil(p.alive, time.Now().Add(idleSpan)); err != nil {
		return nil, err
	}
	u, err := p.stop()
	if err != nil {
		return nil, err
	}
	return &result{
		about: fmt.Sprintf(
			"Hookline is started on a database with one webhook, and left alone for %s from when it is "+
				"ready. Its resident memory "+
				"is that at the end, Linux's VmRSS.", idleSpan),
		figures: []figure{
			figure{
				what: "resident memory", values: sample{u.memory.now},
				print: megabytes,
			}.neverAbove(mostIdle),
			{what: peakMemory, values: sample{u.memory.peak}, print: megabytes},
			figure{
				what: "CPU per second", values: sample{u.active.Seconds() / idleSpan.Seconds()},
				print: millis,
			}.neverAbove(mostIdleCPU.Seconds()),
		},
		counts: t.result(),
	}, nil
}
