package main

import (
	"context"
	"fmt"
	"strconv"
)

const (
	leastOfFour  = 3.2 // what four senders deliver of what one does
	leastOfModel = 0.8 // what is delivered of what the model says
)

// senders delivers to receivers that take their time, by one process, by one sender and by four.
func senders(ctx context.Context, b *bench) (*result, error) {
	most := scaleRequests / slowBound.Seconds()
	l := load{
		name:     "senders",
		records:  max(1, int(most*b.scaled(slowSpan).Seconds())/scaleWebhooks),
		versions: 1, runs: b.runs,
	}.each(commitContacts)
	m, c, err := b.compare(ctx, l, slowBound, scaleWebhooks, arrangements,
		"HOOKLINE_MAX_REQUESTS="+strconv.Itoa(scaleRequests))
	if err != nil {
		return nil, err
	}
	r := &result{
		about: fmt.Sprintf(
			"%d rows for each of %d webhooks, of which every partition has as many, at receivers of %s. Each "+
				"process makes %d requests at once (HOOKLINE_MAX_REQUESTS), so it can deliver %s a second. By "+
				"one process without a bus, by a reader and 1, 2 and %d senders, in turns. "+
				"Senders have their partitions before the reader begins.", l.records, scaleWebhooks, slowBound,
			scaleRequests, whole(most), arrangements[len(arrangements)-1].senders),
		counts: c,
	}
	for i, a := range arrangements {
		rate := figure{
			what: a.name + ": deliveries/s, middle 80 %", values: m[i].rate, print: perSecond,
			against: []comparison{
				{limit: "in flight ÷ latency", values: sample{most * float64(max(1, a.senders))}},
				{limit: "the model", values: sample{modelled(a.senders)}, least: leastOfModel},
			},
		}
		if before := arrangements[min(1, max(0, i-1))]; i > 0 {
			compared := comparison{limit: before.name, values: m[min(1, i-1)].rate}
			if a.senders == 4 {
				compared.least = leastOfFour
			}
			rate.against = append(rate.against, compared)
		}
		r.figures = append(r.figures, rate)
		r.figures = append(r.figures, m[i].costs(a)...)
	}
	return r, nil
}

// costs are figures of what an arrangement has taken of the cores.
func (m *arranged) costs(a arrangement) []figure {
	list := []figure{{what: a.name + ": CPU per 1,000 deliveries", values: m.cpu, print: millis}}
	if a.senders > 0 {
		list = append(list, figure{
			what: a.name + ": CPU of NATS per 1,000 deliveries", values: m.bus, print: millis,
		})
	}
	return list
}
