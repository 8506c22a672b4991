package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	hostsCount     = 1000
	mostConnection = 40 // kB of resident memory for each idle connection
	metricShakes   = "hookline_tls_handshakes_total"
)

// hosts delivers to a great many hosts by https, each of which has one webhook: first over new
// connections, and then over new ones on which sessions are resumed.
func hosts(ctx context.Context, b *bench) (*result, error) {
	r := &result{about: fmt.Sprintf(
		"%s hosts by https, each with a webhook of its own, hear of one commit. Each takes a "+
			"connection for it, which stays; memory is what resident memory has grown by, 2 s later. They "+
			"hear of a second commit, and close their connections; at the third, sessions are resumed. The "+
			"limit is net/http's client, which posts as much to the same hosts, 64 at a time. Rates are from "+
			"the first request's arrival to the last one's.", whole(hostsCount))}
	for i, protocol := range []string{tlsHTTP1, tlsHTTP2} {
		if err := b.hostsBy(ctx, r, protocol, fmt.Sprintf("hosts_%d", i)); err != nil {
			return nil, fmt.Errorf("%s: %w", protocol, err)
		}
	}
	return r, nil
}

// arrivals counts the requests of a group, and says when they came.
type arrivals struct {
	*group
	closing atomic.Bool // answers end their connections

	mu          sync.Mutex
	n           int
	first, last time.Time
}

func (a *arrivals) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	a.mu.Lock()
	if a.last = time.Now(); a.n == 0 {
		a.first = a.last
	}
	a.n++
	a.mu.Unlock()
	if a.closing.Load() {
		w.Header().Set("Connection", "close")
	}
	a.group.ServeHTTP(w, req)
}

// rate waits until each host has had a request, since it was asked for last, and returns how many
// came in a second.
func (a *arrivals) rate(ctx context.Context) (perSecond float64, err error) {
	err = until(ctx, time.Millisecond, func() (bool, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.n < hostsCount {
			return false, nil
		}
		perSecond = float64(a.n-1) / a.last.Sub(a.first).Seconds()
		a.n = 0
		return true, nil
	})
	return perSecond, err
}

// rounds are what is measured of one client: on new connections, and on resumed sessions.
type rounds struct {
	full, resumed, memory sample
	shakes                sample // in all three rounds
}

func (b *bench) hostsBy(
	ctx context.Context, r *result, protocol, name string,
) (err error) {
	g, err := newGroup(hostsCount, 0)
	if err != nil {
		return err
	}
	a := &arrivals{group: g}
	g.handler, g.protocol = a, protocol
	if g.shows, err = newCertificate(net.IPv4zero); err != nil {
		return err
	}
	defer g.close()
	if err := g.up(); err != nil {
		return err
	}
	d, err := newDatabase(ctx, b.server, name, g.urls()...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	d.env = g.env()
	var own, plain rounds
	for run := range b.runs {
		say("%s: %s: run %d of %d", "hosts", protocol, run+1, b.runs)
		if err := d.empty(ctx); err != nil {
			return err
		}
		tallies := g.expect(1, 3, 1)
		if err := b.meet(ctx, d, d.slot(run), a, &own); err != nil {
			return err
		}
		for _, t := range tallies {
			r.counts.add(t.result())
		}
		g.expect(1, 3, 0)
		if err := a.meetPlain(ctx, &plain); err != nil {
			return fmt.Errorf("net/http: %w", err)
		}
	}
	r.figures = append(r.figures,
		figure{
			what: protocol + ": requests/s on new connections", values: own.full, print: perSecond,
			against: []comparison{{limit: limitPost, values: plain.full}},
		},
		figure{
			what: protocol + ": requests/s on resumed sessions", values: own.resumed, print: perSecond,
			against: []comparison{{limit: limitPost, values: plain.resumed}},
		},
		figure{what: protocol + ": handshakes in three rounds", values: own.shakes, print: whole},
		figure{
			what: protocol + ": memory of an idle connection", values: own.memory, print: kilobytes,
		}.upTo(mostConnection))
	return nil
}

func kilobytes(v float64) string { return fmt.Sprintf("%.1f kB", v) }

// meet has Hookline make its three rounds.
func (b *bench) meet(
	ctx context.Context, d *database, slot string, a *arrivals, into *rounds,
) error {
	if err := b.hookline.setup(ctx, d, slot); err != nil {
		return err
	}
	p, err := b.hookline.run(ctx, d, slot, d.env...)
	if err != nil {
		return err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return err
	}
	const settles = 2 * time.Second
	if err := waitUntil(p.alive, time.Now().Add(settles)); err != nil {
		return err
	}
	before, err := p.memory()
	if err != nil {
		return err
	}
	var rates sample
	for version := range 3 {
		a.closing.Store(version == 1)
		if err := d.call(ctx, writeContact, 1, version+1); err != nil {
			return err
		}
		rate, err := a.rate(p.alive)
		if err != nil {
			return err
		}
		rates = append(rates, rate)
		if err := waitUntil(p.alive, time.Now().Add(settles)); err != nil {
			return err
		}
		if version == 0 {
			now, err := p.memory()
			if err != nil {
				return err
			}
			into.memory = append(into.memory, (now.now-before.now)*1000/hostsCount)
		}
	}
	into.full, into.resumed = append(into.full, rates[0]), append(into.resumed, rates[2])
	shakes, err := p.metric(metricShakes)
	if err != nil {
		return err
	}
	into.shakes = append(into.shakes, shakes)
	_, err = p.stop()
	return err
}

// meetPlain has net/http do so, in a process of its own.
func (a *arrivals) meetPlain(ctx context.Context, into *rounds) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, exe, meetArgument, strconv.Itoa(a.port))
	cmd.Env = append(os.Environ(), a.env()...)
	cmd.Stderr = os.Stderr
	next, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var rates sample
	for round := range 3 {
		a.closing.Store(round == 1)
		if _, err := next.Write([]byte{'\n'}); err != nil {
			return err
		}
		rate, err := a.rate(ctx)
		if err != nil {
			return err
		}
		rates = append(rates, rate)
	}
	into.full, into.resumed = append(into.full, rates[0]), append(into.resumed, rates[2])
	return errors.Join(next.Close(), cmd.Wait())
}

// meetArgument has this program post to each host on a port once, for each byte that comes on its
// standard input.
const meetArgument = "meet"

// meetHosts is its main function then. It returns the exit code.
func meetHosts(port string) int {
	const size = 1000
	client := http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, DisableCompression: true, MaxIdleConnsPerHost: 1,
		TLSClientConfig: &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(hostsCount)},
	}}
	h := &host{shows: new(certificate)}
	var err error
	if h.port, err = strconv.Atoi(port); err != nil {
		fmt.Fprintln(os.Stderr, "bench meet:", err)
		return 1
	}
	for next := make([]byte, 1); ; {
		if n, _ := os.Stdin.Read(next); n == 0 {
			return 0
		}
		var place atomic.Int64
		var posters sync.WaitGroup
		for range inFlight {
			posters.Go(func() {
				for n := int(place.Add(1)) - 1; n < hostsCount; n = int(place.Add(1)) - 1 {
					if err := postOnce(&client, h.url(n)+strconv.Itoa(n), make([]byte, size)); err != nil {
						fmt.Fprintln(os.Stderr, "bench meet:", err)
						os.Exit(1)
					}
				}
			})
		}
		posters.Wait()
	}
}
