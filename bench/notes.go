package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
	"hookline/internal/twentydb"
)

//go:embed notes.sql
var notesSQL string

const commitNotes = "commit_notes"

// leastOfNotes is the share of the rate of notes that are for everybody at which those come that
// are for whoever may read what they are attached to.
const leastOfNotes = 0.9

// notes delivers notes of a Twenty database of version 2.21, in which they are for everybody.
func notes(ctx context.Context, b *bench) (*result, error) {
	d, l, err := b.drainNotes(ctx, "notes", "2.21")
	if err != nil {
		return nil, err
	}
	b.notesRate = d.rate
	return d.notes(fmt.Sprintf(
		"%s notes of Twenty 2.21, each inserted, attached to a person and updated %d times by "+
			"transactions of their own while "+
			"Hookline was down, then delivered to a webhook for notes. A body has %s bytes.",
		whole(float64(l.records)), l.versions-1, whole(float64(d.body)))), nil
}

// inherited delivers the same notes of version 2.43, in which each is for whoever may read the
// person.
func inherited(ctx context.Context, b *bench) (*result, error) {
	d, _, err := b.drainNotes(ctx, "inherited", "2.43")
	if err != nil {
		return nil, err
	}
	r := d.notes(
		"As notes, but of Twenty 2.43: each note is for whoever may read what it is attached to.")
	if b.notesRate != nil {
		rate := &r.figures[0]
		rate.against = append(rate.against,
			comparison{limit: "notes", values: sample{b.notesRate.median()}, least: leastOfNotes})
	}
	return r, nil
}

func (b *bench) drainNotes(
	ctx context.Context, name, version string,
) (r *drained, l load, err error) {
	l = load{name: name, records: b.rows / 5, versions: 4, runs: b.runs}.each(commitNotes)
	to, err := listen(0)
	if err != nil {
		return nil, l, err
	}
	defer to.close()
	d, err := newTwentyDatabase(ctx, b, name, version, to.url(0))
	if err != nil {
		return nil, l, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := b.stage(ctx, d, l); err != nil {
		return nil, l, err
	}
	r = &drained{setups: d.setups}
	for run := range l.runs {
		say("%s: run %d of %d", l.name, run+1, l.runs)
		if err := r.measure(ctx, b, d, run,
			to.expect(l.records, l.versions, signatureStride)); err != nil {
			return nil, l, err
		}
		if err := r.measurePost(ctx, to, min(l.events(), b.rows)); err != nil {
			return nil, l, err
		}
	}
	return r, l, nil
}

// newTwentyDatabase makes the database of a Twenty server of some version, with a webhook for
// notes.
func newTwentyDatabase(
	ctx context.Context, b *bench, name, version, url string,
) (*database, error) {
	admin, err := pgx.Connect(ctx, b.server.URL("postgres"))
	if err != nil {
		return nil, err
	}
	defer admin.Close(ctx)
	quoted := pg.Identifier(name)
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+quoted); err != nil {
		return nil, err
	}
	d := &database{name: name, url: b.server.URL(name)}
	if d.conn, err = pgx.Connect(ctx, d.url); err != nil {
		return nil, err
	}
	err = twentydb.LoadAt(ctx, d.conn, version)
	if err == nil {
		_, err = d.conn.Exec(ctx, notesSQL+"ALTER DATABASE "+quoted+" SET search_path TO "+
			twentydb.Schema+", public")
	}
	if err == nil {
		_, err = twentydb.AddWebhook(ctx, d.conn,
			twentydb.Webhook{URL: url, Secret: secret, Operations: []string{"note.*"}})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make database %s: %w", name, err), d.close())
	}
	return d, nil
}

// notes is result without the limit of the stream, which is that of other tables.
func (r *drained) notes(about string) *result {
	return &result{
		about: about,
		limits: []figure{
			{what: limitPost + ", requests/s", values: r.post, print: perSecond},
			{what: limitPost + ", CPU per 1,000", values: r.postCPU, print: millis},
		},
		figures: []figure{
			{
				what: eventRate, values: r.rate, print: perSecond,
				against: []comparison{{limit: limitPost, values: r.post}},
			},
			{
				what: cpuTime, values: r.cpu, print: millis,
				against: []comparison{{limit: limitPost, values: r.postCPU}},
			},
			figure{what: peakMemory, values: r.peak, print: megabytes}.neverAbove(mostMemory),
		},
		counts: r.counts,
	}
}
