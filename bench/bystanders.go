package main

import (
	"context"
	"errors"
	"fmt"
)

const (
	bystandersAll = 1000 // webhooks, of which one hears of everything and the others of nothing
	leastOfAlone  = 0.95 // the share of the rate of one webhook alone that it has among them
)

// bystanders delivers to one webhook among many that want something else, and in turns to one
// alone.
func bystanders(ctx context.Context, b *bench) (r *result, err error) {
	var all []*contender
	for _, others := range []int{0, bystandersAll - 1} {
		to, err := listen(0)
		if err != nil {
			return nil, err
		}
		defer to.close()
		urls := make([]string, others)
		for i := range urls {
			urls[i] = fmt.Sprintf("%sbystander/%d", to.url(0), i)
		}
		c := &contender{load: load{
			name: fmt.Sprintf("bystanders_%d", others), records: b.rows,
			versions: 1, runs: 2 * b.runs,
		}.each(commitContacts)}
		c.before = func(ctx context.Context, d *database) error {
			return d.subscribe(ctx, nothingHere, urls...)
		}
		c.expect = func() []*tally { return []*tally{to.expect(c.records, c.versions, signatureStride)} }
		if c.d, err = b.prepare(ctx, c.load, to.url(0)); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, c.d.close()) }()
		all = append(all, c)
	}
	if err := b.takeTurns(ctx, all); err != nil {
		return nil, err
	}
	alone, among := all[0], all[1]
	r = &result{
		about: fmt.Sprintf(
			"As backlog, to one webhook among %s, of which the others listen to %s; in turns with that "+
				"webhook alone. The others "+
				"have the same receiver: what they got would count as repeated.", whole(bystandersAll),
			nothingHere),
		figures: []figure{
			figure{
				what: eventRate, values: among.rate, print: perSecond,
				against: []comparison{{limit: "the webhook alone", values: alone.rate}},
			}.atLeast(leastOfAlone),
			{
				what: cpuTime, values: among.cpu, print: millis,
				against: []comparison{{limit: "the webhook alone", values: alone.cpu}},
			},
			figure{what: peakMemory, values: among.peak, print: megabytes}.neverAbove(mostMemory),
		},
		counts: among.counts,
	}
	r.counts.add(alone.counts)
	return r, nil
}
