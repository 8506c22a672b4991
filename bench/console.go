package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
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
			"for %d times, after one look at the overview, which opens the console's connections. Then "+
			"Hookline is left alone for %s by turns without a console and with one at which nobody looks. "+
			"Last, %d versions of each row of backlog are drained without a console, with one at which "+
			"nobody looks, and with one that is open three times, in turns: at the overview, at the "+
			"webhooks, and live at the deliveries. It is opened at the start, once, with what the doctor "+
			"examines for it, and does so again each minute; what it costs from then on is measured from "+
			"where a fifth of the events have come, in all three cases.",
			whole(consoleHooks), whole(float64(waiting)), consoleAsks, idleSpan, besideVersions),
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

// besideVersions is how many versions of each row are drained beside a console: so many that who
// looks asks for each part of it more than once.
const besideVersions = 3

// beside drains the same backlog in turns: without a console, with one, and with one that is open.
func (b *bench) beside(ctx context.Context) (figures []figure, all counts, err error) {
	const kinds = 3
	to, err := listen(0)
	if err != nil {
		return nil, all, err
	}
	defer to.close()
	l := load{
		name: "console_beside", records: b.rows, versions: besideVersions, runs: kinds * b.runs,
	}
	l = l.each(commitContacts)
	d, err := b.prepare(ctx, l, to.url(0))
	if err != nil {
		return nil, all, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	var rate, cpu, opening, memory [kinds]sample
	for run := range l.runs {
		kind := run % kinds
		if run/kinds%2 == 1 { // whoever is first is so every other time
			kind = kinds - 1 - kind
		}
		say("console: run %d of %d", run+1, l.runs)
		w, err := b.watched(ctx, d, d.slot(run), to.expect(l.records, l.versions, signatureStride), kind)
		if err != nil {
			return nil, all, err
		}
		all.add(w.counts)
		rate[kind] = append(rate[kind], w.rate)
		cpu[kind] = append(cpu[kind], w.cpu)
		opening[kind] = append(opening[kind], w.opening)
		memory[kind] = append(memory[kind], w.memory)
	}
	more, once := sample{}, sample{}
	for i := range memory[0] {
		more = append(more, memory[1][i]-memory[0][i])
		once = append(once, opening[2][i]-opening[0][i])
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
		{what: "opening it, once: more CPU", values: once, print: millis},
		{
			what: "nobody looks: " + eventRate, values: rate[1], print: perSecond,
			against: []comparison{{limit: without, values: rate[0]}},
		},
		{
			what: "nobody looks: " + cpuTime, values: cpu[1], print: millis,
			against: []comparison{{limit: without, values: cpu[0]}},
		},
		{
			what: "nobody looks, after the backlog: resident memory", values: memory[1], print: megabytes,
			against: []comparison{{limit: without, values: memory[0]}},
		},
		{ // as attempts were made, what is remembered of them is in it
			what: "nobody looks, after the backlog: more resident memory", values: more, print: megabytes,
		},
	}, all, nil
}

// besides is what one drain beside a console took.
type besides struct {
	counts  counts
	opening float64 // seconds of CPU of the first fifth of the events, in which a console is opened
	rate    float64 // events/s of the others
	cpu     float64 // seconds of CPU of 1,000 of the others
	memory  float64 // resident, in MB, at the end
}

// watched drains a slot without a console (kind 0), with one (1), or with one that is open (2).
func (b *bench) watched(
	ctx context.Context, d *database, slot string, t *tally, kind int,
) (w besides, err error) {
	addr, err := freeAddr()
	if err != nil {
		return w, err
	}
	setting := addr
	if kind == 0 {
		setting = "off"
	}
	p, err := b.hookline.run(ctx, d, slot, "HOOKLINE_ADMIN_ADDR="+setting)
	if err != nil {
		return w, err
	}
	defer p.kill()
	if err := p.ready(); err != nil {
		return w, err
	}
	looking, end := context.WithCancel(p.alive)
	defer end()
	look := &onlooker{addr: addr}
	if kind == 2 {
		look.open(looking)
	}
	if err := t.missing(p.alive, t.result().expected*4/5); err != nil {
		return w, err
	}
	look.opened.Wait()
	left, since := t.result().lost, time.Now()
	if left < t.result().expected/5 {
		return w, errors.New("the console was opened too late: more rows are needed")
	}
	opened, err := p.cpu()
	if err != nil {
		return w, err
	}
	if err := t.await(p.alive); err != nil {
		return w, err
	}
	done, err := p.cpu()
	if err != nil {
		return w, err
	}
	end()
	look.done.Wait()
	w.counts = t.result()
	if w.counts.lost > 0 {
		return w, w.counts.err()
	}
	u, err := p.stop()
	came := t.came()
	w.opening = (opened - p.before).Seconds()
	w.rate = float64(left) / came[len(came)-1].Sub(since).Seconds()
	w.cpu = per1000(done-opened, left)
	w.memory = u.memory.now
	return w, errors.Join(err, look.failed())
}

// onlooker has a console open three times. Its asking is no part of what Hookline takes.
type onlooker struct {
	addr   string
	opened sync.WaitGroup // each part, and what the doctor says, has been answered once
	done   sync.WaitGroup

	mu  sync.Mutex
	err error // the first thing that was not answered
}

// open looks until ctx ends, as often as the pages do.
func (o *onlooker) open(ctx context.Context) {
	o.done.Go(func() {
		_, size, err := ask(ctx, o.addr, "/deliveries/live") // until it is over
		if ctx.Err() == nil || size == 0 {
			o.fail(fmt.Errorf("live deliveries: ended after %d bytes: %w", size, err))
		}
	})
	for path, every := range map[string]time.Duration{
		"/part/overview": 5 * time.Second, "/part/webhooks": 5 * time.Second,
		"/api/v1/series": 10 * time.Second,
		// the overview has the doctor examine as often
		"/api/v1/doctor": time.Minute,
	} {
		o.opened.Add(1)
		opened := sync.OnceFunc(o.opened.Done)
		o.done.Go(func() {
			defer opened()
			err := until(ctx, every, func() (bool, error) {
				_, _, err := ask(ctx, o.addr, path)
				opened()
				return false, err
			})
			if ctx.Err() == nil {
				o.fail(fmt.Errorf("%s: %w", path, err))
			}
		})
	}
}

func (o *onlooker) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
}

func (o *onlooker) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
