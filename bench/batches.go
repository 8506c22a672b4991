package main

import (
	"context"
	"errors"
	"fmt"
)

const (
	batchSize     = 50
	batchInFlight = 8 // requests at once
	leastOfBatch  = 4 // times as many events a second as single requests
)

// batches delivers a backlog to a receiver that takes its time, in batches and one by one.
func batches(ctx context.Context, b *bench) (*result, error) {
	to, err := listen(slowBound)
	if err != nil {
		return nil, err
	}
	defer to.close()
	l := load{
		records: int(batchInFlight / slowBound.Seconds() * b.scaled(slowSpan).Seconds()), versions: 1,
		runs: b.runs,
	}.each(commitContacts)
	r := &result{about: fmt.Sprintf(
		"As backlog, to a receiver that answers %s after it has read a request, with %d requests at "+
			"once: in batches of %d, and one by one.", slowBound, batchInFlight, batchSize)}
	var single, batched drained
	for _, kind := range []struct {
		name  string
		batch any
		into  *drained
	}{{"batches_single", nil, &single}, {"batches", batchSize, &batched}} {
		l.name = kind.name
		if err := b.batch(ctx, l, to, kind.batch, kind.into); err != nil {
			return nil, fmt.Errorf("%s: %w", kind.name, err)
		}
		r.counts.add(kind.into.counts)
	}
	r.figures = []figure{
		{
			what: fmt.Sprintf("batches of %d: %s", batchSize, eventRate), values: batched.rate,
			print: perSecond,
			against: []comparison{{
				limit: "single requests", values: single.rate, least: leastOfBatch,
			}},
		},
		{what: "batches: " + cpuTime, values: batched.active, print: millis},
		{what: "single requests: " + cpuTime, values: single.active, print: millis},
	}
	return r, nil
}

// batch measures a load with one webhook of Hookline's own table, which has that column batch, nil
// for null.
func (b *bench) batch(
	ctx context.Context, l load, to *receiver, batch any, r *drained,
) (err error) {
	d, err := newDatabase(ctx, b.server, l.name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	d.env = []string{fmt.Sprintf("HOOKLINE_MAX_IN_FLIGHT=%d", batchInFlight)}
	if err := b.stage(ctx, d, l); err != nil {
		return err
	}
	_, err = d.conn.Exec(ctx, "INSERT INTO hookline.webhook (url, secret, batch) VALUES ($1, $2, $3)",
		to.url(0), secret, batch)
	if err != nil {
		return err
	}
	for run := range l.runs {
		say("%s: run %d of %d", l.name, run+1, l.runs)
		t := to.expect(l.records, l.versions, signatureStride)
		err := r.measure(ctx, b, d, run, t)
		if err != nil {
			return err
		}
	}
	return nil
}
