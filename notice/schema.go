package notice

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"hookline/mapper"
)

// SchemaChange is that events of a table have other fields than before. A field that was renamed is
// one that is gone, and another one that has come.
type SchemaChange struct {
	Object  string   `json:"object,omitempty"`
	Table   string   `json:"table,omitempty"`   // schema.table
	Added   []string `json:"added,omitempty"`   // fields that have come
	Removed []string `json:"removed,omitempty"` // that are gone
	Changed []string `json:"changed,omitempty"` // whose values have another form
	// keys of webhooks whose filter, fields or mask name what is gone; of many of them, some
	Broken []string `json:"brokenWebhooks,omitempty"`
}

// schemaNames is how many names of each kind the sentence has, and the tables of a sum.
const schemaNames = 10

// Schema returns the notices of changes, for the caller to write down: one for each of a few, and
// of more of them within a minute one that sums the others up. See Told.
func (t *Tracker) Schema(changes []SchemaChange) (rows []Row) {
	now := time.Now()
	t.mu.Lock()
	w := t.windows[mapper.SchemaChanged].at(now)
	by := min(w.left, len(changes))
	w.left -= by
	t.windows[mapper.SchemaChanged] = w
	t.mu.Unlock()
	add := func(f eventFacts, summed bool) {
		f.Since = now
		rows = append(rows, Row{
			What: mapper.SchemaChanged, Data: f.tell(mapper.SchemaChanged), Summed: summed,
		})
	}
	var others []string
	for i, c := range changes {
		add(eventFacts{SchemaChange: c}, i >= by)
		if i >= by {
			others = append(others, c.Table)
		}
	}
	if others != nil {
		add(eventFacts{Tables: len(others), SchemaChange: SchemaChange{Table: some(others)}}, false)
	}
	return rows
}

// Told takes notices that somebody else has written down, with their IDs and times, and has them
// delivered.
func (t *Tracker) Told(rows []Row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, row := range rows {
		t.count[row.What].Inc()
	}
	t.written = append(t.written, rows...)
	signal(t.wake)
}

// takeWritten returns what others have written down and nobody has delivered.
func (d *delivering) takeWritten() (rows []Row) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, row := range d.written {
		if !d.begun[row.ID] {
			rows = append(rows, row)
			d.begun[row.ID] = true
		}
	}
	d.written = nil
	return rows
}

// schemaSentence is a change of fields in words.
func (f *eventFacts) schemaSentence() string {
	if f.Tables > 0 {
		return fmt.Sprintf("Events of %s more tables have other fields than before (%s). Table "+
			"hookline.notice has a row for each.", humanize.Comma(int64(f.Tables)), f.Table)
	}
	var how []string
	for _, kind := range []struct {
		what  string
		names []string
	}{{"gone: ", f.Removed}, {"new: ", f.Added}, {"of another type: ", f.Changed}} {
		if len(kind.names) > 0 {
			how = append(how, kind.what+some(kind.names))
		}
	}
	said := fmt.Sprintf("Events of %s (table %s) have other fields than before; %s.", f.Object,
		f.Table, strings.Join(how, "; "))
	if f.Broken != nil {
		said += " What is gone is named by filter, fields or mask of " + some(f.Broken) + "."
	}
	return said
}

// some names the first of a list.
func some(list []string) string {
	more := ""
	if n := len(list); n > schemaNames {
		list, more = list[:schemaNames], fmt.Sprintf(" and %d more", n-schemaNames)
	}
	return strings.Join(list, ", ") + more
}
