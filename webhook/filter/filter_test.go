package filter_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/pgtext"
	"hookline/webhook/filter"
)

// table is a catalog of one table, whose values are JSON already.
type table struct{}

func (table) Generation() uint64                     { return 1 }
func (table) Refresh(context.Context, *cdc.Tx) error { return nil }
func (table) Describe(_ context.Context, rel *cdc.Relation) (*mapper.Description, error) {
	d := &mapper.Description{
		Object: rel.Name, Hash: 1, Key: []int{0}, Exact: true, DeletedAt: -1, Member: []int{1},
		Secret: func(row cdc.Tuple) bool { return row[0].String() == "7" },
	}
	for i, c := range rel.Columns {
		d.Fields = append(d.Fields, mapper.Field{
			Name: c.Name, Key: pgtext.JSONKey(c.Name), Columns: []int{i},
			MaybeSecret: c.Name == "token",
			Encode: func(dst []byte, row cdc.Tuple) []byte {
				if row[i].IsNull() {
					return append(dst, "null"...)
				}
				return append(dst, row[i].Bytes()...)
			},
		})
	}
	return d, nil
}

var columns = []string{"id", "by", "stage", "amount", "tags", "token", "name"}

// deal returns a row of the table: "" is null, and ~ unchanged.
func deal(values ...string) cdc.Tuple {
	row := make(cdc.Tuple, len(columns))
	for i, v := range values {
		switch v {
		case "":
		case "~":
			row[i] = cdc.Unchanged()
		default:
			row[i] = cdc.Text([]byte(v))
		}
	}
	return row
}

func draftOf(t testing.TB, kind cdc.Kind, old, row cdc.Tuple) *mapper.Draft {
	t.Helper()
	rel := &cdc.Relation{OID: 1, Schema: "public", Name: "deal", Identity: 'f'}
	for len(rel.Columns) < max(len(old), len(row)) {
		n := len(rel.Columns)
		name := fmt.Sprintf("c%d", n)
		if n < len(columns) {
			name = columns[n]
		}
		rel.Columns = append(rel.Columns, cdc.Column{Name: name, Identity: true})
	}
	m := mapper.New(table{}, nil, "0badcafe", mapper.FormatEvent, slog.New(slog.DiscardHandler))
	tx := &cdc.Tx{Commit: 1, XID: 1}
	d, err := m.Map(t.Context(), cdc.Change{
		Kind: kind, Relation: rel, Old: old, New: row, Tx: tx, Sole: true,
	})
	if err != nil || d == nil {
		t.Fatalf("%v, %v", d, err)
	}
	return d
}

