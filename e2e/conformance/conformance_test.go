package conformance

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// TestServers runs Hookline against each server, by each protocol, and prints a table. A row fails
// when it is worse than promised.
func TestServers(t *testing.T) {
	if os.Getenv("E2E_SERVERS") == "" {
		t.Skip("E2E_SERVERS names no folder with servers: make conformance")
	}
	only := regexp.MustCompile(os.Getenv("E2E_ONLY")) // rows
	var rows []*row
	for _, s := range servers {
		for _, http2 := range []bool{false, true} {
			if !http2 && !s.http1 {
				continue // Hookline offers both, always
			}
			for _, test := range scenarios {
				r := &row{server: s, http2: http2, scenario: test.name}
				if test.run == nil || test.applies != nil && !test.applies(s, http2) ||
					!only.MatchString(r.name()) {
					continue
				}
				t.Run(r.name(), func(t *testing.T) { test.run(t, r) })
				rows = append(rows, r)
			}
		}
	}
	t.Run("idle", func(t *testing.T) { // side by side: each takes a minute and a half of waiting
		for _, s := range servers {
			for _, http2 := range []bool{false, true} {
				r := &row{server: s, http2: http2, scenario: "idle for 4, 6, 11, 76 s"}
				if !http2 && !s.http1 || !only.MatchString(r.name()) {
					continue
				}
				f := newFrontOf(t, r)
				t.Run(r.name(), func(t *testing.T) {
					t.Parallel()
					idle(t, r, f)
				})
				rows = append(rows, r)
			}
		}
	})
	printTable(rows)
}

// row is what came of a scenario.
type row struct {
	server   server
	http2    bool
	scenario string

	events, failed, resent, repeats, lost, disordered int
	full, resumed                                     int // handshakes
	spooled, opened                                   int
}

func (r *row) protocol() string {
	if r.http2 {
		return "HTTP/2"
	}
	return "HTTP/1.1"
}

func (r *row) name() string { return r.server.name + " " + r.protocol() + " " + r.scenario }

func printTable(rows []*row) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w,
		"| server\t| protocol\t| scenario\t| events\t| failed attempts\t| resent\t| repeats\t| "+
			"lost\t| out of order\t| handshakes, full + resumed\t|")
	fmt.Fprintln(w, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s\t| %s\t| %s\t| %d\t| %d\t| %d\t| %d\t| %d\t| %d\t| %d + %d\t|\n",
			r.server.name, r.protocol(), r.scenario,
			r.events, r.failed, r.resent, r.repeats, r.lost, r.disordered, r.full, r.resumed)
	}
	_ = w.Flush()
}

// scenarios are what each server is put through.
var scenarios = []struct {
	name    string
	applies func(s server, http2 bool) bool
	run     func(*testing.T, *row)
}{
	{name: "five reloads", run: reloads},
	{name: "restart", run: restart},
	{name: "bodies at the limit", run: bodies},
	{name: "eight streams", run: eightStreams, applies: func(s server, http2 bool) bool {
		return http2 && s.streams
	}},
}

// run is Hookline at work behind a server.
type run struct {
	t   *testing.T
	row *row
	f   *front
	db  *e2e.Database
	sut *e2e.Process
}

func newFrontOf(t *testing.T, r *row) *front {
	t.Helper()
	return newFront(t, r.server, r.http2, r.scenario == "eight streams")
}

// newRun prepares Hookline. It is not started yet, and what is committed waits for it.
func newRun(t *testing.T, r *row, f *front) *run {
	t.Helper()
	db := e2e.NewCRM(t)
	db.AddWebhook(f.inbox, "*.*")
	db.SetUp()
	return &run{t: t, row: r, f: f, db: db}
}

func (u *run) launch() {
	u.t.Helper()
	u.sut = e2e.Start(u.t, u.db, u.f.trust(), "HOOKLINE_RETRY_SCHEDULE=200ms"+
		strings.Repeat(",500ms", 500)).Until("active")
}

// versions commits so many records, and of each so many versions.
func (u *run) versions(records, versions int) {
	u.t.Helper()
	u.db.OneByOne("contact", records)
	for range versions - 1 {
		u.db.Exec(`UPDATE contacts SET version = version + 1`)
	}
}

// slow has the receiver take its time, so that requests are under way whenever something happens.
func (u *run) slow(latency time.Duration) {
	u.f.inbox.Answers(func(receiver.Request) receiver.Answer {
		return receiver.Answer{Latency: latency}
	})
}

// at calls do each time when another n events have come, and so often.
func (u *run) at(n, often int, do func()) {
	u.t.Helper()
	for i := range often {
		e2e.Eventually(u.t, func() error {
			if got := u.f.inbox.Events(); got < n*(i+1) {
				return fmt.Errorf("%d events have come, want %d", got, n*(i+1))
			}
			return nil
		})
		do()
	}
}

