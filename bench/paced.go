package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pacing is one pace at which transactions are committed, and what is promised there.
type pacing struct {
	rate        int // per second
	connections int
	runs        int
	// at most, from the server's word that it is committed to the receipt; 0: nothing is promised
	p50, p99 time.Duration
}

const (
	pacedSpan   = 15 * time.Second // that transactions are committed
	pacedSettle = 5                // a fifth of it is left out: connections are made meanwhile
)

// paced measures the latency of single commits at a steady pace, of Hookline and of the stream
// alone in turns.
func paced(ctx context.Context, b *bench) (*result, error) {
	r := &result{
		about: fmt.Sprintf(
			"Transactions of one row, committed at a steady pace for %s with synchronous_commit on, over "+
				"as many connections as "+
				"that needs: 1 for 200 per second, 8 for more. The first %s, in which Hookline's connections "+
				"are made, are left out. The "+
				"latency ends when the receiver has read the body. It begins with the server's word that it "+
				"is committed, or just before the statement "+
				"was sent: then the commit's own wait for the disk is in it. The limit is the stream alone, "+
				"until the row is parsed; the server sends it at "+
				"about the moment in which it answers the writer, and what is there before that answer "+
				"counts as 0. The CPU time is that from when "+
				"Hookline was ready.", b.scaled(pacedSpan), b.scaled(pacedSpan)/pacedSettle),
	}
	for _, at := range []pacing{
		{rate: 200, connections: 1, runs: 1},
		{rate: 1000, connections: 8, runs: b.runs, p50: time.Millisecond, p99: 5 * time.Millisecond},
		{rate: 5000, connections: 8, runs: b.runs, p99: 15 * time.Millisecond},
	} {
		figures, counts, err := b.pace(ctx, at)
		if err != nil {
			return nil, fmt.Errorf("%d per second: %w", at.rate, err)
		}
		r.figures = append(r.figures, figures...)
		r.counts.add(counts)
	}
	return r, nil
}

// clocked is what was measured at one pace, a value for each run.
type clocked struct {
	rate            sample            // of commits
	committed, sent map[string]sample // seconds from either clock's start, by the percentile's name
}

// percentiles are what is told of latencies, lowest first.
var percentiles = []struct {
	name  string
	share float64
}{{"p50", 0.50}, {"p90", 0.90}, {"p99", 0.99}, {"max", 1}}

