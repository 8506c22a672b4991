package mapper

import (
	"fmt"
	"path"
	"strings"
	"unicode"
)

// SecretColumns say what is left out of events because it is a credential, beside or in place of
// what its name alone says. The zero value leaves it to the names.
type SecretColumns struct {
	off      bool // names alone say nothing
	patterns []columnPattern
}

// columnPattern is one entry of the list. Its names are folded, and * in them stands for
// anything.
type columnPattern struct {
	text    string // as it was written
	schema  string // "" for any
	table   string // "" for any, and for what no table has: keys in JSON, attributes
	column  string
	through bool // it lets through what it matches
}

// UnmarshalText takes a comma list of column, table.column and schema.table.column, where -
// before one lets it through, and of off.
func (s *SecretColumns) UnmarshalText(text []byte) error {
	*s = SecretColumns{}
	for entry := range strings.SplitSeq(string(text), ",") {
		if entry = strings.TrimSpace(entry); entry == "off" {
			s.off = true
			continue
		}
		p, err := newColumnPattern(entry)
		if err != nil {
			return err
		}
		s.patterns = append(s.patterns, p)
	}
	return nil
}

// newColumnPattern takes column, table.column and schema.table.column, with or without - before it.
func newColumnPattern(entry string) (columnPattern, error) {
	wrong := fmt.Errorf("entry %q: want column, table.column or schema.table.column, "+
		"or - and one of these", entry)
	name, through := strings.CutPrefix(entry, "-")
	p := columnPattern{text: entry, through: through}
	parts := strings.Split(name, ".")
	for _, part := range parts {
		if folded(part) == "" || strings.ContainsAny(part, `[]?\`) {
			return p, wrong
		}
	}
	switch len(parts) {
	case 1:
		p.column = folded(parts[0])
	case 2:
		p.table, p.column = folded(parts[0]), folded(parts[1])
	case 3:
		p.schema, p.table, p.column = folded(parts[0]), folded(parts[1]), folded(parts[2])
	default:
		return p, wrong
	}
	return p, nil
}

// ColumnPatterns name columns as SecretColumns do: the last pattern that matches one decides, and with
// - before it, that it is none of them. The zero value names none.
type ColumnPatterns struct{ patterns []columnPattern }

// UnmarshalText takes a comma list.
func (c *ColumnPatterns) UnmarshalText(text []byte) error {
	*c = ColumnPatterns{}
	for entry := range strings.SplitSeq(string(text), ",") {
		p, err := newColumnPattern(strings.TrimSpace(entry))
		if err != nil {
			return err
		}
		c.patterns = append(c.patterns, p)
	}
	return nil
}

// matches reports whether a column of a table that goes by the names is one of them.
func (c *ColumnPatterns) matches(schema string, names []string, column string) (one bool) {
	for i := range c.patterns {
		if p := &c.patterns[i]; p.matches(schema, names, column) {
			one = !p.through
		}
	}
	return one
}

// folded makes first_name, firstName and FIRST-NAME the same.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '*' || !separates(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// matches reports whether the pattern is of a column of a table. names are those that the table
// goes by: its own, and its object's.
func (p *columnPattern) matches(schema string, names []string, column string) bool {
	return p.isOf(schema, names) && glob(p.column, folded(column))
}

// isOf reports whether the pattern is of columns of a table.
func (p *columnPattern) isOf(schema string, names []string) bool {
	if p.table == "" {
		return true
	}
	if p.schema != "" && !glob(p.schema, folded(schema)) {
		return false
	}
	for _, name := range names {
		if glob(p.table, folded(name)) {
			return true
		}
	}
	return false
}

// glob reports whether * in the pattern can stand for something that makes it name.
func glob(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// opinion is what the list says of something.
type opinion uint8

const (
	nothing opinion = iota
	leaves          // it is left out
	lets            // it is let through as it is
)

// of returns what the list says of a column of a table, by the last pattern that matches it.
func (s *SecretColumns) of(schema string, names []string, column string) (o opinion) {
	for i := range s.patterns {
		if p := &s.patterns[i]; p.matches(schema, names, column) {
			if o = leaves; p.through {
				o = lets
			}
		}
	}
	return o
}

// lets reports whether the list lets a whole table through: by -table.*
func (s *SecretColumns) letsTable(schema string, names []string) (through bool) {
	for i := range s.patterns {
		if p := &s.patterns[i]; p.table != "" && p.column == "*" && p.isOf(schema, names) {
			through = p.through
		}
	}
	return through
}

// ofName returns what the list says of a name that is no column's: of a key in JSON, or an
// attribute.
func (s *SecretColumns) ofName(name string) (o opinion) {
	for i := range s.patterns {
		if p := &s.patterns[i]; p.table == "" && glob(p.column, folded(name)) {
			if o = leaves; p.through {
				o = lets
			}
		}
	}
	return o
}

// leavesAttribute reports whether an attribute of a composite type is left out. salted says that
// another one is a salt.
func (s *SecretColumns) leavesAttribute(name string, of held, salted bool) bool {
	switch s.ofName(name) {
	case leaves:
		return true
	case lets:
		return false
	}
	return !s.off && (namesCredential(name, of) || salted && isHash(name))
}