func TestFilters(t *testing.T) {
	before := deal("1", `"m1"`, `"OPEN"`, "5", `["a","b"]`, `"t"`, `"Ada \"L\""`)
	won := deal("1", `"m1"`, `"WON"`, "12.5", `["a","b"]`, `"t"`, `"Ada \"L\""`)
	updated := draftOf(t, cdc.Update, before, slices.Clone(won))
	created := draftOf(t, cdc.Insert, nil, slices.Clone(won))
	nothing := draftOf(t, cdc.Insert, nil, deal("2"))
	unknown := draftOf(t, cdc.Update, nil, slices.Clone(won))
	deleted := draftOf(t, cdc.Delete, slices.Clone(won), nil)
	secret := draftOf(t, cdc.Insert, nil, deal("7", "", "", "", "", `"s3cret"`))
	const (
		overload = "a value has a type"
		before0  = "it is not known what the record was before"
	)
	for _, test := range []struct {
		draft        *mapper.Draft
		filter, want string // true, false, or the beginning of an error
	}{
		{updated, `'stage' in changed && data.stage == 'WON'`, "true"},
		{updated, `'name' in changed`, "false"},
		{updated, `previous.stage == 'OPEN' && previous.amount == 5`, "true"},
		{updated, `data.amount > 12 && data.amount < 13.0`, "true"},
		{updated, `previous.amount < 5.5`, "true"},
		{updated, `event == 'deal.updated' && object == 'deal' && action == 'updated'`, "true"},
		{updated, `data.name == 'Ada "L"'`, "true"},
		{updated, `'a' in data.tags && data.tags.exists(t, t == 'b') && data.tags[1] == 'b'`, "true"},
		{updated, `changed == ['stage', 'amount']`, "true"},
		{updated, `size(data) == 7 && 'stage' in data && data.exists(f, f == 'token')`, "true"},
		{updated, `data != previous`, "true"},
		{updated, `actor == null`, "true"},
		{created, `previous == {} && changed == []`, "true"},
		{created, `has(previous.stage)`, "false"},
		{created, `previous.stage == 'OPEN'`, "there is no field stage; has(data.stage)"},
		{created, `action == 'created' || previous.stage == 'OPEN'`, "true"},
		{created, `has(data.nothing)`, "false"},
		{created, `data.nothing == 1`, "there is no field nothing"},
		{created, `data[data.stage] == 1`, "there is no such field"}, // not which: it is a value
		{created, `actor == '"m1"'`, "true"},
		{nothing, `data.stage == 'WON'`, "false"},
		{nothing, `data.stage == null && actor == null`, "true"},
		{nothing, `data.amount > 1`, overload},
		{nothing, `data.amount != null && data.amount > 1`, "false"},
		{unknown, `data.stage == 'WON'`, "true"},
		{unknown, `'stage' in changed`, before0},
		{unknown, `has(previous.stage)`, before0},
		{unknown, `data.stage == 'WON' || 'stage' in changed`, "true"},
		{deleted, `action == 'deleted' && data.stage == 'WON' && changed == []`, "true"},
		{deleted, `has(previous.stage)`, "false"},
		{secret, `has(data.token)`, "false"},
		{secret, `data.id == 7`, "true"},
		{created, `int(data.name) > 1`, "a value cannot be converted"},
		{created, `data.stage`, "it is neither true nor false"},
	} {
		f, err := filter.Compile(test.filter)
		if err != nil {
			t.Errorf("%s: %v", test.filter, err)
			continue
		}
		var r filter.Reader
		r.Read(test.draft)
		for range 2 { // the second time it is what was read before
			passes, err := f.Passes(&r)
			got := fmt.Sprint(passes)
			if err != nil {
				got = err.Error()
			}
			if !strings.HasPrefix(got, test.want) {
				t.Errorf("%s: %s, want %s", test.filter, got, test.want)
			}
			if strings.Contains(got, "Ada") || strings.Contains(got, "WON") {
				t.Errorf("%s: %q quotes the record", test.filter, got)
			}
		}
	}
}

