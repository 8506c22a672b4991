package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	consoleHooks  = 1000                   // webhooks, each of which has its share of what waits
	consoleShare  = 10                     // deliveries that wait, for each row of the backlog
	consoleAsks   = 5                      // times that each page is asked for
	mostPage      = 300 * time.Millisecond // that a page or an answer may take
	mostPageSize  = 256 << 10              // bytes of a page
	leastOfClosed = 0.98                   // the share of the rate without one that is left
	mostOfCPU     = 1.02                   // the share of the CPU time without one that is taken
	mostUnseen    = 1                      // MB that a console costs at which nobody looks
)

// console measures how long pages and answers of the console take with a great many webhooks and
// deliveries that wait, and what an open one costs the pump.
func console(ctx context.Context, b *bench) (*result, error) {
	waiting := b.rows * consoleShare
	figures, err := b.browse(ctx, waiting)
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	unseen, err := b.unseen(ctx)
	if err != nil {
		return nil, fmt.Errorf("while nothing happens: %w", err)
	}
	beside, counts, err := b.beside(ctx)
	if err != nil {
		return nil, fmt.Errorf("beside the pump: %w", err)
	}
	return &result{
		title: "The console",
		about: fmt.Sprintf("%s webhooks have %s deliveries that wait. Each page and answer is asked "+
			"for %d times, after one look at the overview, which opens the console's connections. Then a "+
			"backlog as that of backlog is drained without a console, with one at which nobody looks, and "+
			"with one that is open three times, in turns: at the overview, at the webhooks, and live at "+
			"the "+
			"deliveries. Before that, Hookline is left alone for %s by turns without a console and with one "+
			"at which nobody looks.",
			whole(consoleHooks), whole(float64(waiting)), consoleAsks, idleSpan),
		figures: append(append(figures, unseen), beside...),
		counts:  counts,
	}, nil
}

