package main

import (
	"strings"
	"unicode/utf8"
)

// cell is a piece of text in a table.
type cell struct {
	text   string
	colour colour
}

// table is text in columns, two spaces apart. On a terminal that is too narrow for it, its widest
// columns give way, and what has no room in a cell goes on beneath it; nothing is cut off.
type table struct {
	rows [][]cell
}

const (
	columnGap   = 2
	leastColumn = 8 // characters that a column keeps when others need room
)

// head adds the row that names the columns.
func (t *table) head(names ...string) {
	row := make([]cell, len(names))
	for i, name := range names {
		row[i] = cell{name, bold}
	}
	t.rows = append(t.rows, row)
}

// row adds a row of strings and cells.
func (t *table) row(cells ...any) {
	row := make([]cell, len(cells))
	for i, c := range cells {
		if text, ok := c.(string); ok {
			row[i] = cell{text: text}
		} else {
			row[i] = c.(cell)
		}
		row[i].text = strings.ReplaceAll(row[i].text, "\n", " ")
	}
	t.rows = append(t.rows, row)
}

// print prints the table.
func (t *table) print(s screen) error {
	widths := t.widths(s.width)
	var b strings.Builder
	for _, row := range t.rows {
		parts := make([][]string, len(row))
		lines := 1
		for i, c := range row {
			parts[i] = wrapped(c.text, widths[i])
			lines = max(lines, len(parts[i]))
		}
		for line := range lines {
			indent := 0
			for i, c := range row {
				if line < len(parts[i]) && parts[i][line] != "" {
					text := parts[i][line]
					b.WriteString(strings.Repeat(" ", indent) + s.paint(c.colour, text))
					indent = widths[i] - utf8.RuneCountInString(text) + columnGap
				} else {
					indent += widths[i] + columnGap
				}
			}
			b.WriteByte('\n')
		}
	}
	_, err := s.Write([]byte(b.String()))
	return err
}

// widths returns how wide each column is. most is what all of them may take; 0 for any.
func (t *table) widths(most int) (widths []int) {
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	if most == 0 {
		return widths
	}
	excess := columnGap * (len(widths) - 1)
	for _, w := range widths {
		excess += w
	}
	for excess -= most; excess > 0; excess-- {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= leastColumn {
			break // the terminal itself breaks the lines of one that is narrower
		}
		widths[widest]--
	}
	return widths
}

// wrapped returns text in lines of at most so many characters, broken at blanks, or behind commas
// and slashes, where that leaves no line too empty.
func wrapped(text string, width int) (lines []string) {
	runes := []rune(text)
	for len(runes) > width {
		end := width
		for i := width; i > width/2; i-- {
			if runes[i] == ' ' || strings.ContainsRune(",/.", runes[i-1]) {
				end = i
				break
			}
		}
		lines = append(lines, strings.TrimRight(string(runes[:end]), " "))
		for runes = runes[end:]; len(runes) > 0 && runes[0] == ' '; {
			runes = runes[1:]
		}
	}
	return append(lines, string(runes))
}
