package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// kills delivers a backlog while Hookline is killed again and again.
func kills(ctx context.Context, b *bench) (r *result, err error) {
	const kills, versions = 10, 50
	contacts := b.rows / 2 / versions
	events := contacts * versions
	to, err := listen(0)
	if err != nil {
		return nil, err
	}
	defer to.close()
	d, err := newDatabase(ctx, b.server, "kills", to.url(0))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := b.hookline.setup(ctx, d, d.slot(0)); err != nil {
		return nil, err
	}
	say("kills: writing %d records in %d versions", contacts, versions)
	if err := d.commitEach(ctx, commitContacts, contacts, versions); err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}

	t := to.expect(contacts, versions, signatureStride)
	var again sample // seconds from each start to the first event that had not come before
	for _, left := range killPoints(events, kills) {
		since, err := b.runUntil(ctx, d, t, left)
		if err != nil {
			return nil, err
		}
		again = append(again, since)
		say("kills: killed with %d events to go", t.result().lost)
	}
	p, err := b.hookline.run(ctx, d, d.slot(0))
	if err != nil {
		return nil, err
	}
	defer p.kill()
	if err := t.await(p.alive); err != nil {
		return nil, err
	}
	if _, err := p.stop(); err != nil {
		return nil, err
	}
	counts := t.result()
	return &result{
		title: "Killed again and again",
		about: fmt.Sprintf(
			"%s contacts in %d versions, committed one by one while Hookline was down. While it delivers "+
				"them, it is killed "+
				"(SIGKILL) %d times, each time when as many of them have come as chance has it, and started "+
				"again at once. What was delivered but "+
				"not noted down yet comes again then. An event is out of order when it came for the first "+
				"time after a later one of the same contact.",
			whole(float64(contacts)), versions, kills),
		figures: []figure{
			{what: "kills", values: sample{kills}, print: whole},
			{
				what: "repeated events per kill", values: sample{float64(counts.repeated) / kills},
				print: whole,
			},
			{
				what:   "repeated events, as a share of all",
				values: sample{float64(counts.repeated) / float64(events)}, print: percent,
			},
			{
				what: "from a start to the first event that is new, median", values: sample{again.median()},
				print: seconds,
			},
			{
				what: "from a start to the first event that is new, longest", values: sample{slices.Max(again)},
				print: seconds,
			},
		},
		counts: counts, mayRepeat: true,
	}, nil
}

// runUntil runs Hookline until no more than left events are missing, and kills it. It returns how
// many seconds passed from the start to the first event that had not come before.
func (b *bench) runUntil(
	ctx context.Context, d *database, t *tally, left int,
) (since float64, err error) {
	p, err := b.hookline.run(ctx, d, d.slot(0))
	if err != nil {
		return 0, err
	}
	defer p.kill()
	if err := t.missing(p.alive, t.result().lost-1); err != nil {
		return 0, err
	}
	since = time.Since(p.started).Seconds()
	return since, t.missing(p.alive, left)
}

// killPoints returns how many events are to be missing at each kill: random numbers, the highest
// first.
func killPoints(events, kills int) []int {
	margin := events / 20
	points := rand.Perm(events - 2*margin)[:kills]
	for i := range points {
		points[i] += margin
	}
	slices.Sort(points)
	slices.Reverse(points)
	return points
}
