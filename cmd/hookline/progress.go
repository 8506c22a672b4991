package main

import (
	"fmt"
	"os"
	"time"

	"github.com/dustin/go-humanize"
)

// progress tells on standard error how far long work has come: how much is done, of how much, how
// fast, and how long the rest will take. On a terminal it is one line, written anew; elsewhere a
// line every ten seconds. Work that is done before it would tell anything tells nothing. It belongs
// to one goroutine.
type progress struct {
	out   screen
	what  string // deliveries, tables
	total int    // 0 when it is not known
	done  int
	begun time.Time
	told  time.Time
	lines bool // something was told
}

// Between two tellings, on a terminal and elsewhere.
const (
	redrawInterval = 100 * time.Millisecond
	lineInterval   = 10 * time.Second
)

// newProgress begins to count. quiet tells nothing, for commands whose output is JSON.
func newProgress(what string, total int, quiet bool) *progress {
	p := &progress{out: newScreen(os.Stderr), what: what, total: total, begun: time.Now()}
	p.told = p.begun
	if quiet {
		p.out = screen{}
	}
	return p
}

// add counts n more that are done.
func (p *progress) add(n int) { p.addAt(n, time.Now()) }

func (p *progress) addAt(n int, now time.Time) {
	p.done += n
	every := lineInterval
	if p.out.isTerminal() {
		every = redrawInterval
	}
	if p.out.out == nil || now.Sub(p.told) < every {
		return
	}
	p.told, p.lines = now, true
	if p.out.isTerminal() {
		fmt.Fprintf(p.out, "\r\x1b[K%s", p.line(now))
	} else {
		fmt.Fprintln(p.out, p.line(now))
	}
}

// line is what is told at a moment.
func (p *progress) line(now time.Time) string {
	took := now.Sub(p.begun).Seconds()
	rate := float64(p.done) / max(took, 1e-3)
	if p.total <= 0 {
		return fmt.Sprintf("%s %s, %s/s", humanize.Comma(int64(p.done)), p.what,
			humanize.Comma(int64(rate)))
	}
	left := max(p.total-p.done, 0)
	line := fmt.Sprintf("%s of %s %s, %s/s, %s left", humanize.Comma(int64(p.done)),
		humanize.Comma(int64(p.total)), p.what, humanize.Comma(int64(rate)), humanize.Comma(int64(left)))
	if rate > 0 && left > 0 {
		rest := time.Duration(float64(left) / rate * float64(time.Second))
		line += ", " + max(rest.Round(time.Second), time.Second).String() + " to go"
	}
	return line
}

// end takes the line away that is written anew.
func (p *progress) end() {
	if p.lines && p.out.isTerminal() {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
