package applications

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// mirror is a receiver that keeps what events tell of each record, and nothing else. It refuses
// some of what comes, and breaks some connections off before it has answered.
type mirror struct {
	*httptest.Server
	secret string

	mu      sync.Mutex
	random  *rand.Rand
	records map[string]map[string]map[string]any // data, by object and key
	ids     map[string]bool                      // of events
	refused int
	again   int // events that came once more
	wrong   []string
}

func newMirror(t *testing.T, seed uint64) *mirror {
	t.Helper()
	m := &mirror{
		secret: e2e.Confidential + " secret", random: rand.New(rand.NewPCG(seed, 1)),
		records: map[string]map[string]map[string]any{}, ids: map[string]bool{},
	}
	m.Server = httptest.NewServer(&receiver.Receiver{Secret: m.secret, Answer: m.answer})
	t.Cleanup(m.Close)
	return m
}

func (m *mirror) answer(got receiver.Request) receiver.Answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	luck := m.random.IntN(100)
	if luck < 8 {
		m.refused++
		if luck < 3 {
			return receiver.Answer{Cut: true}
		}
		return receiver.Answer{Status: http.StatusServiceUnavailable}
	}
	if got.Signature != nil {
		m.wrong = append(m.wrong, got.Signature.Error())
	}
	if m.ids[got.ID] {
		m.again++
	} else if err := m.take(got.Body); err != nil {
		m.wrong = append(m.wrong, fmt.Sprintf("%v: %s", err, got.Body))
	}
	m.ids[got.ID] = true
	return receiver.Answer{Cut: luck >= 98}
}

// take keeps what an event tells.
func (m *mirror) take(body []byte) error {
	var e struct {
		Event            string
		Data             map[string]any
		Key, PreviousKey json.RawMessage
	}
	if bytes.Contains(bytes.ToLower(body), []byte("canary")) {
		return fmt.Errorf("a credential is in it")
	}
	if err := decode(body, &e); err != nil || e.Key == nil {
		return fmt.Errorf("no event of a record: %w", err)
	}
	object, action, _ := strings.Cut(e.Event, ".")
	of := m.records[object]
	if of == nil {
		of = map[string]map[string]any{}
		m.records[object] = of
	}
	before := string(e.Key)
	if e.PreviousKey != nil {
		before = string(e.PreviousKey)
	}
	if _, known := of[before]; known == (action == "created") {
		return fmt.Errorf("%s, which is known: %t", before, known)
	}
	delete(of, before)
	if action != "deleted" {
		of[string(e.Key)] = e.Data
	}
	return nil
}

// decode reads JSON, numbers as they are written.
func decode(text []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(v)
}

// object is what `hookline objects` tells of a table.
type object struct {
	Table, Object string
	Key, LeftOut  []string
}

// listObjects returns those that are announced.
func listObjects(t *testing.T, db *e2e.Database, settings ...string) (list []object) {
	t.Helper()
	p := e2e.Run(t, db.Env(settings...), "objects", "--json")
	if err := json.Unmarshal([]byte(p.Out.String()), &list); err != nil {
		t.Fatalf("%v: %s%s", err, p.Out.String(), p.Log.String())
	}
	return slices.DeleteFunc(list, func(o object) bool { return o.Object == "" || len(o.Key) == 0 })
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

// touched are columns of which a change alone is not told.
var touched = []string{"write_date", "write_uid", "lastupdated", "lastupdatedby"}

// omitted are columns that are not sent, as a preset knows them to be too large.
var omitted = []string{"invoice_report_cache", "content"}

// compare compares the mirror with the tables. It returns how many rows it has compared, and what
// differs.
func (m *mirror) compare(
	t *testing.T, app *application, conn *pgx.Conn, list []object,
) (rows int, differ []string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	compared := map[string]bool{}
	for _, o := range list {
		_, table, _ := strings.Cut(o.Table, ".")
		where := "true"
		if gone[table] != "" && app.name == "request-tracker" {
			where = "NOT coalesce(" + gone[table] + ", false)"
		}
		texts, err := conn.Query(t.Context(), "SELECT to_jsonb(r)::text FROM public."+
			pgx.Identifier{table}.Sanitize()+" r WHERE "+where)
		if err != nil {
			t.Fatal(err)
		}
		all, err := pgx.CollectRows(texts, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		records := map[string]map[string]any{} // by the values of the key
		for _, data := range m.records[o.Object] {
			records[keyOf(data, o.Key)] = data
		}
		for _, text := range all {
			var row map[string]any
			if err := decode([]byte(text), &row); err != nil {
				t.Fatal(err)
			}
			key := keyOf(row, o.Key)
			if what := difference(row, records[key], o.LeftOut); what != "" {
				differ = append(differ, fmt.Sprintf("%s %s: %s", o.Table, key, what))
			}
			delete(records, key)
		}
		for key := range records {
			differ = append(differ, fmt.Sprintf("%s %s: there is no such row", o.Table, key))
		}
		rows += len(all)
		compared[o.Object] = true
	}
	for name := range m.records {
		if !compared[name] {
			differ = append(differ, name+": no such object")
		}
	}
	return rows, differ
}

// plain is the name of a column, and of the field that is made of it.
func plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// keyOf returns the values of the key of a row or a record, by the columns' names.
func keyOf(data map[string]any, columns []string) string {
	var key []string
	for _, c := range columns {
		for name, v := range data {
			if plain(name) == plain(c) {
				key = append(key, fmt.Sprint(shown(v)))
			}
		}
	}
	return strings.Join(key, ",")
}

// difference tells what differs between a row and its record; "" when nothing does.
func difference(row, record map[string]any, leftOut []string) string {
	if record == nil {
		return "there is no such record"
	}
	fields := map[string]any{}
	for name, v := range record {
		fields[plain(name)] = v
	}
	for column, v := range row {
		if slices.Contains(touched, column) || slices.Contains(leftOut, column) {
			continue
		}
		field, told := fields[plain(column)]
		if !told && slices.Contains(omitted, column) {
			continue
		}
		if !told || fmt.Sprint(shown(field)) != fmt.Sprint(shown(v)) {
			return fmt.Sprintf("%s is %v, told as %v", column, v, field)
		}
	}
	return ""
}

// shown returns a value as events and rows have it alike: times without a zone, and none where it
// is the one that stands for none.
func shown(v any) any {
	s, isText := v.(string)
	switch {
	case isText && s == "1970-01-01T00:00:00" || isText && s == "1970-01-01T00:00:00Z":
		return nil
	case isText && len(s) > 10 && s[4] == '-' && s[10] == 'T':
		return strings.TrimSuffix(s, "Z")
	}
	return v
}
