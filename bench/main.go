// Bench measures Hookline beside what the machine could do at most, and checks that every event
// arrives once and in order.
//
//	go run ./bench [-rows n] [-runs n] [-scenario name,…] [-out file] [-hookline binary] [-profile dir]
//
// All of it takes some 40 minutes on two cores; -rows 10000 a tenth of that, but for the scenarios
// idle, outage, crowd and parked, which take their time. It exits with 1 when an event was lost,
// repeated or out of order, or a bound does not hold.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"hookline/internal/natstest"
	"hookline/internal/postgres"
)

func main() {
	natstest.Main()
	if len(os.Args) == 5 && os.Args[1] == posterArgument {
		os.Exit(poster(os.Args[2], os.Args[3], os.Args[4]))
	}
	if len(os.Args) == 3 && os.Args[1] == meetArgument {
		os.Exit(meetHosts(os.Args[2]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	rows, runs int
	scenarios  []scenario
	out        string
	binary     string // "": it is built
	profiles   string // directory; "": none are taken
	simulate   bool   // and measure nothing
}

func parse() (options, error) {
	const out = "docs/benchmarks.md"
	var o options
	var chosen string
	flag.IntVar(&o.rows, "rows", defaultRows,
		"rows of the backlog; the other scenarios are in proportion")
	flag.IntVar(&o.runs, "runs", 3, "runs of the scenarios that are measured several times")
	flag.StringVar(&chosen, "scenario", "", "comma list of scenarios; default all of "+
		names(scenarios)+"; "+names(ofBus)+" have to be asked for")
	flag.StringVar(&o.out, "out", out,
		"file that the report is written to; with -scenario none, unless it is given")
	flag.StringVar(&o.binary, "hookline", "",
		"binary of Hookline that is measured, in place of one that is built")
	flag.StringVar(&o.profiles, "profile", "",
		"directory for a CPU profile of 5 s and a heap profile of Hookline in each scenario; they "+
			"cost a little")
	flag.BoolVar(&o.simulate, "simulate", false,
		"measure nothing: print what a model says of many senders")
	flag.Parse()
	if flag.NArg() > 0 || o.rows < 1000 || o.runs < 1 || o.runs > 40 {
		return o, errors.New("want -rows of 1000 or more, -runs from 1 to 40, and no other arguments")
	}
	o.scenarios = scenarios
	if chosen == "" {
		return o, nil
	}
	if o.out == out {
		o.out = ""
	}
	o.scenarios = nil
	for name := range strings.SplitSeq(chosen, ",") {
		all := append(slices.Clone(scenarios), ofBus...)
		i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
		if i < 0 {
			return o, fmt.Errorf("-scenario %s: want some of %s", name, names(all))
		}
		o.scenarios = append(o.scenarios, all[i])
	}
	return o, nil
}

func names(all []scenario) string {
	list := make([]string, len(all))
	for i, s := range all {
		list[i] = s.name
	}
	return strings.Join(list, ",")
}

func run(ctx context.Context) (err error) {
	o, err := parse()
	if err != nil {
		return err
	}
	if o.simulate {
		simulate(os.Stdout)
		return nil
	}
	r := &report{
		command: strings.Join(append([]string{"go run ./bench"}, os.Args[1:]...), " "),
		at:      time.Now(),
	}
	dir, err := os.MkdirTemp("", "hookline-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{
		rows: o.rows, runs: o.runs,
		hookline: &hookline{binary: o.binary, profiler: profiler{dir: o.profiles}},
	}
	if o.binary == "" {
		say("building hookline")
		if b.hookline.binary, err = build(ctx, dir); err != nil {
			return err
		}
	}
	say("starting a throw-away Postgres")
	if b.server, err = postgres.Start(ctx, postgres.Options{Settings: settings}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.server.Stop()) }()
	if r.machine, err = newMachine(ctx, b.server); err != nil {
		return err
	}
	var failed error
	defer b.hookline.profiler.taking.Wait()
	for _, s := range o.scenarios {
		b.hookline.profiler.scenario = s.name
		result, err := s.run(ctx, b)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			result = failure(err)
		}
		if err := result.err(); err != nil {
			say("%s: %v", s.name, err)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", s.name, err))
		}
		r.names, r.results = append(r.names, s.name), append(r.results, result)
	}
	r.took = time.Since(r.at)
	text := r.markdown()
	fmt.Print(text)
	if o.out == "" {
		return failed
	}
	return errors.Join(failed, os.WriteFile(o.out, []byte(text), 0o644))
}
