package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	outageEvery = time.Second / 1000 // between two commits
	mostWAL     = 64                 // that an outage may make the server keep, in MiB
	mostOutage  = 128                // of resident memory, in MB
)

// The outage's phases, in passes of the writer through all contacts.
const (
	outageBefore = 1 // the contacts are made
	outageHealth = 2 // both receivers are well: what the rest is compared with
	outageLength = 6
	outageAfter  = 3 // that the failing one is back and gets something
)

// longestProbe is what may pass until a receiver that is back gets something.
const longestProbe = 75 * time.Second

// outage measures what a receiver that refuses connections for a while costs the database and
// another receiver, and how it is caught up with, while commits go on.
func outage(ctx context.Context, b *bench) (r *result, err error) {
	healthy, err := listen(0)
	if err != nil {
		return nil, err
	}
	defer healthy.close()
	failing, err := listen(0)
	if err != nil {
		return nil, err
	}
	defer failing.close()
	d, err := newDatabase(ctx, b.server, "outage", healthy.url(0), failing.url(0))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := b.hookline.setup(ctx, d, d.slot(0)); err != nil {
		return nil, err
	}

	contacts := b.rows / 10
	pass := time.Duration(contacts) * outageEvery
	versions := outageBefore + outageHealth + outageLength + outageAfter + int(longestProbe/pass) + 1
	well, ill := healthy.expect(contacts, versions, signatureStride),
		failing.expect(contacts, versions, signatureStride)
	p, err := b.hookline.run(ctx, d, d.slot(0), "HOOKLINE_LOG_LEVEL=error")
	if err != nil {
		return nil, err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return nil, err
	}
	wal, err := d.watchWAL(ctx, d.slot(0))
	if err != nil {
		return nil, err
	}
	defer wal.end()
	w := d.write(p.alive, writeContact, contacts, versions, outageEvery, writers)
	o := outageTimes{
		start: w.start, health: w.due(contacts * outageBefore),
		down: w.due(contacts * (outageBefore + outageHealth)),
		up:   w.due(contacts * (outageBefore + outageHealth + outageLength)),
	}
	if err := o.play(p.alive, failing, ill, pass); err != nil {
		return nil, err
	}
	written, err := w.finish()
	if err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	for _, t := range []*tally{well, ill} {
		t.cut(written)
		if err := t.await(p.alive); err != nil {
			return nil, err
		}
	}
	o.end = time.Now()
	if err := wal.stop(); err != nil {
		return nil, err
	}
	u, err := p.stop()
	if err != nil {
		return nil, err
	}
	counts := well.result()
	counts.add(ill.result())
	if counts.lost > 0 {
		return nil, counts.err()
	}
	return o.result(w, well, ill, wal, u, counts), nil
}

// outageTimes says when the phases began.
type outageTimes struct {
	start  time.Time
	health time.Time // the contacts are there
	down   time.Time
	up     time.Time
	back   time.Time // the receiver that was down gets something
	end    time.Time
}

// play takes the failing receiver through the phases.
func (o *outageTimes) play(
	ctx context.Context, failing *receiver, ill *tally, pass time.Duration,
) error {
	say("outage: both receivers are well, for %s", o.down.Sub(o.start))
	if err := waitUntil(ctx, o.down); err != nil {
		return err
	}
	say("outage: one of them is down, for %s", o.up.Sub(o.down))
	if err := failing.down(ctx); err != nil {
		return err
	}
	if err := waitUntil(ctx, o.up); err != nil {
		return err
	}
	say("outage: it is up again")
	missing := ill.result().lost
	if err := failing.up(); err != nil {
		return err
	}
	err := until(ctx, 10*time.Millisecond, func() (bool, error) {
		return ill.result().lost < missing || time.Since(o.up) > longestProbe, nil
	})
	if err != nil {
		return err
	}
	o.back = time.Now()
	say("outage: it gets something, %s later", o.back.Sub(o.up).Round(time.Millisecond))
	return waitUntil(ctx, o.back.Add(outageAfter*pass))
}

