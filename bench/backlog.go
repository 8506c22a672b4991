package main

import (
	"context"
	"fmt"
	"time"
)

// backlog delivers rows that were committed one by one.
func backlog(ctx context.Context, b *bench) (*result, error) {
	l := load{name: "backlog", records: b.rows, versions: 1, runs: b.runs}
	l.write = func(ctx context.Context, d *database) error { return d.commitEach(ctx, l.records, l.versions) }
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	return d.result(fmt.Sprintf("%s rows, each inserted by a transaction of its own while Hookline was down, then delivered. "+
		"A body has %s bytes.", whole(float64(l.records)), whole(float64(d.body)))), nil
}

// updates delivers many changes of few records, which therefore have an order to keep.
func updates(ctx context.Context, b *bench) (*result, error) {
	const versions = 50
	l := load{name: "updates", records: b.rows / 200, versions: versions, runs: b.runs}
	l.write = func(ctx context.Context, d *database) error { return d.commitEach(ctx, l.records, l.versions) }
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	return d.result(fmt.Sprintf("As backlog, but %s rows, each inserted once and updated %d times: every record has an order to keep, and "+
		"every update carries the row before and after. A body has %s bytes.",
		whole(float64(l.records)), versions-1, whole(float64(d.body)))), nil
}

// mostMemory is what a transaction of any size may make Hookline take, in MiB.
const mostMemory = 128

// transaction delivers one large transaction.
func transaction(ctx context.Context, b *bench) (*result, error) {
	l := load{name: "transaction", records: 10 * b.rows, versions: 1, runs: 1}
	l.write = func(ctx context.Context, d *database) error { return d.commitAtOnce(ctx, l.records) }
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	r := d.result(fmt.Sprintf("%s rows of the same kind, inserted by one transaction while Hookline was down, then delivered.",
		whole(float64(l.records))))
	for i := range r.figures {
		if r.figures[i].what == peakMemory {
			r.figures[i].most = mostMemory
		}
	}
	r.figures = append(r.figures, figure{
		what: "start to first event", values: d.begin, print: seconds, against: []comparison{{limit: limitParse, values: d.parseBegin}},
	})
	return r, nil
}

// slow delivers to a receiver that takes its time.
func slow(ctx context.Context, b *bench) (*result, error) {
	const latency = 20 * time.Millisecond
	l := load{name: "slow", records: b.rows / 4, versions: 1, runs: 1, latency: latency}
	l.write = func(ctx context.Context, d *database) error { return d.commitEach(ctx, l.records, l.versions) }
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	most := []comparison{{limit: "in flight ÷ latency", values: sample{inFlight / latency.Seconds()}}}
	return &result{
		about: fmt.Sprintf("As backlog, %s rows, to a receiver that takes %s for every answer. With %d POSTs in flight no more than %d ÷ %s "+
			"are possible. At the end some of them have nothing left to send, since a record's events never overtake each other: the middle "+
			"80 %% of all events are told apart.", whole(float64(l.records)), latency, inFlight, inFlight, latency),
		figures: []figure{
			{what: eventRate, values: d.rate, print: perSecond, against: most},
			{what: eventRate + ", middle 80 %", values: d.steady, print: perSecond, against: most},
			{what: cpuTime, values: d.cpu, print: millis},
			{what: peakMemory, values: d.peak, print: mebibytes},
		},
		counts: d.counts,
	}, nil
}

// What is measured of every load.
const (
	eventRate  = "events/s"
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
			{what: eventRate, values: r.rate, print: perSecond, against: []comparison{{limit: limitPost, values: r.post}, {limit: limitParse, values: r.parse}}},
			{what: cpuTime, values: r.cpu, print: millis, against: []comparison{{limit: limitPost, values: r.postCPU}}},
			{what: peakMemory, values: r.peak, print: mebibytes},
		},
		counts: r.counts,
	}
}
