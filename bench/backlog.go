package main

import (
	"context"
	"errors"
	"fmt"
)

// leastOfPost is the share of the rate of plain POSTs that Hookline delivers of a backlog.
const leastOfPost = 0.7

// backlog delivers rows that were committed one by one.
func backlog(ctx context.Context, b *bench) (*result, error) {
	l := load{name: "backlog", records: b.rows, versions: 1, runs: b.runs}.each(commitContacts)
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	b.backlogRate = d.rate
	r := d.result(fmt.Sprintf(
		"%s rows, each inserted by a transaction of its own while Hookline was down, then delivered. "+
			"A body has %s bytes.", whole(float64(l.records)), whole(float64(d.body))))
	r.figures[0] = r.figures[0].atLeast(leastOfPost)
	return r, nil
}

// leastOfBacklog is the share of the rate of a backlog that one of ten times the size has.
const leastOfBacklog = 0.9

// backlog10 delivers ten times as many, once.
func backlog10(ctx context.Context, b *bench) (*result, error) {
	l := load{name: "backlog10", records: 10 * b.rows, versions: 1, runs: 1}.each(commitContacts)
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	r := d.result(fmt.Sprintf("As backlog, but %s rows.", whole(float64(l.records))))
	if b.backlogRate != nil {
		rate := &r.figures[0]
		rate.against = append(rate.against,
			comparison{limit: "backlog", values: sample{b.backlogRate.median()}, least: leastOfBacklog})
	}
	return r, nil
}

// bulkRows is how many rows a bulk transaction inserts.
const bulkRows = 1000

// bulk delivers rows that were committed by the thousand.
func bulk(ctx context.Context, b *bench) (*result, error) {
	return b.bulk(ctx, load{name: "bulk", records: b.rows, versions: 1, runs: b.runs})
}

// leastOfBulk is the share of the rate of bulk that transactions have in which each row is changed
// twice: they are twice as much to read.
const leastOfBulk = 0.8

// folded delivers rows that were changed twice by transactions of a thousand rows.
func folded(ctx context.Context, b *bench) (*result, error) {
	l := load{name: "folded", records: b.rows, versions: 1, runs: b.runs}
	l.write = func(ctx context.Context, d *database) error {
		return errors.Join(d.call(ctx, "CALL commit_twice($1, $2)", l.records, bulkRows),
			d.checkpoint(ctx))
	}
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	r := d.result(fmt.Sprintf(
		"As bulk, but each row is inserted and updated by its transaction, which is one event: %s "+
			"events of %s changes.",
		whole(float64(l.records)), whole(float64(2*l.records))))
	if b.bulkRate != nil {
		rate := &r.figures[0]
		rate.against = append(rate.against, comparison{
			limit: "bulk", values: sample{b.bulkRate.median()},
			least: leastOfBulk,
		})
	}
	return r, nil
}

// twice delivers one large transaction that changes each row twice, further apart than what is held
// of a transaction.
func twice(ctx context.Context, b *bench) (*result, error) {
	l := load{name: "twice", records: 10 * b.rows, versions: 2, runs: 1}
	l.write = func(ctx context.Context, d *database) error {
		return errors.Join(d.call(ctx, "CALL insert_twice($1)", l.records), d.checkpoint(ctx))
	}
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	r := d.result(fmt.Sprintf(
		"As transaction, but it inserts all %s rows, and then updates all of them: each is told in "+
			"two parts.",
		whole(float64(l.records))))
	r.figures = append(r.figures, figure{
		what: "start to first event", values: d.begin, print: seconds,
		against: []comparison{{limit: limitParse, values: d.parseBegin}},
	})
	return r, nil
}

// bulk10 delivers ten times as many, once.
func bulk10(ctx context.Context, b *bench) (*result, error) {
	return b.bulk(ctx, load{name: "bulk10", records: 10 * b.rows, versions: 1, runs: 1})
}

func (b *bench) bulk(ctx context.Context, l load) (*result, error) {
	l.write = func(ctx context.Context, d *database) error {
		if err := d.commitInSteps(ctx, l.records, l.versions, bulkRows); err != nil {
			return err
		}
		return d.checkpoint(ctx)
	}
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	if l.name == "bulk" {
		b.bulkRate = d.rate
	}
	return d.result(fmt.Sprintf("As backlog, but %s rows, inserted by transactions of %s rows.",
		whole(float64(l.records)), whole(bulkRows))), nil
}

// transaction delivers one large transaction.
func transaction(ctx context.Context, b *bench) (*result, error) {
	l := load{name: "transaction", records: 10 * b.rows, versions: 1, runs: 1}
	l.write = func(ctx context.Context, d *database) error { return d.commitAtOnce(ctx, l.records) }
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	r := d.result(fmt.Sprintf(
		"%s rows of the same kind, inserted by one transaction while Hookline was down, then delivered.",
		whole(float64(l.records))))
	r.figures = append(r.figures, figure{
		what: "start to first event", values: d.begin, print: seconds,
		against: []comparison{{limit: limitParse, values: d.parseBegin}},
	})
	return r, nil
}

// updates delivers many changes of few records, which therefore have an order to keep.
func updates(ctx context.Context, b *bench) (*result, error) {
	l := load{name: "updates", records: b.rows / 200, versions: 50, runs: b.runs}.each(commitContacts)
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	return d.result(fmt.Sprintf(
		"As backlog, but %s rows, each inserted once and updated %d times: every record has an order "+
			"to keep, and "+
			"every update carries the row before and after. A body has %s bytes.",
		whole(float64(l.records)), l.versions-1, whole(float64(d.body)))), nil
}

// mix delivers whole lives of records: an insert, updates, and the delete.
func mix(ctx context.Context, b *bench) (*result, error) {
	l := load{name: "mix", records: b.rows / 10, versions: 10, runs: b.runs}.each(commitLives)
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	return d.result(fmt.Sprintf(
		"As backlog, but %s rows, each inserted, updated %d times and deleted. What is told of a "+
			"deleted row is the "+
			"row as it was last; its deletion counts as one more version.", whole(float64(l.records)),
		l.versions-2)), nil
}