// What one event was must not be taken for the next one.
func TestReaderForgets(t *testing.T) {
	var r filter.Reader
	f, err := filter.Compile(`data.stage == 'WON' && !('stage' in changed)`)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		stage string
		want  bool
	}{{`"WON"`, true}, {`"OPEN"`, false}, {"", false}, {`"WON"`, true}} {
		r.Read(draftOf(t, cdc.Insert, nil, deal("1", "", test.stage)))
		if passes, err := f.Passes(&r); err != nil || passes != test.want {
			t.Errorf("stage %s: %v, %v", test.stage, passes, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "is empty",
		"data.stage = 'WON'":         "line 1, column 12: Syntax error",
		"datta.stage == 'WON'":       "line 1, column 1: undeclared reference to 'datta'",
		"data.stage == 'WON' &&\n x": "line 2, column 2: undeclared reference to 'x'",
		"1 + 1":                      "line 1, column 1: is int, and has to be true or false",
		"'x' in event":               "line 1, column 5: found no matching overload",
		"data.name.matches('(')":     "line 1, column 19: invalid matches argument",
		strings.Repeat("!", 5000):    "has 5000 bytes, and at most 4096",
		strings.Repeat("(", 2000) + "true" + strings.Repeat(")", 2000): "expression recursion limit exceeded",
	} {
		if _, err := filter.Compile(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

// What an expression takes of one event is bounded.
func TestCost(t *testing.T) {
	list := `["` + strings.Repeat(`a","`, 2000) + `a"]`
	d := draftOf(t, cdc.Insert, nil, deal("1", "", "", "", list))
	for _, text := range []string{
		`data.tags.all(a, data.tags.all(b, data.tags.all(c, a == b && b == c)))`,
		`data.tags.map(a, data.tags.map(b, a + b)).size() > 0`,
	} {
		f, err := filter.Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		var r filter.Reader
		r.Read(d)
		if _, err := f.Passes(&r); err == nil || !strings.Contains(err.Error(), "more steps") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestFieldsAndReason(t *testing.T) {
	f, err := filter.Compile(`'stage' in changed && data["amount"] > 1 && (previous.name != 'x' ||
		'tags' in data) && has(data.token) && data.by.startsWith('y') && event == 'other'`)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(f.Fields()); got != "[amount by name stage tags token]" {
		t.Errorf("fields %s", got)
	}
	var r filter.Reader
	r.Read(draftOf(t, cdc.Update, deal("1", "", `"OPEN"`, "2"), deal("1", "", `"WON"`, "2")))
	f, err = filter.Compile(`'stage' in changed && (data.amount > 2 || data.stage == 'LOST')`)
	if err != nil {
		t.Fatal(err)
	}
	want := `data.amount > 2 || data.stage == "LOST" is false`
	if got := f.Why(&r); got != want {
		t.Errorf("reason %q, want %q", got, want)
	}
}

// BenchmarkFilter is what a filter costs of an event, of a row of 22 columns.
func BenchmarkFilter(b *testing.B) {
	row, old := make(cdc.Tuple, 22), make(cdc.Tuple, 22)
	for i := range row {
		row[i] = cdc.Text(fmt.Appendf(nil, `"value of column %d"`, i))
		old[i] = row[i]
	}
	row[0], old[0] = cdc.Text([]byte("1")), cdc.Text([]byte("1"))
	old[2] = cdc.Text([]byte(`"OPEN"`))
	row[2] = cdc.Text([]byte(`"WON"`))
	d := draftOf(b, cdc.Update, old, row)
	for name, text := range map[string]string{
		"two_comparisons":  `data.stage == 'WON' && data.c21 != 'x'`,
		"changed_and_data": `'stage' in changed && data.stage == 'WON'`,
		"previous":         `previous.stage == 'OPEN' && data.stage == 'WON'`,
		"withheld":         `'stage' in changed && data.stage == 'LOST'`,
		"counted":          `data.stage.contains('W') && data.c21 != 'x'`,
	} {
		b.Run(name, func(b *testing.B) {
			f, err := filter.Compile(text)
			if err != nil {
				b.Fatal(err)
			}
			var r filter.Reader
			b.ReportAllocs()
			for b.Loop() {
				r.Read(d)
				if v, reason := f.Decide(&r, true); (v == filter.Withheld) != (name == "withheld") {
					b.Fatal(v, reason)
				}
			}
		})
	}
}

// FuzzCompile takes any text for an expression, which may be asked about any event.
func FuzzCompile(f *testing.F) {
	f.Add(`'stage' in changed && data.stage == 'WON'`)
	f.Add(`data.tags.exists(t, t == 'b') || previous["amount"] < 5.5 ? actor != null : size(data) > 1`)
	f.Add(`data.name.matches('^A') && int(data.amount) in [1, 2] && data == previous`)
	f.Fuzz(func(t *testing.T, text string) {
		compiled, err := filter.Compile(text)
		if err != nil {
			return
		}
		var r filter.Reader
		for _, d := range []*mapper.Draft{
			draftOf(t, cdc.Insert, nil, deal("1", "", `"OPEN"`, "5", `["a"]`)),
			draftOf(t, cdc.Update, nil, deal("1", "", `"OPEN"`, "5", `["a"]`)),
			draftOf(t, cdc.Update, deal("1"), deal("1", "", `"OPEN"`, "5", `["a"]`)),
		} {
			r.Read(d)
			verdict, reason := compiled.Decide(&r, true)
			if (verdict == filter.Passed) != (reason == "") {
				t.Errorf("%q: %s, %q", text, verdict, reason)
			}
		}
	})
}
