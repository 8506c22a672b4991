package pattern

import (
	"fmt"
	"path"
	"strings"

	"hookline/mapper/naming"
)

// Column is one entry of the list. Its names are folded, and * in them stands for
// anything.
type Column struct {
	Text    string // as it was written
	schema  string // "" for any
	Table   string // "" for any, and for what no table has: keys in JSON, attributes
	Column  string
	Through bool // it lets through what it matches
}

// NewColumn takes column, table.column and schema.table.column, with or without - before it.
func NewColumn(entry string) (Column, error) {
	wrong := fmt.Errorf("entry %q: want column, table.column or schema.table.column, "+
		"or - and one of these", entry)
	name, through := strings.CutPrefix(entry, "-")
	p := Column{Text: entry, Through: through}
	parts := strings.Split(name, ".")
	for _, part := range parts {
		if naming.Folded(part) == "" || strings.ContainsAny(part, `[]?\`) {
			return p, wrong
		}
	}
	switch len(parts) {
	case 1:
		p.Column = naming.Folded(parts[0])
	case 2:
		p.Table, p.Column = naming.Folded(parts[0]), naming.Folded(parts[1])
	case 3:
		p.schema, p.Table, p.Column = naming.Folded(parts[0]), naming.Folded(parts[1]),
			naming.Folded(parts[2])
	default:
		return p, wrong
	}
	return p, nil
}

// Columns name columns as SecretColumns do: the last pattern that matches one decides, and
// with - before it, that it is none of them. The zero value names none.
type Columns struct{ Patterns []Column }

// UnmarshalText takes a comma list.
func (c *Columns) UnmarshalText(text []byte) error {
	*c = Columns{}
	for entry := range strings.SplitSeq(string(text), ",") {
		p, err := NewColumn(strings.TrimSpace(entry))
		if err != nil {
			return err
		}
		c.Patterns = append(c.Patterns, p)
	}
	return nil
}

// Matches reports whether a column of a table that goes by the names is one of them.
func (c *Columns) Matches(schema string, names []string, column string) (one bool) {
	for i := range c.Patterns {
		if p := &c.Patterns[i]; p.Matches(schema, names, column) {
			one = !p.Through
		}
	}
	return one
}

// Matches reports whether the pattern is of a column of a table. names are those that the table
// goes by: its own, and its object's.
func (p *Column) Matches(schema string, names []string, column string) bool {
	return p.IsOf(schema, names) && Glob(p.Column, naming.Folded(column))
}

// IsOf reports whether the pattern is of columns of a table.
func (p *Column) IsOf(schema string, names []string) bool {
	if p.Table == "" {
		return true
	}
	if p.schema != "" && !Glob(p.schema, naming.Folded(schema)) {
		return false
	}
	for _, name := range names {
		if Glob(p.Table, naming.Folded(name)) {
			return true
		}
	}
	return false
}

// Glob reports whether * in the pattern can stand for something that makes it name.
func Glob(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// The settings that name columns.
const (
	SecretSetting = "HOOKLINE_SECRET_COLUMNS"
	TouchSetting  = "HOOKLINE_TOUCH_COLUMNS"
)
