package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"hookline/internal/postgres"
)

// bench is what all scenarios work with.
type bench struct {
	rows     int // of the backlog; the other scenarios' numbers are in proportion
	runs     int
	server   *postgres.Server
	hookline *hookline

	backlogRate sample // events/s of the scenario backlog, if that was measured before
	bulkRate    sample // likewise of bulk
	notesRate   sample // likewise of notes
}

// defaultRows are those that spans of time are told for.
const defaultRows = 100_000

// scaled returns how long something takes that takes so long with defaultRows.
func (b *bench) scaled(span time.Duration) time.Duration {
	return span * time.Duration(b.rows) / defaultRows
}

// scenario is one thing that is measured.
type scenario struct {
	name string
	run  func(ctx context.Context, b *bench) (*result, error)
}

var scenarios = []scenario{
	{"backlog", backlog},
	{"backlog10", backlog10},
	{"bulk", bulk},
	{"bulk10", bulk10},
	{"folded", folded},
	{"transaction", transaction},
	{"twice", twice},
	{"millions", millions},
	{"updates", updates},
	{"mix", mix},
	{"unmatched", unmatched},
	{"receivers", receivers},
	{"batches", batches},
	{"secure", secure},
	{"hosts", hosts},
	{"paced", paced},
	{"fanout", fanout},
	{"bystanders", bystanders},
	{"tables", tables},
	{"notes", notes},
	{"inherited", inherited},
	{"idle", idle},
	{"steps", steps},
	{"outage", outage},
	{"crowd", crowd},
	{"kills", kills},
	{"parked", spooled},
	{"console", console},
}

// ofBus are those with a bus, which are not among all.
var ofBus = []scenario{
	{"senders", senders},
	{"through", through},
	{"senderkilled", senderKilled},
}

// What is promised of all scenarios that stand in the same tables.
const (
	mostMemory = 64                    // MB of resident memory at the peak, in every run
	mostCPU    = 60 * time.Millisecond // for 1,000 events
)

// result is what a scenario has found.
type result struct {
	// of a section of its own in the report; "": it stands in the tables that others share
	title     string
	about     string // what was done, in a sentence or two
	limits    []figure
	figures   []figure
	counts    counts // of all runs together
	mayRepeat bool   // repeated events are no fault
	failure   error  // that ended the scenario before it had found anything
}

// failure is the result of a scenario that could not be measured: the others go on, and the report
// tells of it.
func failure(err error) *result {
	return &result{about: fmt.Sprintf("Could not be measured: %v.", err), failure: err}
}

// figure is one thing that was measured, once in each run.
type figure struct {
	what    string
	values  sample
	print   format
	against []comparison
	most    float64 // that is right; 0: anything is
	always  bool    // in every run, not only in the median of them
}

// comparison is a limit, or another case, of the same runs, value by value.
type comparison struct {
	limit       string
	values      sample
	least, most float64 // that the ratio may be; 0: anything is right
}

// compared returns a figure of one run that is compared with another case.
func compared(what string, unit format, value float64, with string, its float64) figure {
	return figure{
		what: what, values: sample{value}, print: unit,
		against: []comparison{{limit: with, values: sample{its}}},
	}
}

// upTo bounds the median of the figure.
func (f figure) upTo(most float64) figure {
	f.most = most
	return f
}

// neverAbove bounds it in every run.
func (f figure) neverAbove(most float64) figure {
	f.most, f.always = most, true
	return f
}

// atLeast bounds its ratio to the other case.
func (f figure) atLeast(ratio float64) figure {
	f.against[0].least = ratio
	return f
}

// atMost does so likewise.
func (f figure) atMost(ratio float64) figure {
	f.against[0].most = ratio
	return f
}

// say tells how far the program is.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
