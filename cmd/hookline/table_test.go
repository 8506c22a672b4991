package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hookline/internal/operate"
)

func sample() *table {
	var t table
	t.head("NAME", "STATE", "NOTE")
	t.row("first", cell{"active", green}, "short")
	t.row("second", "skipped", "a note of several words, and a/long/path/that/has/no/blanks in it")
	t.row("", "", "")
	return &t
}

// Where it does not go to a terminal, a table has all of its text on one line for each row.
func TestTable(t *testing.T) {
	var out strings.Builder
	if err := sample().print(screen{out: &out}); err != nil {
		t.Fatal(err)
	}
	want := "NAME    STATE    NOTE\nfirst   active   short\n" +
		"second  skipped  a note of several words, and a/long/path/that/has/no/blanks in it\n\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// On a terminal no line is longer than that is wide, and nothing of the text is lost.
func TestTableFitsTheTerminal(t *testing.T) {
	var wide strings.Builder
	if err := sample().print(screen{out: &wide}); err != nil {
		t.Fatal(err)
	}
	letters := func(s string) int { return len(strings.Join(strings.Fields(s), "")) }
	for width := 28; width < 90; width++ {
		var out strings.Builder
		if err := sample().print(screen{out: &out, width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if n := len(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("of %d characters: a line of %d: %q", width, n, line)
			}
		}
		if got, want := letters(out.String()), letters(wide.String()); got != want {
			t.Errorf("of %d characters: %d letters, want %d:\n%s", width, got, want, out.String())
		}
	}
	want := "NAME    STATE    NOTE\nfirst   active   short\n" +
		"second  skipped  a note of several\n                 words, and a/long/\n" +
		"                 path/that/has/no/\n                 blanks in it\n\n"
	var out strings.Builder
	if err := sample().print(screen{out: &out, width: 36}); err != nil || out.String() != want {
		t.Errorf("%v, got\n%swant\n%s", err, out.String(), want)
	}
}

func TestColoursTakeNoRoom(t *testing.T) {
	var out strings.Builder
	if err := sample().print(screen{out: &out, width: 80, height: 24, colours: true}); err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer("\x1b[1m", "", "\x1b[32m", "", "\x1b[0m", "").Replace(out.String())
	if !strings.Contains(out.String(), "\x1b[32mactive\x1b[0m   short") ||
		!strings.HasPrefix(plain, "NAME    STATE    NOTE\n") {
		t.Errorf("%q", out.String())
	}
}

// status --watch writes one screen anew, no longer than the terminal is high; elsewhere it is
// plain.
func TestWatchShowsOneScreen(t *testing.T) {
	s := &operate.Status{Profile: "generic", Tables: 3}
	for range 30 {
		s.Problems = append(s.Problems, "something")
	}
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	var out strings.Builder
	terminal := screen{out: &out, width: 80, height: 10}
	if err := (statusCommand{}).show(terminal, s, nil, now); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if !strings.HasPrefix(text, "\x1b[Hhookline status  2026-03-04 05:06:07\x1b[K\n") ||
		!strings.HasSuffix(text, "\x1b[J") || strings.Count(text, "\n") != 9 ||
		!strings.Contains(text, "… 25 more lines: hookline status\x1b[K\n") {
		t.Errorf("%q", text)
	}
	out.Reset()
	if err := (statusCommand{}).show(screen{out: &out}, s, nil, now); err != nil {
		t.Fatal(err)
	}
	if text = out.String(); strings.Contains(text, "\x1b") || strings.Count(text, "PROBLEM") != 30 {
		t.Errorf("%q", text)
	}
	out.Reset()
	c := statusCommand{jsonFlag: jsonFlag{JSON: true}}
	if err := c.show(screen{out: &out}, nil, errors.New("the database is away"), now); err != nil ||
		out.String() != `{"at":"2026-03-04T05:06:07Z","error":"the database is away"}`+"\n" {
		t.Errorf("%v, %q", err, out.String())
	}
}

func TestProgress(t *testing.T) {
	var out strings.Builder
	p := newProgress("deliveries", 60000, false)
	p.out = screen{out: &out}
	at := func(d time.Duration) time.Time { return p.begun.Add(d) }
	p.addAt(1000, at(time.Second))
	if out.String() != "" {
		t.Errorf("after a second: %q", out.String())
	}
	p.addAt(19000, at(10*time.Second))
	p.end()
	if want := "20,000 of 60,000 deliveries, 2,000/s, 40,000 left, 20s to go\n"; out.String() != want {
		t.Errorf("after ten: %q, want %q", out.String(), want)
	}
	out.Reset()
	p.out.width = 80
	p.addAt(40000, at(11*time.Second))
	p.end()
	if want := "\r\x1b[K60,000 of 60,000 deliveries, 5,454/s, 0 left\r\x1b[K"; out.String() != want {
		t.Errorf("on a terminal: %q, want %q", out.String(), want)
	}
	unknown := &progress{what: "tables", done: 5, begun: p.begun}
	if got := unknown.line(at(time.Second)); got != "5 tables, 5/s" {
		t.Errorf("of a number that is not known: %q", got)
	}
	quiet := newProgress("steps", 1, true)
	quiet.addAt(1, quiet.begun.Add(time.Hour))
}

func TestWhatOthersWroteGivesNoOrders(t *testing.T) {
	for text, want := range map[string]string{
		"plain, Zoë\n": "plain, Zoë\n", "a\r\nb\tc": "a\nb c", "\x1b[31mred\x07": "\ufffd[31mred\ufffd",
		"\u202eright": "\ufffdright", "\u009b1m": "\ufffd1m",
	} {
		if got := printable(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
