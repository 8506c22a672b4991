package generic

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/credential"
)

// isWhole reports whether the acts of the application have all rows from the beginning, so that a
// mirror can be made of events alone.
func (app application) isWhole() bool { return app.acts[0].name == wasThere }

// wasThere is the first act, of rows that were there before anybody did anything.
const wasThere = "what was there"

// isAct reports whether a user did it, not the application by itself: its queue, its ledger, what
// it mails.
func isAct(name string) bool { return name != wasThere && !strings.HasPrefix(name, "by itself: ") }

// mostRecords returns how many records an act may be told of in one commit. One of more says so.
func mostRecords(name string) int {
	most := 3
	if _, after, found := strings.Cut(name, ": "); found {
		_, _ = fmt.Sscanf(after, "%d records", &most)
	}
	return most
}

// mostInCommit returns how many events there are at most of one commit.
func mostInCommit(events []*mapper.Event) (most int) {
	of := map[string]int{}
	for _, e := range events {
		of[transactionOf(e)]++
		most = max(most, of[transactionOf(e)])
	}
	return most
}

// repeated returns the events of records of which the commit has told before. What is published of
// a document is told beside its draft, which has just been created.
func repeated(events []*mapper.Event) (list []*mapper.Event) {
	type record struct {
		commit, workspace string
		record            uint64
		published         bool
	}
	told := map[record]bool{}
	for _, e := range events {
		r := record{transactionOf(e), e.Workspace, e.Record, e.Action == mapper.Published}
		if told[r] {
			list = append(list, e)
		}
		told[r] = true
	}
	return list
}

// holdsCanary reports whether a credential is in a body, as it is or in hexadecimal.
func holdsCanary(body []byte) bool {
	lower := bytes.ToLower(body)
	return bytes.Contains(lower, []byte("canary")) ||
		bytes.Contains(lower, []byte(hex.EncodeToString([]byte("canary"))))
}

// gone says of which rows receivers have heard that their records are gone, or nothing at all.
var gone = map[string]string{
	"tickets": "status = 'deleted'", "assets": "status = 'deleted'",
	"queues": "disabled = 1", "catalogs": "disabled = 1", "articles": "disabled = 1",
	"customfields": "disabled = 1", "objectcustomfieldvalues": "disabled = 1",
	"principals":   "disabled = 1 OR principaltype <> 'User'",
	"groups":       "domain <> 'UserDefined'",
	"transactions": "objecttype <> 'RT::Ticket' OR type NOT IN ('Create', 'Comment', 'Correspond')",
	"attachments":  "contenttype LIKE 'multipart/%'",
}

// mirrored returns what compares a mirror, made of nothing but events, with the tables.
func (app application) mirrored(t *testing.T) func(*pgx.Conn, *Catalog, [][]*mapper.Event) {
	if !app.isWhole() {
		return nil
	}
	return func(conn *pgx.Conn, g *Catalog, told [][]*mapper.Event) {
		mirror := map[string]map[string]string{} // the data of records, by object and key
		for _, e := range slices.Concat(told...) {
			of := mirror[e.Object]
			if of == nil {
				of = map[string]string{}
				mirror[e.Object] = of
			}
			key, was := string(e.Key()), string(e.Key())
			if e.Parts().PreviousKey != nil {
				was = string(e.Parts().PreviousKey)
			}
			_, known := of[was]
			if known == (e.Action == mapper.Created) {
				t.Errorf("%s of %s, which is known: %t", e.Name, was, known)
			}
			delete(of, was)
			if e.Action != mapper.Deleted {
				of[key] = string(e.Parts().Data)
			}
		}
		survey, err := g.survey(t.Context(), conn, g.known.Load())
		if err != nil {
			t.Fatal(err)
		}
		compared := 0
		for _, table := range slices.SortedFunc(maps.Keys(survey.tables), compareTables) {
			d := survey.tables[table]
			hasKey := slices.ContainsFunc(d.Columns, func(c credential.Column) bool { return c.Key })
			if d.Whole == "" && table.Name != "done" && hasKey {
				of := slices.Collect(maps.Values(mirror[d.Object]))
				compared += compareMirror(t, conn, g, table, &d, of)
			}
		}
		if compared < 10 {
			t.Errorf("no more than %d rows were compared", compared)
		}
	}
}

// compareMirror compares what a mirror has of a table with its rows, and returns how many there
// are.
func compareMirror(
	t *testing.T, conn *pgx.Conn, g *Catalog, table cdc.Table, d *judged, mirror []string,
) int {
	t.Helper()
	where := "true"
	if gone[table.Name] != "" {
		where = "NOT coalesce(" + gone[table.Name] + ", false)"
	}
	rows, err := conn.Query(t.Context(),
		fmt.Sprintf("SELECT to_jsonb(r)::text FROM %s r WHERE %s", table, where))
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	columns := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		columns[i] = c.Name
	}
	f := g.known.Load().Of(&d.Outline)
	names := f.FieldNames(columns)
	touched := func(i int) bool { return f.Touch != nil && f.Touch(columns[i]) } // and not told
	want := map[string]bool{}
	for _, text := range texts {
		row, record := fieldsOf(t, text), map[string]any{}
		for i, c := range columns {
			if !d.withholds(i) && !touched(i) {
				record[names[i]] = row[c]
			}
		}
		want[fmt.Sprint(record)] = true
	}
	for _, text := range mirror {
		record := fieldsOf(t, text)
		for i := range columns {
			if touched(i) {
				delete(record, names[i])
			}
		}
		if got := fmt.Sprint(record); !want[got] {
			t.Errorf("%s: the mirror has\n%s, and the table\n%s", table, got,
				strings.Join(slices.Sorted(maps.Keys(want)), "\n"))
		}
	}
	if len(mirror) != len(texts) {
		t.Errorf("%s: the mirror has %d records, the table %d", table, len(mirror), len(texts))
	}
	return len(texts)
}

// fieldsOf reads a record. Times have no zone, and the one that stands for none is none.
func fieldsOf(t *testing.T, text string) map[string]any {
	t.Helper()
	fields := map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		t.Fatal(err)
	}
	for name, v := range fields {
		s, isText := v.(string)
		switch {
		case isText && s == "1970-01-01T00:00:00":
			fields[name] = nil
		case isText && len(s) > 10 && s[4] == '-' && s[10] == 'T':
			fields[name] = strings.TrimSuffix(s, "Z")
		}
	}
	return fields
}

// transactionOf returns what the ids of all events of one transaction have in common.
func transactionOf(e *mapper.Event) string {
	return strings.Join(strings.Split(e.ID, "_")[:3], "_")
}
