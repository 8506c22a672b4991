package mapper

import (
	"fmt"
	"slices"
	"strings"

	"hookline/cdc"
	"hookline/internal/spelling"
)

// ObjectPatterns name objects and tables: person, sales_orders, audit*, public.logs, archive.*. A
// name without a schema is that of an object or of a table, and * stands for anything.
type ObjectPatterns []string

// UnmarshalText takes a comma list.
func (p *ObjectPatterns) UnmarshalText(text []byte) error {
	*p = nil
	for entry := range strings.SplitSeq(string(text), ",") {
		entry = strings.TrimSpace(entry)
		if strings.HasPrefix(entry, "-") {
			return fmt.Errorf("entry %q: HOOKLINE_INCLUDE and HOOKLINE_EXCLUDE have no exceptions, and "+
				"HOOKLINE_EXCLUDE wins over HOOKLINE_INCLUDE", entry)
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
	p = objectPattern{text: text, schema: folded(schema), name: folded(name)}
	return p, p.name != "" && qualified == (p.schema != "") && !strings.ContainsAny(text, `[]?\`) &&
		!strings.Contains(name, ".")
}

func (p *objectPattern) matches(c candidate) bool {
	if p.schema != "" {
		return glob(p.schema, folded(c.schema)) && glob(p.name, folded(c.table))
	}
	return glob(p.name, folded(c.object)) || glob(p.name, folded(c.table))
}

// candidate is a table that may be selected, with the name of what it holds.
type candidate struct{ schema, table, object string }

// selection says which objects are announced: those that are included, all where nothing is, but for
// those that are excluded.
type selection struct{ include, exclude []objectPattern }

func newSelection(include, exclude ObjectPatterns) selection {
	return selection{include.compile(), exclude.compile()}
}

// compile leaves out what UnmarshalText would have refused.
func (p ObjectPatterns) compile() (list []objectPattern) {
	for _, text := range p {
		if pattern, ok := newObjectPattern(text); ok {
			list = append(list, pattern)
		}
	}
	return list
}

// omits tells why a table is not announced, "" when it may be.
func (s *selection) omits(c candidate) string {
	matches := func(p objectPattern) bool { return p.matches(c) }
	if i := slices.IndexFunc(s.exclude, matches); i >= 0 {
		return "HOOKLINE_EXCLUDE has " + s.exclude[i].text
	}
	if len(s.include) > 0 && !slices.ContainsFunc(s.include, matches) {
		return "HOOKLINE_INCLUDE does not name it"
	}
	return ""
}

// mistake is an entry of a setting that names nothing.
type mistake struct{ setting, entry, why string }

// mistakes returns the entries that match none of the tables, each with the nearest name, and those of
// zones. Tables in other schemas than those that are watched are elsewhere.
func (s *selection) mistakes(tables, elsewhere []candidate, zones []tableZone) (list []mistake) {
	var bare, qualified []string
	for _, c := range tables {
		bare = append(bare, c.object, c.table)
		qualified = append(qualified, c.schema+"."+c.table)
	}
	tell := func(setting, entry string, known []string, matches func(candidate) bool) {
		if slices.ContainsFunc(tables, matches) {
			return
		}
		m := mistake{setting, entry, "no table or object has this name"}
		if i := slices.IndexFunc(elsewhere, matches); i >= 0 {
			m.why = fmt.Sprintf("HOOKLINE_SCHEMAS does not have schema %s", elsewhere[i].schema)
		} else if near := spelling.Nearest(entry, sorted(known)); near != "" {
			m.why += ": is " + near + " meant?"
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
	for _, z := range zones {
		tell("HOOKLINE_TIMESTAMP_ZONE", z.table, qualified, func(c candidate) bool {
			return z.matches(c.schema, c.table)
		})
	}
	return list
}

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// finding returns it as what a check has found.
func (m *mistake) finding(check string) cdc.Finding {
	return cdc.Finding{
		Level: cdc.Warning, Check: check,
		Found: fmt.Sprintf("%s names %q: %s", m.setting, m.entry, m.why),
		Mend:  "correct the entry, or take it out",
	}
}