// browse asks for every page and answer.
func (b *bench) browse(ctx context.Context, waiting int) (figures []figure, err error) {
	urls := make([]string, consoleHooks)
	for i := range urls {
		urls[i] = fmt.Sprintf("http://127.0.0.1:9/%d", i)
	}
	d, err := newDatabase(ctx, b.server, "console", urls...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := b.hookline.setup(ctx, d, d.slot(0)); err != nil {
		return nil, err
	}
	say("console: filling the spool with %d deliveries", waiting)
	each := waiting / consoleHooks
	if err := d.fillSpool(ctx, d.slot(0), each); err != nil {
		return nil, err
	}
	var key string
	if err := d.conn.QueryRow(ctx, "SELECT min(webhook) FROM hookline.queue").Scan(&key); err != nil {
		return nil, err
	}
	hook := url.QueryEscape(key)
	deep := time.Now().Add(-time.Duration(each) * time.Second * 9 / 10).UTC().Format(time.RFC3339)
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	p, err := b.hookline.run(ctx, d, d.slot(0), "HOOKLINE_ADMIN_ADDR="+addr)
	if err != nil {
		return nil, err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return nil, err
	}
	if _, _, err := ask(p.alive, addr, "/part/overview"); err != nil {
		return nil, err
	}
	var largest float64
	for _, path := range []string{
		"/", "/part/overview", "/webhooks", "/webhooks?search=9&state=waiting", "/webhook?key=" + hook,
		"/deliveries", "/deliveries?state=waiting", "/deliveries?state=dead",
		"/deliveries?webhook=" + hook, "/deliveries?event=contact.created",
		"/deliveries?event=nothing.created", "/deliveries?record=77", "/deliveries?status=503",
		"/deliveries?status=404", "/deliveries?hours=1",
		"/deliveries?after=" + url.QueryEscape(deep+"~evt_~"), "/delivery?id=" + spooledEvent,
		"/replay?state=dead", "/objects", "/gaps", "/doctor", "/settings", "/api/v1/overview",
		"/api/v1/webhooks", "/api/v1/deliveries", "/api/v1/deliveries?status=404", "/api/v1/remaining",
		"/api/v1/objects", "/api/v1/gaps", "/api/v1/settings", "/api/v1/series",
	} {
		f := figure{what: strings.ReplaceAll(path, hook, "…"), print: millis}
		for range consoleAsks {
			took, size, err := ask(p.alive, addr, path)
			if err != nil {
				return nil, err
			}
			f.values = append(f.values, took.Seconds())
			if !strings.HasPrefix(path, "/api/") {
				largest = max(largest, float64(size))
			}
		}
		figures = append(figures, f.neverAbove(mostPage.Seconds()))
	}
	_, err = p.stop()
	size := figure{what: "bytes of the largest page", values: sample{largest}, print: whole}
	return append(figures, size.neverAbove(mostPageSize)), err
}

// spooledEvent is the ID of the first of the events that fillSpool makes.
const spooledEvent = "evt_0badcafe_0000000000000001_0"

// fillSpool has so many deliveries wait for each webhook, none of which is due within a day: those
// of one event to each webhook at a time, a second after the one before.
func (d *database) fillSpool(ctx context.Context, slot string, each int) error {
	for _, sql := range []string{
		`INSERT INTO hookline.queue (slot, webhook, waiting, bytes, oldest, since)
			SELECT '` + slot + `', 'public.webhooks/' || id, $1::integer, $1::integer * 600,
				now() - $1::integer * interval '1 s', now()
			FROM webhooks`,
		`INSERT INTO hookline.delivery (queue, record, commit_time, due_at, attempts, status, size, dead,
				replay, event_id, object, action, workspace, object_id, member_id, reason, format, data,
				record_key)
			SELECT q.id, n, now() - ($1::integer - n) * interval '1 s', now() + interval '1 day', 3, 503,
				600, false, false, 'evt_0badcafe_' || lpad(to_hex(n), 16, '0') || '_0', 'contact', 'created', '', '', '',
				'', 'event', convert_to(format('{"id":%s,"name":%s}', n, to_json(repeat('x', 200))), 'UTF8'),
				convert_to(format('{"id":%s}', n), 'UTF8')
			FROM generate_series(1, $1::integer) n, hookline.queue q`,
	} {
		if _, err := d.conn.Exec(ctx, sql, each); err != nil {
			return err
		}
	}
	_, err := d.conn.Exec(ctx, "VACUUM ANALYZE")
	return err
}

// ask asks the console once, and returns how long it took and how much came.
func ask(ctx context.Context, addr, path string) (took time.Duration, size int64, err error) {
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, http.NoBody)
	if err != nil {
		return 0, 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	if size, err = io.Copy(io.Discard, resp.Body); err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s is answered with %s", path, resp.Status)
	}
	return time.Since(began), size, err
}

// unseen measures how much more memory Hookline has with a console at which nobody looks, while
// nothing happens.
func (b *bench) unseen(ctx context.Context) (f figure, err error) {
	to, err := listen(0)
	if err != nil {
		return f, err
	}
	defer to.close()
	d, err := newDatabase(ctx, b.server, "console_unseen", to.url(0))
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := b.hookline.setup(ctx, d, d.slot(0)); err != nil {
		return f, err
	}
	var memory [2]sample // without a console, and with one
	for run := range 2 * b.runs {
		kind := run % 2
		if run/2%2 == 1 { // whoever is first is so every other time
			kind = 1 - kind
		}
		say("console: left alone, run %d of %d", run+1, 2*b.runs)
		now, err := b.alone(ctx, d, kind == 1)
		if err != nil {
			return f, err
		}
		memory[kind] = append(memory[kind], now)
	}
	more := sample{memory[1].median() - memory[0].median()}
	return figure{
		what: "nobody looks: more resident memory", values: more, print: megabytes,
	}.upTo(mostUnseen), nil
}

