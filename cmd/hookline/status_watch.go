package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"hookline/cdc"
	"hookline/config"
	"hookline/internal/operate"
)

// watch shows how things stand until ctx ends: on a terminal as one screen that is written anew,
// elsewhere one after the other, as JSON one on each line. A database that does not answer is
// shown, too. The error is that of the last time.
func (c statusCommand) watch(ctx context.Context, cfg config.Config, out screen) error {
	if out.isTerminal() && !c.JSON {
		fmt.Fprint(out, hideCursor)
		defer fmt.Fprint(out, showCursor)
	}
	every := 2 * time.Second
	if c.Every != nil {
		every = *c.Every
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last error
	for {
		s, err := operate.ReadStatus(ctx, cfg)
		if ctx.Err() != nil {
			return last
		}
		last = err
		if err == nil && !s.Healthy {
			last = errUnhealthy
		}
		if err := c.show(out, s, err, time.Now()); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return last
		}
	}
}

// What a terminal is told to write a screen anew: the rest of a line, or of the screen, is cleared,
// and nothing flickers.
const (
	hideCursor  = "\x1b[?25l"
	showCursor  = "\x1b[?25h"
	toTheTop    = "\x1b[H"
	clearLine   = "\x1b[K"
	clearBeyond = "\x1b[J"
)

// show shows how things stand, or why there is none.
func (c statusCommand) show(out screen, s *operate.Status, failed error, now time.Time) error {
	if c.JSON {
		return showJSON(out, s, failed, now)
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "hookline status  %s\n", now.Format(time.DateTime))
	if failed != nil {
		fmt.Fprintf(&text, "%s\n", out.paint(red, cdc.ExplainPooler(failed).Error()))
	} else {
		page := out
		page.out = &text
		if err := printStatus(page, s, now); err != nil {
			return err
		}
	}
	if !out.isTerminal() {
		_, err := fmt.Fprintln(out, text.String())
		return err
	}
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	if most := out.height - 1; len(lines) > most && most > 1 {
		more := fmt.Sprintf("… %d more lines: hookline status", len(lines)-most+1)
		lines = append(lines[:most-1], more)
	}
	_, err := io.WriteString(out, toTheTop+strings.Join(lines, clearLine+"\n")+clearLine+"\n"+
		clearBeyond)
	return err
}

// watched is one line of status --watch --json.
type watched struct {
	At    time.Time `json:"at"`
	Error string    `json:"error,omitempty"`
	*operate.Status
}

func showJSON(out io.Writer, s *operate.Status, failed error, now time.Time) error {
	l := watched{At: now.UTC(), Status: s}
	if failed != nil {
		l.Error = failed.Error()
	}
	line, err := jsonLine(l)
	if err != nil {
		return errors.Join(err, failed)
	}
	_, err = out.Write(line)
	return err
}
