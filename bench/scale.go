package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"hookline/internal/bus"
	"hookline/internal/natstest"
	"hookline/internal/postgres"
)

// What the scenarios with a bus have in common.
const (
	scalePartitions = 8
	scaleRequests   = 32 // HOOKLINE_MAX_REQUESTS of each process, so that it is what bounds
	scaleWebhooks   = 24 // fewer than that, as each gets one request at least
	metricHeld      = "hookline_bus_held_partitions"
)

// arrangement is how Hookline is started: as one process, or as a reader and so many senders.
type arrangement struct {
	name    string
	senders int // 0: one process, without a bus
}

var arrangements = []arrangement{{"one process", 0}, {"1 sender", 1}, {"2 senders", 2}, {"4 senders", 4}}

// busServer is a NATS server in a process of its own.
type busServer struct {
	*process
	node natstest.Node
}

// startBus starts a server that keeps its files in dir.
func startBus(ctx context.Context, dir string) (*busServer, error) {
	port, err := postgres.FreePort()
	if err != nil {
		return nil, err
	}
	s := &busServer{node: natstest.Node{Dir: filepath.Join(dir, "nats"), Port: port}}
	cmd, err := s.node.Command(ctx)
	if err != nil {
		return nil, err
	}
	if s.process, err = start(ctx, cmd, ""); err != nil {
		return nil, err
	}
	err = until(s.alive, 10*time.Millisecond, func() (bool, error) {
		nc, err := nats.Connect(s.node.URL())
		if err != nil {
			return false, nil //nolint:nilerr // it does not listen yet
		}
		nc.Close()
		return true, nil
	})
	if err != nil {
		s.kill()
		return nil, err
	}
	return s, nil
}

// spread makes a webhook for each of the URLs, as many of them in each partition.
func (d *database) spread(ctx context.Context, urls []string) error {
	ids := make([]string, len(urls))
	for i := range urls {
		for bus.PartitionOf("public.webhooks/"+ids[i], scalePartitions) != i%scalePartitions ||
			ids[i] == "" {
			var b [16]byte
			_, _ = rand.Read(b[:]) // it never fails
			ids[i] = fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
		}
	}
	_, err := d.conn.Exec(ctx, `INSERT INTO webhooks (id, url, secret, operations)
		SELECT id::uuid, url, $3, ARRAY[$4] FROM unnest($1::text[], $2::text[]) x (id, url)`, ids, urls,
		secret, everything)
	return err
}

// busEnv is what processes at a bus are started with. Each slot has a stream of its own.
func (s *busServer) busEnv(slot string) []string {
	return []string{
		"HOOKLINE_NATS_URL=" + s.node.URL(), "HOOKLINE_NAME=" + slot, "HOOKLINE_ADMIN_ADDR=off",
		"HOOKLINE_BUS_PARTITIONS=" + strconv.Itoa(scalePartitions),
	}
}

// role starts a process that has a part of the work, and returns when it is ready.
func (h *hookline) role(
	ctx context.Context, d *database, slot, role string, env ...string,
) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	cmd := h.command(ctx, "run", d, slot, addr, env...)
	if role != "" {
		cmd.Args = append(cmd.Args, "--role", role)
	}
	p, err := start(ctx, cmd, addr)
	if err != nil {
		return nil, err
	}
	if err := p.ready(); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// fleet is the processes of an arrangement.
type fleet struct {
	reader  *process // or the only one
	senders []*process
}

func (f *fleet) all() []*process {
	if f.reader == nil {
		return f.senders
	}
	return append(slices.Clone(f.senders), f.reader)
}

func (f *fleet) kill() {
	for _, p := range f.all() {
		p.kill()
	}
}

// stop ends them in order, and tells what they took together.
func (f *fleet) stop() (cpu time.Duration, err error) {
	for _, p := range f.all() {
		u, err := p.stop()
		if err != nil {
			return 0, err
		}
		cpu += u.active
	}
	return cpu, nil
}

