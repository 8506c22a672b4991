package pattern

import (
	"fmt"
	"strings"
)

// Entry is one of a list that says something of columns: ticket.status:deleted. With - before
// it, and without a value, it takes back what others say of the column.
type Entry struct {
	Column
	Value string // behind the colon; "" for none
}

// Entries are such a list. What comes later says more than what came before it.
type Entries []Entry

// newColumnEntries reads a comma list. check says what is wrong with an entry, if anything is.
func newColumnEntries(text []byte, check func(*Entry) error) (list Entries, err error) {
	for entry := range strings.SplitSeq(string(text), ",") {
		name, value, valued := strings.Cut(strings.TrimSpace(entry), ":")
		pattern, err := NewColumn(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		pattern.Text = strings.TrimSpace(entry)
		e := Entry{pattern, strings.TrimSpace(value)}
		switch {
		case e.Through && valued:
			return nil, fmt.Errorf("entry %q: - takes back what is said of a column, whatever its "+
				"value: want no :%s", e.Text, e.Value)
		case valued && e.Value == "":
			return nil, fmt.Errorf("entry %q: nothing stands behind the colon", e.Text)
		case !e.Through:
			if err := check(&e); err != nil {
				return nil, err
			}
		}
		list = append(list, e)
	}
	return list, nil
}

// Of returns what the list says of a column of a table that goes by the names.
func (l Entries) Of(schema string, names []string, column string) (said []Entry) {
	for _, e := range l {
		switch {
		case !e.Matches(schema, names, column):
		case e.Through:
			said = nil
		default:
			said = append(said, e)
		}
	}
	return said
}

// Patterns returns the columns that are named.
func (l Entries) Patterns() (list []Column) {
	for _, e := range l {
		list = append(list, e.Column)
	}
	return list
}

// Values say what becomes of values: by the configuration, or by a preset.
type Values struct {
	SoftDelete, Omit, Nulls Entries
}

// And returns both, of which the other has the last word.
func (v Values) And(other Values) Values {
	both := func(a, b Entries) Entries { return append(a[:len(a):len(a)], b...) }
	return Values{
		both(v.SoftDelete, other.SoftDelete), both(v.Omit, other.Omit), both(v.Nulls, other.Nulls),
	}
}
