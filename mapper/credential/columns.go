package credential

import (
	"strings"

	"hookline/mapper/naming"
	"hookline/mapper/pattern"
)

// SecretColumns say what is left out of events because it is a credential, beside or in place of
// what its name alone says. The zero value leaves it to the names.
type SecretColumns struct {
	Off      bool // names alone say nothing
	Patterns []pattern.Column
}

// UnmarshalText takes a comma list of column, table.column and schema.table.column, where -
// before one lets it through, and of off.
func (s *SecretColumns) UnmarshalText(text []byte) error {
	*s = SecretColumns{}
	for entry := range strings.SplitSeq(string(text), ",") {
		if entry = strings.TrimSpace(entry); entry == "off" {
			s.Off = true
			continue
		}
		p, err := pattern.NewColumn(entry)
		if err != nil {
			return err
		}
		s.Patterns = append(s.Patterns, p)
	}
	return nil
}

// Opinion is what the list says of something.
type Opinion uint8

const (
	nothing Opinion = iota
	Leaves          // it is left out
	Lets            // it is let through as it is
)

// Of returns what the list says of a column of a table, by the last pattern that matches it.
func (s *SecretColumns) Of(schema string, names []string, column string) (o Opinion) {
	for i := range s.Patterns {
		if p := &s.Patterns[i]; p.Matches(schema, names, column) {
			if o = Leaves; p.Through {
				o = Lets
			}
		}
	}
	return o
}

// LetsTable reports whether the list lets a whole table through: by -table.*
func (s *SecretColumns) LetsTable(schema string, names []string) (through bool) {
	for i := range s.Patterns {
		if p := &s.Patterns[i]; p.Table != "" && p.Column == "*" && p.IsOf(schema, names) {
			through = p.Through
		}
	}
	return through
}

// ofName returns what the list says of a name that is no column's: of a key in JSON, or an
// attribute.
func (s *SecretColumns) ofName(name string) (o Opinion) {
	for i := range s.Patterns {
		if p := &s.Patterns[i]; p.Table == "" && pattern.Glob(p.Column, naming.Folded(name)) {
			if o = Leaves; p.Through {
				o = Lets
			}
		}
	}
	return o
}

// LeavesAttribute reports whether an attribute of a composite type is left out. salted says that
// another one is a salt.
func (s *SecretColumns) LeavesAttribute(name string, of Held, salted bool) bool {
	switch s.ofName(name) {
	case Leaves:
		return true
	case Lets:
		return false
	}
	return !s.Off && (namesCredential(name, of) || salted && isHash(name))
}