// prepareBus makes the stream of a slot: senders wait for a reader to have done so.
func (b *bench) prepareBus(ctx context.Context, d *database, s *busServer, slot string) error {
	p, err := b.hookline.role(ctx, d, slot, "reader", append(d.env, s.busEnv(slot)...)...)
	if err != nil {
		return err
	}
	defer p.kill()
	_, err = p.stop()
	return err
}

// gatherSenders starts the senders of an arrangement, and returns when each has its share of the
// partitions: the backlog is not to be that of the first to come.
func (b *bench) gatherSenders(
	ctx context.Context, d *database, s *busServer, slot string, a arrangement, f *fleet,
) error {
	for range a.senders {
		p, err := b.hookline.role(ctx, d, slot, "sender", append(d.env, s.busEnv(slot)...)...)
		if err != nil {
			return err
		}
		f.senders = append(f.senders, p)
	}
	for _, p := range f.senders {
		want := float64(scalePartitions / a.senders)
		got, err := p.until(metricHeld, metricEvery, func(n float64) bool { return n == want })
		if err == nil && got != want {
			err = fmt.Errorf("a sender has %v partitions, want %v", got, want)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// startReader starts who reads the slot, and with it all deliveries.
func (b *bench) startReader(
	ctx context.Context, d *database, s *busServer, slot string, a arrangement, f *fleet,
) (err error) {
	role, env := "", d.env
	if a.senders > 0 {
		role, env = "reader", append(slices.Clone(d.env), s.busEnv(slot)...)
	}
	f.reader, err = b.hookline.role(ctx, d, slot, role, env...)
	return err
}

// arranged is what was measured of an arrangement, a value for each run.
type arranged struct {
	rate, cpu, bus sample
}

// compare drains a load by each of the arrangements in turns.
func (b *bench) compare(
	ctx context.Context, l load, latency time.Duration, webhooks int, list []arrangement, env ...string,
) (measured []*arranged, c counts, err error) {
	dir, err := os.MkdirTemp("", "hookline-bench-bus-")
	if err != nil {
		return nil, c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := startBus(ctx, dir)
	if err != nil {
		return nil, c, err
	}
	defer s.kill()
	to, err := newGroup(webhooks, latency)
	if err != nil {
		return nil, c, err
	}
	defer to.close()
	if err := to.up(); err != nil {
		return nil, c, err
	}
	d, err := newDatabase(ctx, b.server, l.name)
	if err != nil {
		return nil, c, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	d.env = env
	if err := d.spread(ctx, to.urls()); err != nil {
		return nil, c, err
	}
	for i, a := range list {
		measured = append(measured, &arranged{})
		for run := range l.runs {
			slot := d.slot(i*l.runs + run)
			if err := b.hookline.setup(ctx, d, slot); err != nil {
				return nil, c, err
			}
			if a.senders > 0 {
				if err := b.prepareBus(ctx, d, s, slot); err != nil {
					return nil, c, err
				}
			}
		}
	}
	say("%s: writing %d records in %d versions", l.name, l.records, l.versions)
	if err := l.write(ctx, d); err != nil {
		return nil, c, fmt.Errorf("write: %w", err)
	}
	for run := range l.runs {
		for i, a := range list {
			say("%s: %s, run %d of %d", l.name, a.name, run+1, l.runs)
			tallies := to.expect(l.records, l.versions, signatureStride)
			err := b.drainBy(ctx, d, s, d.slot(i*l.runs+run), a, tallies, measured[i])
			if err != nil {
				return nil, c, fmt.Errorf("%s: %w", a.name, err)
			}
			for _, t := range tallies {
				c.add(t.result())
			}
		}
	}
	return measured, c, nil
}

// drainBy has an arrangement deliver what the tallies expect.
func (b *bench) drainBy(ctx context.Context, d *database, s *busServer, slot string, a arrangement,
	tallies []*tally, m *arranged,
) error {
	f := &fleet{}
	defer f.kill()
	if err := b.gatherSenders(ctx, d, s, slot, a, f); err != nil {
		return err
	}
	before, err := s.cpu()
	if err != nil {
		return err
	}
	if err := b.startReader(ctx, d, s, slot, a, f); err != nil {
		return err
	}
	for _, t := range tallies {
		if err := t.await(f.reader.alive); err != nil {
			return err
		}
		if t.result().lost > 0 {
			return t.result().err()
		}
	}
	after, err := s.cpu()
	if err != nil {
		return err
	}
	cpu, err := f.stop()
	if err != nil {
		return err
	}
	n := 0
	for _, t := range tallies {
		n += t.result().expected
	}
	m.rate = append(m.rate, paceOf(tallies...).steady)
	m.cpu = append(m.cpu, per1000(cpu, n))
	m.bus = append(m.bus, per1000(after-before, n))
	return nil
}

const (
	leastOfFour  = 3.2 // what four senders deliver of what one does
	leastOfModel = 0.8 // what is delivered of what the model says
	leastThrough = 0.5 // what comes through the bus of what one process delivers
	mostAdded    = time.Millisecond
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
			scaleRequests, whole(most), arrangements[3].senders),
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

// through delivers to receivers that take no time, with and without a bus, and measures what it
// adds to the latency of single commits.
func through(ctx context.Context, b *bench) (*result, error) {
	list := arrangements[:2]
	l := load{name: "through", records: b.rows / 10, versions: 1, runs: b.runs}.each(commitContacts)
	m, c, err := b.compare(ctx, l, 0, 10, list)
	if err != nil {
		return nil, err
	}
	at := pacing{rate: 200, connections: 1, runs: b.runs}
	latency, paced, err := b.pacedBy(ctx, at, list)
	if err != nil {
		return nil, err
	}
	c.add(paced)
	added := make(sample, len(latency[0]))
	for i := range added {
		added[i] = max(0, latency[1][i]-latency[0][i])
	}
	r := &result{
		about: fmt.Sprintf(
			"%s rows for each of 10 webhooks, at receivers that take no time, by one process and by a reader "+
				"and 1 sender in turns. Then %d transactions of one row a second, for %s, one webhook.",
			whole(float64(l.records)), at.rate, b.scaled(pacedSpan)),
		counts: c,
	}
	for i, a := range list {
		rate := figure{what: a.name + ": deliveries/s, middle 80 %", values: m[i].rate, print: perSecond}
		if i == 1 {
			rate.against = []comparison{{limit: list[0].name, values: m[0].rate, least: leastThrough}}
		}
		r.figures = append(r.figures, rate)
		r.figures = append(r.figures, m[i].costs(a)...)
		r.figures = append(r.figures,
			figure{what: a.name + ": committed to receipt, p50", values: latency[i], print: millis})
	}
	r.figures = append(r.figures,
		figure{what: "added by the bus, p50", values: added, print: millis}.upTo(mostAdded.Seconds()))
	return r, nil
}

// pacedBy returns the median of the latencies of single commits, for each run by each arrangement.
func (b *bench) pacedBy(
	ctx context.Context, at pacing, list []arrangement,
) (p50 []sample, c counts, err error) {
	dir, err := os.MkdirTemp("", "hookline-bench-bus-")
	if err != nil {
		return nil, c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := startBus(ctx, dir)
	if err != nil {
		return nil, c, err
	}
	defer s.kill()
	to, err := listen(0)
	if err != nil {
		return nil, c, err
	}
	defer to.close()
	d, err := newDatabase(ctx, b.server, "through_paced", to.url(0))
	if err != nil {
		return nil, c, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	n := int(float64(at.rate) * b.scaled(pacedSpan).Seconds())
	if err := d.draft(ctx, n); err != nil {
		return nil, c, err
	}
	p50 = make([]sample, len(list))
	for run := range at.runs {
		for i, a := range list {
			say("through: %s at %d per second, run %d of %d", a.name, at.rate, run+1, at.runs)
			t := to.expect(n, 1, signatureStride)
			seconds, err := b.pacedOnce(ctx, d, s, d.slot(i*at.runs+run), a, at, t)
			if err != nil {
				return nil, c, fmt.Errorf("%s: %w", a.name, err)
			}
			p50[i] = append(p50[i], seconds)
			c.add(t.result())
		}
	}
	return p50, c, nil
}

func (b *bench) pacedOnce(ctx context.Context, d *database, s *busServer, slot string, a arrangement,
	at pacing, t *tally,
) (p50 float64, err error) {
	if err := d.empty(ctx); err != nil {
		return 0, err
	}
	if err := b.hookline.setup(ctx, d, slot); err != nil {
		return 0, err
	}
	f := &fleet{}
	defer f.kill()
	if a.senders > 0 {
		if err := b.prepareBus(ctx, d, s, slot); err != nil {
			return 0, err
		}
	}
	if err := b.gatherSenders(ctx, d, s, slot, a, f); err != nil {
		return 0, err
	}
	if err := b.startReader(ctx, d, s, slot, a, f); err != nil {
		return 0, err
	}
	clock := newClocked()
	if err := clock.commit(f.reader.alive, d, at, t); err != nil {
		return 0, err
	}
	_, err = f.stop()
	return clock.committed["p50"][0], err
}

// senderKilled kills one of four senders in the middle.
func senderKilled(ctx context.Context, b *bench) (r *result, err error) {
	dir, err := os.MkdirTemp("", "hookline-bench-bus-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := startBus(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer s.kill()
	to, err := newGroup(scaleWebhooks, slowBound)
	if err != nil {
		return nil, err
	}
	defer to.close()
	if err := to.up(); err != nil {
		return nil, err
	}
	d, err := newDatabase(ctx, b.server, "senderkilled")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	d.env = []string{"HOOKLINE_MAX_REQUESTS=" + strconv.Itoa(scaleRequests)}
	if err := d.spread(ctx, to.urls()); err != nil {
		return nil, err
	}
	slot, a := d.slot(0), arrangements[3]
	if err := b.hookline.setup(ctx, d, slot); err != nil {
		return nil, err
	}
	if err := b.prepareBus(ctx, d, s, slot); err != nil {
		return nil, err
	}
	rows := max(10, b.rows/200)
	if err := d.commitEach(ctx, commitContacts, rows, 1); err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	tallies := to.expect(rows, 1, signatureStride)
	f := &fleet{}
	defer f.kill()
	if err := b.gatherSenders(ctx, d, s, slot, a, f); err != nil {
		return nil, err
	}
	if err := b.startReader(ctx, d, s, slot, a, f); err != nil {
		return nil, err
	}
	if err := tallies[0].missing(f.reader.alive, rows/2); err != nil {
		return nil, err
	}
	killed := f.senders[0]
	f.senders = f.senders[1:]
	killed.kill()
	at := time.Now()
	var c counts
	for _, t := range tallies {
		if err := t.await(f.reader.alive); err != nil {
			return nil, err
		}
	}
	if _, err := f.stop(); err != nil {
		return nil, err
	}
	var last time.Time
	for _, t := range tallies {
		c.add(t.result())
		came := t.came()
		if n := len(came); n > 0 && came[n-1].After(last) {
			last = came[n-1]
		}
	}
	return &result{
		title: "A sender is killed",
		about: fmt.Sprintf("%d rows for each of %d webhooks, as senders, by 4 senders, one of which is killed "+
			"(SIGKILL) when half of them have come to one webhook. What it had in flight comes again, from "+
			"who takes its partitions.", rows, scaleWebhooks),
		figures: []figure{
			{
				what: "repeated deliveries", values: sample{float64(c.repeated)}, print: whole,
				most: scaleRequests,
			},
			{what: "from the kill to the last delivery", values: sample{last.Sub(at).Seconds()}, print: seconds},
		},
		counts: c, mayRepeat: true,
	}, nil
}
