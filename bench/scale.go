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

var arrangements = []arrangement{
	{"one process", 0}, {"1 sender", 1}, {"2 senders", 2}, {"4 senders", 4},
}

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

// withBus calls f with a server, which ends with it.
func withBus(ctx context.Context, f func(s *busServer) error) (err error) {
	dir, err := os.MkdirTemp("", "hookline-bench-bus-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := startBus(ctx, dir)
	if err != nil {
		return err
	}
	defer s.kill()
	return f(s)
}

// withReceivers calls f with a database and a group of receivers that its webhooks are at, spread
// over the partitions.
func (b *bench) withReceivers(ctx context.Context, name string, webhooks int, latency time.Duration,
	f func(d *database, to *group) error,
) (err error) {
	to, err := newGroup(webhooks, latency)
	if err != nil {
		return err
	}
	defer to.close()
	if err := to.up(); err != nil {
		return err
	}
	d, err := newDatabase(ctx, b.server, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.spread(ctx, to.urls()); err != nil {
		return err
	}
	return f(d, to)
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
	ctx context.Context, l load, latency time.Duration, webhooks int, list []arrangement,
	env ...string,
) (measured []*arranged, c counts, err error) {
	for range list {
		measured = append(measured, &arranged{})
	}
	err = withBus(ctx, func(s *busServer) error {
		return b.withReceivers(ctx, l.name, webhooks, latency, func(d *database, to *group) error {
			d.env = env
			if err := b.stageFor(ctx, d, s, l, list); err != nil {
				return err
			}
			for run := range l.runs {
				for i, a := range list {
					say("%s: %s, run %d of %d", l.name, a.name, run+1, l.runs)
					tallies := to.expect(l.records, l.versions, signatureStride)
					slot := d.slot(i*l.runs + run)
					if err := b.drainBy(ctx, d, s, slot, a, tallies, measured[i]); err != nil {
						return fmt.Errorf("%s: %w", a.name, err)
					}
					for _, t := range tallies {
						c.add(t.result())
					}
				}
			}
			return nil
		})
	})
	return measured, c, err
}

// stageFor makes a slot, and a stream where there is a bus, for each run of each arrangement, and
// writes the load.
func (b *bench) stageFor(
	ctx context.Context, d *database, s *busServer, l load, list []arrangement,
) error {
	for i, a := range list {
		for run := range l.runs {
			slot := d.slot(i*l.runs + run)
			if err := b.hookline.setup(ctx, d, slot); err != nil {
				return err
			}
			if a.senders == 0 {
				continue
			}
			if err := b.prepareBus(ctx, d, s, slot); err != nil {
				return err
			}
		}
	}
	say("%s: writing %d records in %d versions", l.name, l.records, l.versions)
	if err := l.write(ctx, d); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
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
