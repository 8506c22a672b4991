package main

import (
	"context"
	"errors"
	"fmt"
)

// leastOfOne is the share of the deliveries/s of one webhook that ten of them have together.
const leastOfOne = 0.9

// contender is a load that is delivered in turns with others.
type contender struct {
	load
	drained
	d      *database
	expect func() []*tally // what a run is to complete
}

// takeTurns measures all of them, run by run.
func (b *bench) takeTurns(ctx context.Context, all []*contender) error {
	for run := range b.runs {
		for _, c := range all {
			say("%s: run %d of %d", c.name, run+1, b.runs)
			if err := c.measure(ctx, b, c.d, run, c.expect()...); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}

// fanout delivers every event to 1, 10 and 100 webhooks, the more of them the fewer events.
func fanout(ctx context.Context, b *bench) (r *result, err error) {
	var all []*contender
	for _, webhooks := range []int{1, 10, 100} {
		to, err := newGroup(webhooks, 0)
		if err != nil {
			return nil, err
		}
		defer to.close()
		if err := to.up(); err != nil {
			return nil, err
		}
		c := &contender{load: load{
			name:    fmt.Sprintf("fanout_%d", webhooks),
			records: 2 * b.rows / webhooks, versions: 1, runs: b.runs,
		}.each(commitContacts)}
		c.expect = func() []*tally { return to.expect(c.records, c.versions, signatureStride) }
		if c.d, err = b.prepare(ctx, c.load, to.urls()...); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, c.d.close()) }()
		all = append(all, c)
	}
	if err := b.takeTurns(ctx, all); err != nil {
		return nil, err
	}
	r = &result{about: fmt.Sprintf(
		"As backlog, to 1, 10 and 100 webhooks in turns, each at an address of its own, which all "+
			"hear of everything: "+
			"%s, %s and %s rows, so that there are %s deliveries each time.",
		whole(float64(all[0].records)), whole(float64(all[1].records)), whole(float64(all[2].records)),
		whole(float64(2*b.rows)))}
	for i, name := range []string{"1 webhook", "10 webhooks", "100 webhooks"} {
		c := all[i]
		rate := figure{what: name + ": deliveries/s", values: c.rate, print: perSecond}
		if i > 0 {
			rate.against = []comparison{{limit: "1 webhook", values: all[0].rate}}
		}
		if i == 1 {
			rate = rate.atLeast(leastOfOne)
		}
		r.figures = append(r.figures, rate,
			figure{what: name + ": CPU per 1,000 deliveries", values: c.cpu, print: millis},
			figure{what: name + ": " + peakMemory, values: c.peak, print: megabytes}.neverAbove(mostMemory))
		r.counts.add(c.counts)
	}
	return r, nil
}
