package main

import (
	"context"
	"fmt"
	"time"
)

const (
	leastThrough = 0.5 // what comes through the bus of what one process delivers
	mostAdded    = time.Millisecond
)

// through delivers to receivers that take no time, with and without a bus, and measures what it
// adds to the latency of single commits.
func through(ctx context.Context, b *bench) (*result, error) {
	list := arrangements[:2]
	l := load{name: "through", records: b.rows / 10, versions: 1, runs: b.runs}.each(commitContacts)
	m, c, err := b.compare(ctx, l, 0, 10, list)
	if err != nil {
		return nil, err
	}
	at := pacing{rate: 200, connections: 1, runs: b.runs}
	latency, paced, err := b.pacedBy(ctx, at, list)
	if err != nil {
		return nil, err
	}
	c.add(paced)
	added := make(sample, len(latency[0]))
	for i := range added {
		added[i] = max(0, latency[1][i]-latency[0][i])
	}
	r := &result{
		about: fmt.Sprintf(
			"%s rows for each of 10 webhooks, at receivers that take no time, by one process and by a reader "+
				"and 1 sender in turns. Then %d transactions of one row a second, for %s, one webhook.",
			whole(float64(l.records)), at.rate, b.scaled(pacedSpan)),
		counts: c,
	}
	for i, a := range list {
		rate := figure{what: a.name + ": deliveries/s, middle 80 %", values: m[i].rate, print: perSecond}
		if i == 1 {
			rate.against = []comparison{{limit: list[0].name, values: m[0].rate, least: leastThrough}}
		}
		r.figures = append(r.figures, rate)
		r.figures = append(r.figures, m[i].costs(a)...)
		r.figures = append(r.figures,
			figure{what: a.name + ": committed to receipt, p50", values: latency[i], print: millis})
	}
	r.figures = append(r.figures,
		figure{what: "added by the bus, p50", values: added, print: millis}.upTo(mostAdded.Seconds()))
	return r, nil
}

// pacedBy returns the median of the latencies of single commits, for each run by each arrangement.
func (b *bench) pacedBy(
	ctx context.Context, at pacing, list []arrangement,
) (p50 []sample, c counts, err error) {
	p50 = make([]sample, len(list))
	err = withBus(ctx, func(s *busServer) error {
		return b.withReceivers(ctx, "through_paced", 1, 0, func(d *database, to *group) error {
			n := int(float64(at.rate) * b.scaled(pacedSpan).Seconds())
			if err := d.draft(ctx, n); err != nil {
				return err
			}
			for run := range at.runs {
				for i, a := range list {
					say("through: %s at %d per second, run %d of %d", a.name, at.rate, run+1, at.runs)
					t := to.expect(n, 1, signatureStride)[0]
					seconds, err := b.pacedOnce(ctx, d, s, d.slot(i*at.runs+run), a, at, t)
					if err != nil {
						return fmt.Errorf("%s: %w", a.name, err)
					}
					p50[i] = append(p50[i], seconds)
					c.add(t.result())
				}
			}
			return nil
		})
	})
	return p50, c, err
}

func (b *bench) pacedOnce(
	ctx context.Context, d *database, s *busServer, slot string, a arrangement, at pacing, t *tally,
) (p50 float64, err error) {
	if err := d.empty(ctx); err != nil {
		return 0, err
	}
	if err := b.hookline.setup(ctx, d, slot); err != nil {
		return 0, err
	}
	f := &fleet{}
	defer f.kill()
	if a.senders > 0 {
		if err := b.prepareBus(ctx, d, s, slot); err != nil {
			return 0, err
		}
	}
	if err := b.gatherSenders(ctx, d, s, slot, a, f); err != nil {
		return 0, err
	}
	if err := b.startReader(ctx, d, s, slot, a, f); err != nil {
		return 0, err
	}
	clock := newClocked()
	if err := clock.commit(f.reader.alive, d, at, t); err != nil {
		return 0, err
	}
	_, err = f.stop()
	return clock.committed["p50"][0], err
}
