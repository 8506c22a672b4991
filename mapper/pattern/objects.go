package pattern

import (
	"fmt"
	"slices"
	"strings"

	"hookline/cdc"
	"hookline/internal/spelling"
	"hookline/mapper/naming"
)

// Objects name objects and tables: person, sales_orders, audit*, public.logs, archive.*. A
// name without a schema is that of an object or of a table, and * stands for anything.
type Objects []string

// UnmarshalText takes a comma list.
func (p *Objects) UnmarshalText(text []byte) error {
	*p = nil
	for entry := range strings.SplitSeq(string(text), ",") {
		entry = strings.TrimSpace(entry)
		if strings.HasPrefix(entry, "-") {
			return fmt.Errorf(
				"entry %q: HOOKLINE_INCLUDE and HOOKLINE_EXCLUDE have no exceptions, and "+
					"HOOKLINE_EXCLUDE wins over HOOKLINE_INCLUDE",
				entry,
			)
		}
		if _, ok := newObjectPattern(entry); !ok {
			return fmt.Errorf("entry %q: want an object, a table or schema.table", entry)
		}
		*p = append(*p, entry)
	}
	return nil
}

// objectPattern is one entry. Its names are folded.
type objectPattern struct {
	text   string // as it was written
	schema string // "" where name may be an object's
	name   string
}

func newObjectPattern(text string) (p objectPattern, ok bool) {
	schema, name, qualified := strings.Cut(text, ".")
	if !qualified {
		schema, name = "", text
	}
	p = objectPattern{text: text, schema: naming.Folded(schema), name: naming.Folded(name)}
	return p, p.name != "" && qualified == (p.schema != "") && !strings.ContainsAny(text, `[]?\`) &&
		!strings.Contains(name, ".")
}

func (p *objectPattern) matches(c Candidate) bool {
	if p.schema != "" {
		return Glob(p.schema, naming.Folded(c.Schema)) && Glob(p.name, naming.Folded(c.Table))
	}
	return Glob(p.name, naming.Folded(c.Object)) || Glob(p.name, naming.Folded(c.Table))
}

// Candidate is a table that may be selected, with the name of what it holds.
type Candidate struct{ Schema, Table, Object string }

// Selection says which objects are announced: those that are included, all where nothing is, but
// for those that are excluded.
type Selection struct{ include, exclude []objectPattern }

// NewSelection returns what two settings select.
func NewSelection(include, exclude Objects) Selection {
	return Selection{include.compile(), exclude.compile()}
}

// compile leaves out what UnmarshalText would have refused.
func (p Objects) compile() (list []objectPattern) {
	for _, text := range p {
		if pattern, ok := newObjectPattern(text); ok {
			list = append(list, pattern)
		}
	}
	return list
}

// Omits tells why a table is not announced, "" when it may be.
func (s *Selection) Omits(c Candidate) string {
	matches := func(p objectPattern) bool { return p.matches(c) }
	if i := slices.IndexFunc(s.exclude, matches); i >= 0 {
		return "HOOKLINE_EXCLUDE has " + s.exclude[i].text
	}
	if len(s.include) > 0 && !slices.ContainsFunc(s.include, matches) {
		return "HOOKLINE_INCLUDE does not name it"
	}
	return ""
}

// Mistake is an entry of a setting that names nothing.
type Mistake struct{ Setting, Entry, Why string }

// Named is an entry of another setting that names tables by schema.table.
type Named struct {
	Setting, Entry string
	Matches        func(Candidate) bool
}

// Mistakes returns the entries that match none of the tables, each with the nearest name, and those
// of other settings. Tables in other schemas than those that are watched are elsewhere.
func (s *Selection) Mistakes(tables, elsewhere []Candidate, others ...Named) (list []Mistake) {
	var bare, qualified []string
	for _, c := range tables {
		bare = append(bare, c.Object, c.Table)
		qualified = append(qualified, c.Schema+"."+c.Table)
	}
	tell := func(setting, entry string, known []string, matches func(Candidate) bool) {
		if slices.ContainsFunc(tables, matches) {
			return
		}
		m := Mistake{setting, entry, "no table or object has this name"}
		if i := slices.IndexFunc(elsewhere, matches); i >= 0 {
			m.Why = fmt.Sprintf("HOOKLINE_SCHEMAS does not have schema %s", elsewhere[i].Schema)
		} else if near := spelling.Nearest(entry, Sorted(known)); near != "" {
			m.Why += ": is " + near + " meant?"
		}
		list = append(list, m)
	}
	for _, l := range []struct {
		setting  string
		patterns []objectPattern
	}{{"HOOKLINE_INCLUDE", s.include}, {"HOOKLINE_EXCLUDE", s.exclude}} {
		for _, p := range l.patterns {
			known := bare
			if p.schema != "" {
				known = qualified
			}
			tell(l.setting, p.text, known, p.matches)
		}
	}
	for _, o := range others {
		tell(o.Setting, o.Entry, qualified, o.Matches)
	}
	return list
}

// Sorted returns the names, sorted and each once.
func Sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// Finding returns it as what a check has found.
func (m *Mistake) Finding(check string) cdc.Finding {
	return cdc.Finding{
		Level: cdc.Warning, Check: check,
		Found: fmt.Sprintf("%s names %q: %s", m.Setting, m.Entry, m.Why),
		Hint:  "correct the entry, or take it out",
	}
}

// Names reports whether HOOKLINE_INCLUDE names the table itself, and not by a *.
func (s *Selection) Names(c Candidate) bool {
	return slices.ContainsFunc(s.include, func(p objectPattern) bool {
		return !strings.Contains(p.text, "*") && p.matches(c)
	})
}
