package main

import (
	"context"
	"errors"
	"fmt"
)

// millions delivers one transaction that inserts thirty times as many rows as a backlog has, three
// million unless -rows says otherwise, and updates all of them. Rows are small, as the disk has to
// hold them several times. The limits are those of twice.
func millions(ctx context.Context, b *bench) (*result, error) {
	l := load{name: "millions", records: 30 * b.rows, versions: 2, runs: 1}
	l.before = func(ctx context.Context, d *database) error {
		_, err := d.conn.Exec(ctx, `
			CREATE TABLE marks (id bigint PRIMARY KEY, version integer NOT NULL, name text);
			CREATE PROCEDURE mark_twice(n bigint) LANGUAGE plpgsql AS $$
			BEGIN
				INSERT INTO marks SELECT i, 1, 'mark ' || i FROM generate_series(1, n) i;
				UPDATE marks SET version = 2;
			END
			$$`)
		return err
	}
	l.write = func(ctx context.Context, d *database) error {
		return errors.Join(d.call(ctx, "CALL mark_twice($1)", l.records), d.checkpoint(ctx))
	}
	r, err := b.staged(ctx, l, func(r *drained, d *database, to *receiver) error {
		return r.measure(ctx, b, d, 0, to.expect(l.records, l.versions, signatureStride))
	})
	if err != nil {
		return nil, err
	}
	return &result{
		about: fmt.Sprintf(
			"As twice, but %s rows of three columns, each of them told in two parts. A body has %s bytes.",
			whole(float64(l.records)), whole(float64(r.body))),
		figures: []figure{
			{what: eventRate, values: r.rate, print: perSecond},
			{what: "start to first event", values: r.begin, print: seconds},
			figure{what: cpuTime, values: r.cpu, print: millis}.upTo(mostCPU.Seconds()),
			figure{what: peakMemory, values: r.peak, print: megabytes}.neverAbove(mostMemory),
		},
		counts: r.counts,
	}, nil
}
