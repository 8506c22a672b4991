package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// quietRate is how many transactions per second are committed on a quiet system.
const quietRate = 200

// quiet measures the latency of single commits, of Hookline and then of the stream alone. The clock starts just before COMMIT is sent: the
// commit itself, with its wait for the disk, is part of what is measured.
func quiet(ctx context.Context, b *bench) (r *result, err error) {
	n := b.rows / 50
	to, err := listen(0)
	if err != nil {
		return nil, err
	}
	defer to.close()
	d, err := newDatabase(ctx, b.server, "quiet", to.url(0))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()

	say("quiet: %d commits, delivered", n)
	if err := b.hookline.setup(ctx, d, slot(0)); err != nil {
		return nil, err
	}
	t := to.expect(n, 1, signatureStride)
	p, err := b.hookline.run(ctx, d, slot(0))
	if err != nil {
		return nil, err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return nil, err
	}
	delivered, err := d.latencies(p.alive, n, t)
	if err != nil {
		return nil, err
	}
	u, err := p.stop()
	if err != nil {
		return nil, err
	}

	say("quiet: %d commits, received and parsed", n)
	parsed, err := b.parseLatencies(ctx, d, n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", limitParse, err)
	}
	r = &result{
		about: fmt.Sprintf("%d transactions of one row per second, %s in all, on a system that does nothing else. The latency is the time "+
			"from just before COMMIT is sent until the receiver has read the body: the commit's own wait for the disk is in it.",
			quietRate, whole(float64(n))),
		counts: t.result(),
	}
	for _, p := range []float64{0.50, 0.99} {
		percent := fmt.Sprintf(", p%.0f", 100*p)
		limit := sample{parsed.percentile(p)}
		r.limits = append(r.limits, figure{what: "commit to parsed" + percent, values: limit, print: millis})
		r.figures = append(r.figures, figure{
			what: "commit to receipt" + percent, values: sample{delivered.percentile(p)}, print: millis, against: []comparison{{limit: limitParse, values: limit}},
		})
	}
	r.figures = append(r.figures, figure{what: cpuTime, values: sample{per1000(u.cpu, n)}, print: millis})
	return r, nil
}

// parseLatencies measures the stream alone.
func (b *bench) parseLatencies(ctx context.Context, d *database, n int) (sample, error) {
	if _, err := d.conn.Exec(ctx, "TRUNCATE contacts"); err != nil {
		return nil, err
	}
	if err := b.hookline.setup(ctx, d, limitSlot); err != nil {
		return nil, err
	}
	t := newTally(n, 1)
	reading, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() {
		if err := receiveAndParse(reading, d, limitSlot, t); err != nil {
			end(err)
		}
	}()
	return d.latencies(reading, n, t)
}

// latencies commits n rows, quietRate of them per second, waits until they have arrived at t, and returns how many seconds each took from
// just before its COMMIT was sent. The first row, which all the others wait for, opens connections and is left out.
func (d *database) latencies(ctx context.Context, n int, t *tally) (seconds sample, err error) {
	committed := make([]time.Time, n)
	tick := time.NewTicker(time.Second / quietRate)
	defer tick.Stop()
	for i := range n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if committed[i], err = d.commitOne(ctx, i+1); err != nil {
			return nil, err
		}
		if i > 0 {
			continue
		}
		select {
		case <-t.begun:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	if err := t.await(ctx); err != nil {
		return nil, err
	}
	if t.result().lost > 0 {
		return nil, t.result().err()
	}
	for i, at := range committed[1:] {
		seconds = append(seconds, t.at(i+2, 1).Sub(at).Seconds())
	}
	return seconds, nil
}

// commitOne inserts a record and returns when its COMMIT was about to be sent.
func (d *database) commitOne(ctx context.Context, record int) (at time.Time, err error) {
	tx, err := d.conn.BeginTx(ctx, pgx.TxOptions{})
	if err != nil {
		return at, err
	}
	if _, err := tx.Exec(ctx, "CALL insert_contacts($1, $1)", record); err != nil {
		return at, errors.Join(err, tx.Rollback(ctx))
	}
	at = time.Now()
	return at, tx.Commit(ctx)
}
