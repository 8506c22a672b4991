package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// senderKilled kills one of four senders in the middle.
func senderKilled(ctx context.Context, b *bench) (*result, error) {
	rows := max(10, b.rows/200)
	var c counts
	var took time.Duration
	err := withBus(ctx, func(s *busServer) error {
		return b.withReceivers(ctx, "senderkilled", scaleWebhooks, slowBound,
			func(d *database, to *group) (err error) {
				d.env = []string{"HOOKLINE_MAX_REQUESTS=" + strconv.Itoa(scaleRequests)}
				tallies := to.expect(rows, 1, signatureStride)
				took, err = b.killOne(ctx, d, s, rows, tallies)
				for _, t := range tallies {
					c.add(t.result())
				}
				return err
			})
	})
	if err != nil {
		return nil, err
	}
	return &result{
		title: "A sender is killed",
		about: fmt.Sprintf("%d rows for each of %d webhooks, as senders, by 4 senders, one of which is "+
			"killed (SIGKILL) when half of them have come to one webhook. What it had in flight comes again, "+
			"from who takes its partitions.", rows, scaleWebhooks),
		figures: []figure{
			{
				what: "repeated deliveries", values: sample{float64(c.repeated)}, print: whole,
				most: scaleRequests,
			},
			{what: "from the kill to the last delivery", values: sample{took.Seconds()}, print: seconds},
		},
		counts: c, mayRepeat: true,
	}, nil
}

// killOne kills a sender when half of what the first tally expects has come, and returns how long
// it takes then until all is there.
func (b *bench) killOne(
	ctx context.Context, d *database, s *busServer, rows int, tallies []*tally,
) (took time.Duration, err error) {
	slot, a := d.slot(0), arrangements[len(arrangements)-1]
	l := load{name: "senderkilled", records: rows, versions: 1, runs: 1}.each(commitContacts)
	if err := b.stageFor(ctx, d, s, l, []arrangement{a}); err != nil {
		return 0, err
	}
	f := &fleet{}
	defer f.kill()
	if err := b.gatherSenders(ctx, d, s, slot, a, f); err != nil {
		return 0, err
	}
	if err := b.startReader(ctx, d, s, slot, a, f); err != nil {
		return 0, err
	}
	if err := tallies[0].missing(f.reader.alive, rows/2); err != nil {
		return 0, err
	}
	killed := f.senders[0]
	f.senders = f.senders[1:]
	killed.kill()
	at := time.Now()
	for _, t := range tallies {
		if err := t.await(f.reader.alive); err != nil {
			return 0, err
		}
	}
	took = time.Since(at)
	_, err = f.stop()
	return took, err
}