// finish waits until all has come, and fills in the row.
func (u *run) finish() {
	u.t.Helper()
	diary := u.db.Diary()
	e2e.Eventually(u.t, u.f.inbox.Gets(diary...).Missing)
	r := u.row
	text := u.sut.Get("/metrics")
	r.events = len(diary)
	r.failed = metric(text, `hookline_attempts_total{outcome="failed"}`)
	r.resent = metric(text, `hookline_resent_requests_total`)
	r.full = metric(text, `hookline_tls_handshakes_total{kind="full"}`)
	r.resumed = metric(text, `hookline_tls_handshakes_total{kind="resumed"}`)
	r.spooled = metric(text, `hookline_parked_deliveries_total`)
	r.opened = strings.Count(u.sut.Log.String(), "receiver does not accept deliveries")
	u.sut.Stop()

	due := map[string][]e2e.Entry{}
	for _, e := range diary {
		due[e.Key()] = append(due[e.Key()], e)
	}
	seen := map[string]bool{}
	came := map[string][]e2e.Entry{}
	u.f.inbox.Mu.Lock()
	defer u.f.inbox.Mu.Unlock()
	for _, a := range u.f.inbox.Accepted {
		if seen[a.ID] {
			r.repeats++
			continue
		}
		seen[a.ID] = true
		came[a.Key()] = append(came[a.Key()], a.Entry)
	}
	r.lost = len(diary) - len(seen)
	for record, entries := range due {
		for i, e := range came[record] {
			if i >= len(entries) || entries[i] != e {
				r.disordered++
			}
		}
	}
	if r.lost != 0 || r.disordered != 0 {
		u.t.Errorf("%d events lost, %d out of order", r.lost, r.disordered)
	}
	if r.repeats > r.resent+r.failed {
		u.t.Errorf("%d events came twice, and %d requests were sent again", r.repeats, r.resent+r.failed)
	}
}

// unnoticed checks that nothing of it was an outage.
func (u *run) unnoticed() {
	u.t.Helper()
	if r := u.row; r.failed != 0 || r.opened != 0 || r.spooled != 0 {
		u.t.Errorf("%d failed attempts, breaker opened %d times, %d deliveries spooled; want none:\n%s",
			r.failed, r.opened, r.spooled,
			strings.Join(slices.Collect(failures(u.sut)), "\n"))
	}
}

// failures are the first lines that tell of failed attempts.
func failures(p *e2e.Process) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		n := 0
		for line := range strings.SplitSeq(p.Log.String(), "\n") {
			if strings.Contains(line, "attempt failed") {
				if n++; n > 10 || !yield(line) {
					return
				}
			}
		}
	}
}

func metric(text, name string) int {
	for line := range strings.SplitSeq(text, "\n") {
		if value, found := strings.CutPrefix(line, name+" "); found {
			v, _ := strconv.ParseFloat(value, 64)
			return int(v)
		}
	}
	return -1
}

// reloads: 2,000 events, 64 at a time, and five graceful reloads on the way. No event notices them.
func reloads(t *testing.T, r *row) {
	u := newRun(t, r, newFrontOf(t, r))
	u.versions(200, 10)
	u.slow(100 * time.Millisecond)
	u.launch()
	u.at(300, 5, u.f.reload)
	u.finish()
	u.unnoticed()
}

// restart: the server ends in the middle, and comes back. Attempts fail, and nothing is lost.
func restart(t *testing.T, r *row) {
	u := newRun(t, r, newFrontOf(t, r))
	u.versions(200, 3)
	u.slow(50 * time.Millisecond)
	u.launch()
	u.at(200, 1, func() { u.f.stop(); u.f.start() })
	u.finish()
}

// idle: a connection that the server ends while it is idle costs no attempt.
func idle(t *testing.T, r *row, f *front) {
	u := newRun(t, r, f)
	u.launch()
	for i, gap := range []time.Duration{
		0, 4 * time.Second, 6 * time.Second, 11 * time.Second,
		76 * time.Second,
	} {
		<-time.After(gap)
		u.db.OneByOne(fmt.Sprint("gap", i, "-"), 3)
		e2e.Eventually(t, f.inbox.Gets(u.db.Diary()...).Missing)
	}
	u.finish()
	u.unnoticed()
}

// bodies: what is just below the server's limit is delivered, what is above is refused with the
// status that the documentation tells, and neither keeps its neighbours.
func bodies(t *testing.T, r *row) {
	u := newRun(t, r, newFrontOf(t, r))
	u.launch()
	u.db.OneByOne("before", 50)
	u.db.Exec(`INSERT INTO contacts (id, note) VALUES ('fits', repeat('x', $1))`, limit-2000)
	u.db.Exec(`INSERT INTO contacts (id, note) VALUES ('large', repeat('x', $1))`, limit+2000)
	u.db.Exec(`INSERT INTO contacts (id, note) VALUES ('huge', repeat('x', $1))`, 16*limit)
	u.db.OneByOne("after", 50)
	want := r.server.refusal
	if want == "" {
		u.finish()
		u.unnoticed()
		return
	}
	due := len(u.db.Diary()) - 2
	e2e.Eventually(t, func() error {
		if got := u.f.inbox.Events(); got != due {
			return fmt.Errorf("%d events have come, want %d", got, due)
		}
		return nil
	})
	u.sut.UntilPrinted(want)
	log := u.sut.Log.String()
	for line := range strings.SplitSeq(log, "\n") {
		if strings.Contains(line, "attempt failed") && !strings.Contains(line, want) {
			t.Errorf("another failure than %s: %s", want, line)
		}
	}
	u.db.Exec(`DELETE FROM diary.entries WHERE record IN ('large', 'huge')`)
	u.finish()
	if r.opened != 0 {
		t.Errorf("the breaker was opened %d times", r.opened)
	}
}

// eightStreams: a server that takes eight requests at once gets no more, on as many connections as
// it takes.
func eightStreams(t *testing.T, r *row) {
	u := newRun(t, r, newFrontOf(t, r))
	u.versions(200, 3)
	u.slow(50 * time.Millisecond)
	u.launch()
	u.finish()
	u.unnoticed()
}
