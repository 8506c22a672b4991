package main

import (
	"context"
	"fmt"
)

// tables delivers from a great many tables, and measures what they cost before that.
func tables(ctx context.Context, b *bench) (*result, error) {
	l := load{name: "tables", records: b.rows / 10, versions: 2, runs: b.runs}.each(commitThings)
	l.before = func(ctx context.Context, d *database) error {
		say("tables: making %d tables", l.records)
		return d.call(ctx, "CALL create_tables($1)", l.records)
	}
	d, err := b.drain(ctx, l)
	if err != nil {
		return nil, err
	}
	r := d.result(fmt.Sprintf(
		"%s tables of three columns. In each of them a row is inserted and updated, all by "+
			"transactions of their own, while "+
			"Hookline is down, then delivered to one webhook. The set-up is hookline setup; the first "+
			"sets every table to REPLICA IDENTITY FULL and makes "+
			"the publication, the further one adds a slot. A body has %s bytes.", whole(float64(l.records)),
		whole(float64(d.body))))
	r.figures[1] = r.figures[1].upTo(0) // what the tables cost at the start is in it
	r.figures = append(r.figures,
		figure{what: "first set-up", values: d.setups[:1], print: seconds},
		figure{what: "further set-up", values: d.setups[1:], print: seconds},
		figure{what: "start to ready", values: d.ready, print: seconds},
		figure{
			what: "start to first event", values: d.begin, print: seconds,
			against: []comparison{{limit: limitParse, values: d.parseBegin}},
		})
	return r, nil
}