func (o *outageTimes) result(
	w *writer, well, ill *tally, wal *retention, u usage, counts counts,
) *result {
	rate := func(from, to time.Time) float64 {
		return float64(len(w.between(from, to))) / to.Sub(from).Seconds()
	}
	p99 := func(s sample) float64 { return s.percentile(0.99) }
	caught := catchUp(w, ill, o.back)
	commits, latencies := w.commits(o.health, o.down), w.latencies(well, o.health, o.down)
	kept, down, later := wal.peak(o.health, o.down), wal.peak(o.down, o.up), wal.peak(o.up, o.end)
	const both = "both well"
	return &result{
		title: "A receiver that is down",
		about: fmt.Sprintf(
			"%s transactions of one row per second, %s in all, which change %s contacts in turn. Two "+
				"webhooks get everything. "+
				"Both are well for %s; then one refuses connections for %s, while commits go on, and for "+
				"some time after its return. What the "+
				"other one gets is measured from the server's word that it is committed until the receiver "+
				"has read the body; the commit alone, from "+
				"just before the statement is sent until that word.",
			whole(1/w.every.Seconds()), whole(float64(counts.expected/2)), whole(float64(w.contacts)),
			o.down.Sub(o.start), o.up.Sub(o.down)),
		figures: []figure{
			compared("one down: commits/s", perSecond, rate(o.down, o.up), both, rate(o.health, o.down)),
			compared("one down: the commit alone, p99", millis, p99(w.commits(o.down, o.up)), both,
				p99(commits)),
			compared("one down: committed to receipt, p50", millis, w.latencies(well, o.down, o.up).median(),
				both, latencies.median()),
			compared("one down: committed to receipt, p99", millis, p99(w.latencies(well, o.down, o.up)),
				both, p99(latencies)),
			compared("one catching up: the commit alone, p99", millis, p99(w.commits(o.back, caught.at)),
				both, p99(commits)),
			compared("one catching up: committed to receipt, p99", millis,
				p99(w.latencies(well, o.back, caught.at)), both, p99(latencies)),
			compared("one down: peak of WAL not acknowledged", mebibytes, down.unsettled, both,
				kept.unsettled).neverAbove(mostWAL),
			compared("one down: peak of WAL kept for the slot", mebibytes, down.kept, both, kept.kept),
			compared("one catching up: peak of WAL not acknowledged", mebibytes, later.unsettled, both,
				kept.unsettled).neverAbove(mostWAL),
			compared("one catching up: peak of WAL kept for the slot", mebibytes, later.kept, both,
				kept.kept),
			{
				what: "from the return to the first event", values: sample{o.back.Sub(o.up).Seconds()},
				print: seconds,
			},
			{what: "events that wait then", values: sample{float64(caught.behind)}, print: whole},
			{
				what: "from the first event until it has caught up", values: sample{caught.took.Seconds()},
				print: seconds,
			},
			compared("events/s meanwhile", perSecond, caught.rate, "commits/s meanwhile",
				rate(o.back, caught.at)).atLeast(1),
			{
				what: peakMemory, values: sample{u.memory.peak}, print: megabytes, most: mostOutage,
				always: true,
			},
		},
		counts: counts,
	}
}

// catchingUp is how a receiver caught up with what was committed while it got nothing.
type catchingUp struct {
	behind int           // events that it had not got at the beginning
	took   time.Duration // until it was no further behind than a tenth of a second's commits
	at     time.Time     // that moment
	rate   float64       // events that it got per second until then
}

// catchUp finds out how t caught up with w from a moment on.
func catchUp(w *writer, t *tally, from time.Time) catchingUp {
	sent := slices.DeleteFunc(slices.Clone(w.sent), time.Time.IsZero)
	slices.SortFunc(sent, time.Time.Compare)
	came := t.came()
	committed, _ := slices.BinarySearchFunc(sent, from, time.Time.Compare)
	got, _ := slices.BinarySearchFunc(came, from, time.Time.Compare)
	c := catchingUp{behind: committed - got, at: came[len(came)-1]}
	near, first := int(time.Second/10/w.every), got
	for ; got < len(came); got++ {
		for committed < len(sent) && sent[committed].Before(came[got]) {
			committed++
		}
		if committed-got <= near {
			c.at = came[got]
			break
		}
	}
	c.took = c.at.Sub(from)
	c.rate = float64(got-first) / c.took.Seconds()
	return c
}
