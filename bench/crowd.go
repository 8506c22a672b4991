package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	crowdEvery  = time.Second / 3         // between two commits, each of which goes to every webhook
	crowdAnswer = 9500 * time.Millisecond // of the slow ones: just within HOOKLINE_REQUEST_TIMEOUT
	// between two changes of a contact, so that the slow ones keep up with them
	crowdPass   = 15 * time.Second
	crowdPasses = 3    // the first of which makes the contacts, and the connections
	mostSlower  = 1.25 // that healthy webhooks may become
)

// crowd measures what webhooks that are dead, and others that are slow, cost many healthy ones.
func crowd(ctx context.Context, b *bench) (*result, error) {
	webhooks := b.rows / 100
	healthy, err := newGroup(webhooks*8/10, 0)
	if err != nil {
		return nil, err
	}
	defer healthy.close()
	slow, err := newGroup(webhooks/10, crowdAnswer)
	if err != nil {
		return nil, err
	}
	defer slow.close()
	dead, err := newGroup(webhooks/10, 0)
	if err != nil {
		return nil, err
	}
	for _, g := range []*group{healthy, slow} {
		if err := g.up(); err != nil {
			return nil, err
		}
	}
	say("crowd: %d healthy webhooks alone, for %s", len(healthy.members), crowdPasses*crowdPass)
	alone, err := b.gather(ctx, "crowd_alone", healthy, nil, nil)
	if err != nil {
		return nil, err
	}
	say("crowd: with %d slow and %d dead ones, for %s", len(slow.members), len(dead.members),
		crowdPasses*crowdPass)
	all, err := b.gather(ctx, "crowd", healthy, slow, dead)
	if err != nil {
		return nil, err
	}

	const reference = "healthy ones alone"
	counts := alone.counts
	counts.add(all.counts)
	return &result{
		title: "Slow and dead webhooks among many healthy ones",
		about: fmt.Sprintf(
			"%s webhooks, each at an address of its own: %d healthy, %d that answer after %s, %d that "+
				"refuse connections. All of them "+
				"get every event, %.3g of which are committed per second for %s. The healthy ones are "+
				"measured alone before that. The first %s, "+
				"in which connections are made, are left out of the latencies, which begin with the server's "+
				"word that a change is committed.",
			whole(float64(webhooks)), len(healthy.members), len(slow.members), crowdAnswer,
			len(dead.members),
			1/crowdEvery.Seconds(), crowdPasses*crowdPass, crowdPass),
		figures: []figure{
			compared("the commit alone, p99", millis, all.commits.percentile(0.99), reference,
				alone.commits.percentile(0.99)),
			compared("committed to receipt by the healthy ones, p50", millis, all.latencies.median(),
				reference, alone.latencies.median()),
			compared("committed to receipt by the healthy ones, p99", millis,
				all.latencies.percentile(0.99), reference, alone.latencies.percentile(0.99)).atMost(mostSlower),
			compared("the same of each event by itself, median of them", millis, all.spreads.median(),
				reference, alone.spreads.median()),
			compared("CPU per 1,000 deliveries", millis, all.cpu(), reference, alone.cpu()),
			compared(peakMemory, megabytes, all.usage.memory.peak, reference, alone.usage.memory.peak),
			compared("peak of WAL not acknowledged", mebibytes, all.wal.unsettled, reference,
				alone.wal.unsettled),
			compared("peak of WAL kept for the slot", mebibytes, all.wal.kept, reference, alone.wal.kept),
		},
		counts: counts,
	}, nil
}

// gathered is what was measured of some groups together.
type gathered struct {
	commits   sample // seconds that each took
	latencies sample // of the healthy ones, in seconds
	spreads   sample // their 99th percentile for each event
	wal       retained
	usage     usage
	counts    counts
}

// cpu returns the seconds of CPU that 1,000 deliveries took, the spooled ones included.
func (g gathered) cpu() float64 { return per1000(g.usage.cpu, g.counts.expected) }

// gather measures groups, of which slow and dead may be nil, on a database of their own.
func (b *bench) gather(
	ctx context.Context, name string, healthy, slow, dead *group,
) (g gathered, err error) {
	urls := healthy.urls()
	for _, others := range []*group{slow, dead} {
		if others != nil {
			urls = append(urls, others.urls()...)
		}
	}
	d, err := newDatabase(ctx, b.server, name, urls...)
	if err != nil {
		return g, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := b.hookline.setup(ctx, d, d.slot(0)); err != nil {
		return g, err
	}
	contacts := int(crowdPass / crowdEvery)
	well, late := healthy.expect(contacts, crowdPasses, signatureStride/10), []*tally(nil)
	if slow != nil {
		late = slow.expect(contacts, crowdPasses, signatureStride/10)
	}
	p, err := b.hookline.run(ctx, d, d.slot(0), "HOOKLINE_LOG_LEVEL=error")
	if err != nil {
		return g, err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return g, err
	}
	wal, err := d.watchWAL(ctx, d.slot(0))
	if err != nil {
		return g, err
	}
	defer wal.end()
	w := d.write(p.alive, writeContact, contacts, crowdPasses, crowdEvery, writers)
	written, err := w.wait()
	if err != nil {
		return g, fmt.Errorf("write: %w", err)
	}
	for _, t := range append(well, late...) {
		if err := t.await(p.alive); err != nil {
			return g, err
		}
	}
	if dead != nil {
		g.counts.expected = written * len(dead.members)
		parked, err := p.until(metricWaiting, metricEvery, func(n float64) bool {
			return int(n) == g.counts.expected
		})
		if err != nil {
			return g, err
		}
		g.counts.lost = g.counts.expected - int(parked)
	}
	if err := wal.stop(); err != nil {
		return g, err
	}
	g.wal = wal.peak(w.start, time.Now())
	if g.usage, err = p.stop(); err != nil {
		return g, err
	}
	for _, t := range append(well, late...) {
		g.counts.add(t.result())
	}
	if g.counts.lost > 0 {
		return g, g.counts.err()
	}
	from, to := w.due(contacts), time.Now() // without the first pass
	g.commits = w.commits(from, to)
	byEvent := make([]sample, len(g.commits))
	for _, t := range well {
		for i, seconds := range w.latencies(t, from, to) {
			g.latencies = append(g.latencies, seconds)
			byEvent[i] = append(byEvent[i], seconds)
		}
	}
	for _, s := range byEvent {
		g.spreads = append(g.spreads, s.percentile(0.99))
	}
	return g, nil
}
