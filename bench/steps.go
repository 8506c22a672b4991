package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// step is one step of a delivery, measured by a benchmark beside its code.
type step struct {
	what, benchmark, dir string
	time                 time.Duration // that it may take
	allocations          float64       // that it may make
}

var stepsOfADelivery = []step{
	{"a row of 22 columns becomes JSON", "BenchmarkGenericRow", "./mapper", 2 * time.Microsecond, 2},
	{
		"a person of Twenty becomes JSON", "BenchmarkTwentyAppendRow", "./mapper", 2 * time.Microsecond,
		2,
	},
	{
		"two signatures of 1.1 kB, and the header", "BenchmarkHeader", "./sender", 3 * time.Microsecond,
		2,
	},
}

// steps measures single steps.
func steps(ctx context.Context, b *bench) (*result, error) {
	r := &result{
		about: "Benchmarks beside the code, of what a delivery takes most of its own time for: `go " +
			"test -bench`. Each of them is run " +
			"several times, and the lowest and highest are those of these.",
	}
	for _, s := range stepsOfADelivery {
		say("steps: %s", s.benchmark)
		times, allocations, err := s.run(ctx, max(3, b.runs))
		if err != nil {
			return nil, err
		}
		r.figures = append(r.figures,
			figure{what: s.what, values: times, print: micros}.upTo(s.time.Seconds()),
			figure{what: s.what + ": allocations", values: allocations, print: whole}.upTo(s.allocations))
	}
	return r, nil
}

// run returns the seconds that an operation took, and its allocations, of each run.
func (s step) run(ctx context.Context, runs int) (times, allocations sample, err error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^"+s.benchmark+"$",
		"-benchmem", "-count", strconv.Itoa(runs), s.dir)
	out, err := cmd.CombinedOutput()
	if err == nil {
		times, allocations, err = parseBenchmark(out, s.benchmark)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return times, allocations, nil
}

// parseBenchmark reads what `go test -bench -benchmem` prints of one benchmark.
//
// https://go.dev/design/14313-benchmark-format
func parseBenchmark(out []byte, name string) (times, allocations sample, err error) {
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[0] != name && !strings.HasPrefix(fields[0], name+"-") {
			continue
		}
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return nil, nil, fmt.Errorf("benchmark line %q: %w", lines.Text(), err)
			}
			switch fields[i+1] {
			case "ns/op":
				times = append(times, value/1e9)
			case "allocs/op":
				allocations = append(allocations, value)
			}
		}
	}
	if len(times) == 0 || len(times) != len(allocations) {
		return nil, nil, fmt.Errorf("no times and allocations of %s", name)
	}
	return times, allocations, nil
}
