package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres"
)

// machine is what the figures were measured on.
type machine struct {
	cpu, kernel, postgres string
}

func newMachine(ctx context.Context, server *postgres.Server) (machine, error) {
	conn, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return machine{}, err
	}
	defer conn.Close(ctx)
	m := machine{cpu: "unknown", kernel: "unknown"}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				m.cpu = strings.TrimSpace(value)
			}
		}
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.kernel = strings.TrimSpace(string(release))
	}
	return m, conn.QueryRow(ctx, "SHOW server_version").Scan(&m.postgres)
}

// report is what the program has to say.
type report struct {
	command string
	at      time.Time
	took    time.Duration
	machine machine
	names   []string // of the scenarios
	results []*result
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b,
		"# Benchmarks\n\nWritten by `%s`, not by hand. Run it to get the figures of another machine.\n\n",
		r.command)
	table(&b, []string{"", ""}, [][]string{
		{"Date", r.at.UTC().Format(time.DateOnly)},
		{"Cores", fmt.Sprintf("%d × %s", runtime.NumCPU(), r.machine.cpu)},
		{"System", fmt.Sprintf("%s/%s, kernel %s", runtime.GOOS, runtime.GOARCH, r.machine.kernel)},
		{"Go", strings.TrimPrefix(runtime.Version(), "go")},
		{"Postgres", r.machine.postgres},
		{"Took", r.took.Round(time.Second).String()},
	})
	r.promised(&b)
	if shared := r.shared(); len(shared.results) > 0 {
		shared.compared(&b)
		shared.counted(&b)
		b.WriteString("\n## Scenarios\n\n")
		for i, result := range shared.results {
			fmt.Fprintf(&b, "- **%s**: %s\n", shared.names[i], result.about)
		}
	}
	for i, result := range r.results {
		if result.title != "" {
			result.section(&b, r.names[i])
		}
	}
	b.WriteString("\n")
	b.WriteString(method())
	return b.String()
}

// shared returns the part of the report whose scenarios stand in the same tables.
func (r *report) shared() *report {
	s := &report{}
	for i, result := range r.results {
		if result.title == "" {
			s.names, s.results = append(s.names, r.names[i]), append(s.results, result)
		}
	}
	return s
}

// compared prints what Hookline did beside what the limits did.
func (r *report) compared(b *strings.Builder) {
	b.WriteString("\n## Hookline against the limits of the same run\n\n")
	var rows [][]string
	for i, result := range r.results {
		for _, f := range result.figures {
			rows = append(rows, append(f.cells(r.names[i]), "", "", ""))
			for j, c := range f.against {
				if j > 0 {
					rows = append(rows, make([]string, 7))
				}
				row := rows[len(rows)-1]
				row[4], row[5], row[6] = c.limit, f.print(c.values.median()),
					"**"+ratio(f.values.ratios(c.values).median())+"**"
			}
		}
	}
	table(b, []string{
		"Scenario", "Figure", "Median", "Lowest to highest", "Limit", "Its median",
		"Ratio",
	}, rows)

	rows = nil
	for i, result := range r.results {
		for _, f := range result.limits {
			if len(f.values) > 0 {
				rows = append(rows, f.cells(r.names[i]))
			}
		}
	}
	if rows != nil {
		b.WriteString("\nThe limits, each measured between Hookline's own runs:\n\n")
		table(b, []string{"Scenario", "Limit", "Median", "Lowest to highest"}, rows)
	}
}

func (f figure) cells(scenario string) []string {
	return []string{scenario, f.what, f.print(f.values.median()), f.values.spread(f.print)}
}

// counted prints how many events came as they should.
func (r *report) counted(b *strings.Builder) {
	b.WriteString(
		"\n## Every event, counted\n\nOver all runs. The program fails unless all but the first " +
			"column are 0.\n\n")
	var rows [][]string
	for i, result := range r.results {
		if result.failure != nil {
			continue
		}
		c := result.counts
		row := []string{r.names[i]}
		for _, n := range []int{c.expected, c.lost, c.repeated, c.disordered, c.stray, c.unsigned} {
			row = append(row, whole(float64(n)))
		}
		rows = append(rows, row)
	}
	table(b, []string{
		"Scenario", "Expected", "Lost", "Repeated", "Out of order", "Not written by us",
		"Wrong signature",
	}, rows)
}

// method tells how it was measured.
func method() string {
	server := make([]string, 0, len(settings))
	for name, value := range settings {
		server = append(server, name+" "+value)
	}
	slices.Sort(server)
	return fmt.Sprintf(`## Method

- Everything runs on one machine and shares its cores: Postgres, Hookline as a process of its own, and the receiver. Figures of one run
  can be compared with each other, not with those of another machine.
- Hookline is built as make build does. It has its default settings, the generic profile, and, unless a scenario says otherwise, one
  webhook with a secret that hears of everything. Rows have 22 columns of 15 types; tables have REPLICA IDENTITY FULL, as Hookline sets it.
- MB are millions of bytes. A promise is kept if the median of the runs keeps it; of memory, if every run does. Scenarios with one run have
  no spread.
- Postgres is started for this and thrown away. Its settings: %s.
  A checkpoint follows the writing of a backlog. Backlogs are written with synchronous_commit off, which changes how fast they are
  written, not how they are read; what is committed at a steady pace is committed with it on. The spool is in the same database.
- The receiver is a plain net/http server. It reads each request whole, notes which version of which record it tells of, and answers 200.
  An event is lost when it never came, repeated when it came again, out of order when a later version of the same record came before it.
  Hookline is stopped before the count is read, so that a late repetition is seen. The signatures of every %s-th record are verified.
- Rates are from the first event's arrival to the last one's. CPU time is user and system time of the whole process from start to end, or,
  where that is said, from when it was ready until it was asked to end. Peak memory is Linux's VmHWM.
- A receiver with a latency waits in the kernel on a thread of its own, since Go's timers can be a millisecond late. Its latency is from the
  request's last byte to the answer; the time that the request and the answer are under way comes on top of it.
- WAL is looked at every %s: from the slot's confirmed_flush_lsn to the server's position it is not acknowledged; from restart_lsn on
  it is kept on the disk. Postgres itself moves restart_lsn every 15 s or so at most, to no later than where that was the last time when
  a transaction is open just then: a slot that acknowledges everything at once has as much kept for it.
- **Receive and parse** reads the same rows from a slot of its own with pglogrepl, parses every message, and does nothing with them: what
  the usual library makes of the stream. Hookline's parser is its own, so that where it delivers nothing it may read faster.
- **Plain POST** sends unsigned bodies of the same mean size to the same receiver, from a process of its own, over as many connections
  (%d), with net/http alone: that client can do no more.
- The limits and Hookline take turns, run by run. A ratio is the median of the runs' ratios; of latencies, CPU and memory less is better.
`, strings.Join(server, ", "), whole(signatureStride), retentionEvery, inFlight)
}

// table prints a Markdown table whose columns stand under each other in plain text too.
func table(b *strings.Builder, head []string, rows [][]string) {
	widths := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	line := func(cells []string) {
		for i, cell := range cells {
			fmt.Fprintf(b, "| %s%s ", cell, strings.Repeat(" ", widths[i]-len([]rune(cell))))
		}
		b.WriteString("|\n")
	}
	rule := make([]string, len(head))
	for i, width := range widths {
		rule[i] = strings.Repeat("-", cmp.Or(width, 1))
		widths[i] = len(rule[i])
	}
	line(head)
	line(rule)
	for _, row := range rows {
		line(row)
	}
}
