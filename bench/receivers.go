package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	slowSpan     = 8 * time.Second       // that a run takes if the limit is reached
	slowBound    = 20 * time.Millisecond // the latency of which something is promised
	leastOfSlots = 0.95                  // the share of what is possible there
)

// receivers delivers to receivers that take their time. One that takes none is that of the other
// scenarios.
func receivers(ctx context.Context, b *bench) (*result, error) {
	latencies := []time.Duration{5 * time.Millisecond, slowBound, 200 * time.Millisecond}
	r := &result{}
	for _, latency := range latencies {
		figures, counts, err := b.slow(ctx, latency)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", latency, err)
		}
		r.figures = append(r.figures, figures...)
		r.counts.add(counts)
	}
	r.about = fmt.Sprintf(
		"As backlog, to a receiver that answers %s after it has read a request, then to one of %s and "+
			"one of %s. With %d POSTs in "+
			"flight no more than %d ÷ latency are possible; there are as many rows as take %s then. What "+
			"the receiver really took is told too: from "+
			"the request's last byte until it was about to answer. At the end some of the %d have nothing "+
			"left to send, since a record's events "+
			"never overtake each other: the middle 80 %% of all events are told apart. The CPU time is "+
			"that from when Hookline was ready.",
		latencies[0], latencies[1], latencies[2], inFlight, inFlight, b.scaled(slowSpan), inFlight)
	return r, nil
}

// slow measures one latency.
func (b *bench) slow(
	ctx context.Context, latency time.Duration,
) (figures []figure, c counts, err error) {
	to, err := listen(latency)
	if err != nil {
		return nil, c, err
	}
	defer to.close()
	most := inFlight / latency.Seconds()
	l := load{
		name:    fmt.Sprintf("receivers_%d", latency.Milliseconds()),
		records: int(most * b.scaled(slowSpan).Seconds()), versions: 1, runs: b.runs,
	}.each(commitContacts)
	d, err := b.prepare(ctx, l, to.url(0))
	if err != nil {
		return nil, c, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	var r drained
	var took, possible sample
	for run := range l.runs {
		say("%s: run %d of %d", l.name, run+1, l.runs)
		t := to.expect(l.records, l.versions, signatureStride)
		if err := r.measure(ctx, b, d, run, t); err != nil {
			return nil, c, err
		}
		took = append(took, t.latency().Seconds())
		possible = append(possible, inFlight/t.latency().Seconds())
	}
	limit := comparison{limit: "in flight ÷ latency", values: sample{most}}
	steady := figure{
		what: middleRate, values: r.steady, print: perSecond,
		against: []comparison{limit, {limit: "in flight ÷ what it took", values: possible}},
	}
	if latency == slowBound {
		steady = steady.atLeast(leastOfSlots)
	}
	cpu := figure{what: cpuTime, values: r.active, print: millis}
	if latency <= slowBound { // with few events it is what Hookline does every second, whatever comes
		cpu = cpu.upTo(mostCPU.Seconds())
	}
	figures = []figure{
		{
			what: "what the receiver took, mean", values: took, print: millis,
			against: []comparison{{limit: "latency", values: sample{latency.Seconds()}}},
		},
		{what: eventRate, values: r.rate, print: perSecond, against: []comparison{limit}},
		steady,
		cpu,
		figure{what: peakMemory, values: r.peak, print: megabytes}.neverAbove(mostMemory),
	}
	for i := range figures {
		figures[i].what = latency.String() + ": " + figures[i].what
	}
	return figures, r.counts, nil
}
