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
}

// scenario is one thing that is measured.
type scenario struct {
	name string
	run  func(ctx context.Context, b *bench) (*result, error)
}

var scenarios = []scenario{
	{"backlog", backlog},
	{"updates", updates},
	{"transaction", transaction},
	{"slow", slow},
	{"quiet", quiet},
	{"outage", outage},
	{"crowd", crowd},
	{"kills", kills},
	{"parked", parked},
}

// result is what a scenario has found.
type result struct {
	title     string // of a section of its own in the report; "": it stands in the tables that others share
	about     string // what was done, in a sentence or two
	limits    []figure
	figures   []figure
	counts    counts // of all runs together
	mayRepeat bool   // repeated events are no fault
}

// figure is one thing that was measured, once in each run.
type figure struct {
	what    string
	values  sample
	print   format
	against []comparison
	most    float64 // that is right; 0: anything is
}

// comparison is a limit, or another case, of the same runs, value by value.
type comparison struct {
	limit       string
	values      sample
	least, most float64 // that the ratio may be; 0: anything is right
}

// compared returns a figure of one run that is compared with another case.
func compared(what string, unit format, value float64, with string, its float64) figure {
	return figure{what: what, values: sample{value}, print: unit, against: []comparison{{limit: with, values: sample{its}}}}
}

// upTo bounds the figure.
func (f figure) upTo(most float64) figure {
	f.most = most
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
