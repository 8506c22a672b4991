package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// screen is what a command prints to: a terminal, or anything else, which gets all of it, in lines
// as long as they are, and without colours.
type screen struct {
	out           io.Writer
	width, height int // of a terminal, in characters; 0 elsewhere
	colours       bool
}

// newScreen returns the screen of a file such as standard output. Colours are for terminals that
// can show them, unless NO_COLOR says otherwise.
//
// https://no-color.org
func newScreen(file *os.File) screen {
	s := screen{out: file}
	width, height, err := term.GetSize(int(file.Fd()))
	if err != nil || width <= 0 {
		return s
	}
	s.width, s.height = width, height
	s.colours = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return s
}

// screenOf returns the screen that out is, or is behind.
func screenOf(out io.Writer) screen {
	switch out := out.(type) {
	case screen:
		return out
	case *os.File:
		return newScreen(out)
	}
	return screen{out: out}
}

func (s screen) isTerminal() bool { return s.width > 0 }

func (s screen) Write(p []byte) (int, error) { return s.out.Write(p) }

// colour is one of a terminal's own, so that it fits a light one as well as a dark one.
type colour string

const (
	plain  colour = ""
	bold   colour = "1"
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
)

// paint returns text in a colour, where there are any.
func (s screen) paint(c colour, text string) string {
	if !s.colours || c == plain || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// printJSON prints what a command tells as JSON.
func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// jsonLine returns a value as JSON on one line.
func jsonLine(value any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return line.Bytes(), err
}

// printable returns text that somebody else has written without what a terminal would take for
// orders. Line breaks stay.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		if r == '\t' {
			return ' '
		}
		return unicode.ReplacementChar
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}