// alone returns the resident memory of Hookline, with a console or without, at the end of a span in
// which nothing happens.
func (b *bench) alone(ctx context.Context, d *database, console bool) (float64, error) {
	setting := "off"
	if console {
		addr, err := freeAddr()
		if err != nil {
			return 0, err
		}
		setting = addr
	}
	p, err := b.hookline.run(ctx, d, d.slot(0), "HOOKLINE_ADMIN_ADDR="+setting)
	if err != nil {
		return 0, err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return 0, err
	}
	if err := waitUntil(p.alive, time.Now().Add(idleSpan)); err != nil {
		return 0, err
	}
	u, err := p.stop()
	return u.memory.now, err
}

// beside drains the same backlog in turns: without a console, with one, and with one that is open.
func (b *bench) beside(ctx context.Context) (figures []figure, all counts, err error) {
	const kinds = 3
	to, err := listen(0)
	if err != nil {
		return nil, all, err
	}
	defer to.close()
	l := load{name: "console_beside", records: b.rows, versions: 1, runs: kinds * b.runs}
	l = l.each(commitContacts)
	d, err := b.prepare(ctx, l, to.url(0))
	if err != nil {
		return nil, all, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	var rate, cpu, memory [kinds]sample
	for run := range l.runs {
		kind := run % kinds
		if run/kinds%2 == 1 { // whoever is first is so every other time
			kind = kinds - 1 - kind
		}
		say("console: run %d of %d", run+1, l.runs)
		t := to.expect(l.records, l.versions, signatureStride)
		u, err := b.watched(ctx, d, d.slot(run), t, kind)
		if err != nil {
			return nil, all, err
		}
		all.add(t.result())
		rate[kind] = append(rate[kind], paceOf(t).rate)
		cpu[kind] = append(cpu[kind], per1000(u.active, l.events()))
		memory[kind] = append(memory[kind], u.memory.now)
	}
	more := sample{}
	for i := range memory[0] {
		more = append(more, memory[1][i]-memory[0][i])
	}
	const without = "without a console"
	return []figure{
		figure{
			what: "an open console: " + eventRate, values: rate[2], print: perSecond,
			against: []comparison{{limit: without, values: rate[0]}},
		}.atLeast(leastOfClosed),
		figure{
			what: "an open console: " + cpuTime, values: cpu[2], print: millis,
			against: []comparison{{limit: without, values: cpu[0]}},
		}.atMost(mostOfCPU),
		{
			what: "nobody looks, after the backlog: resident memory", values: memory[1], print: megabytes,
			against: []comparison{{limit: without, values: memory[0]}},
		},
		{ // as attempts were made, what is remembered of them is in it
			what: "nobody looks, after the backlog: more resident memory", values: more, print: megabytes,
		},
	}, all, nil
}

// watched drains a slot without a console (kind 0), with one (1), or with one that is open (2).
func (b *bench) watched(
	ctx context.Context, d *database, slot string, t *tally, kind int,
) (usage, error) {
	addr, err := freeAddr()
	if err != nil {
		return usage{}, err
	}
	setting := addr
	if kind == 0 {
		setting = "off"
	}
	p, err := b.hookline.run(ctx, d, slot, "HOOKLINE_ADMIN_ADDR="+setting)
	if err != nil {
		return usage{}, err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return usage{}, err
	}
	looking, end := context.WithCancel(p.alive)
	defer end()
	if kind == 2 {
		go func() { _, _, _ = ask(looking, addr, "/deliveries/live") }() // until it is over
		for path, every := range map[string]time.Duration{
			"/part/overview": 5 * time.Second, "/part/webhooks": 5 * time.Second, // as the pages do
			"/api/v1/series": 10 * time.Second,
		} {
			go func() {
				_ = until(looking, every, func() (bool, error) {
					_, _, err := ask(looking, addr, path)
					return false, err
				})
			}()
		}
	}
	if err := t.await(p.alive); err != nil {
		return usage{}, err
	}
	end()
	if lost := t.result(); lost.lost > 0 {
		return usage{}, lost.err()
	}
	return p.stop()
}