// pace measures one pace.
func (b *bench) pace(ctx context.Context, at pacing) (figures []figure, c counts, err error) {
	to, err := listen(0)
	if err != nil {
		return nil, c, err
	}
	defer to.close()
	d, err := newDatabase(ctx, b.server, fmt.Sprintf("paced_%d", at.rate), to.url(0))
	if err != nil {
		return nil, c, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	n := int(float64(at.rate) * b.scaled(pacedSpan).Seconds())
	if err := d.draft(ctx, n); err != nil {
		return nil, c, err
	}
	delivered, parsed := newClocked(), newClocked()
	var cpu, peak sample
	for run := range at.runs {
		say("paced: %d per second, run %d of %d", at.rate, run+1, at.runs)
		t := to.expect(n, 1, signatureStride)
		u, err := b.deliverPaced(ctx, d, at, d.slot(run), t, delivered)
		if err != nil {
			return nil, c, err
		}
		c.add(t.result())
		if t.result().lost > 0 {
			return nil, c, t.result().err()
		}
		cpu, peak = append(cpu, per1000(u.active, n)), append(peak, u.memory.peak)
		if err := b.parsePaced(ctx, d, at, d.slot(at.runs+run), newTally(n, 1), parsed); err != nil {
			return nil, c, fmt.Errorf("%s: %w", limitParse, err)
		}
	}
	figures = []figure{{
		what: "commits/s", values: delivered.rate, print: perSecond,
		against: []comparison{{limit: "pace", values: sample{float64(at.rate)}}},
	}}
	for _, p := range percentiles {
		f := figure{
			what: "committed to receipt, " + p.name, values: delivered.committed[p.name], print: millis,
			against: []comparison{{limit: limitParse, values: parsed.committed[p.name]}},
		}
		switch p.name {
		case "p50":
			f = f.upTo(at.p50.Seconds())
		case "p99":
			f = f.upTo(at.p99.Seconds())
		}
		figures = append(figures, f)
	}
	for _, p := range percentiles {
		figures = append(figures, figure{
			what: "commit sent to receipt, " + p.name, values: delivered.sent[p.name], print: millis,
			against: []comparison{{limit: limitParse, values: parsed.sent[p.name]}},
		})
	}
	figures = append(figures,
		figure{what: cpuTime, values: cpu, print: millis},
		figure{what: peakMemory, values: peak, print: megabytes}.neverAbove(mostMemory))
	for i := range figures {
		figures[i].what = whole(float64(at.rate)) + "/s: " + figures[i].what
	}
	return figures, c, nil
}

// deliverPaced has Hookline deliver what is committed at a pace.
func (b *bench) deliverPaced(
	ctx context.Context, d *database, at pacing, slot string, t *tally, s *clocked,
) (usage, error) {
	if err := d.empty(ctx); err != nil {
		return usage{}, err
	}
	if err := b.hookline.setup(ctx, d, slot); err != nil {
		return usage{}, err
	}
	p, err := b.hookline.run(ctx, d, slot)
	if err != nil {
		return usage{}, err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return usage{}, err
	}
	if err := s.commit(p.alive, d, at, t); err != nil {
		return usage{}, err
	}
	return p.stop()
}

// parsePaced has the stream alone read it.
func (b *bench) parsePaced(
	ctx context.Context, d *database, at pacing, slot string, t *tally, s *clocked,
) error {
	if err := d.empty(ctx); err != nil {
		return err
	}
	if err := b.hookline.setup(ctx, d, slot); err != nil {
		return err
	}
	reading, end := context.WithCancelCause(ctx)
	defer end(nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := receiveAndParse(reading, d, slot, t); err != nil {
			end(err)
		}
	}()
	if err := s.commit(reading, d, at, t); err != nil {
		return err
	}
	<-ended
	return nil
}

// insertDraft inserts a contact that draft has made.
const insertDraft = "INSERT INTO contacts SELECT * FROM drafts WHERE id = $1 AND version = $2"

// draft makes contacts to be inserted later, so that making them does not take the cores while it
// is measured how long they are on their way. A table without primary key is not published.
func (d *database) draft(ctx context.Context, n int) error {
	if err := d.call(ctx, "CALL insert_contacts($1, $2)", 1, n); err != nil {
		return err
	}
	_, err := d.conn.Exec(ctx,
		"CREATE TABLE drafts AS TABLE contacts; CREATE INDEX ON drafts (id); ANALYZE drafts; TRUNCATE "+
			"contacts")
	return err
}

func newClocked() *clocked {
	return &clocked{committed: map[string]sample{}, sent: map[string]sample{}}
}

// commit commits what t expects, and waits until it is there.
func (s *clocked) commit(ctx context.Context, d *database, at pacing, t *tally) error {
	n := t.result().expected
	w := d.write(ctx, insertDraft, n, 1, time.Second/time.Duration(at.rate), at.connections)
	if _, err := w.wait(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := t.await(ctx); err != nil {
		return err
	}
	if t.result().lost > 0 {
		return t.result().err()
	}
	from, to := w.due(n/pacedSettle), time.Now()
	s.rate = append(s.rate, w.rate(from, to))
	committed, sent := w.latencies(t, from, to), w.sinceSent(t, from, to)
	for _, p := range percentiles {
		s.committed[p.name] = append(s.committed[p.name], committed.percentile(p.share))
		s.sent[p.name] = append(s.sent[p.name], sent.percentile(p.share))
	}
	return nil
}
