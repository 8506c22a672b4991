package twenty

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/mappertest"
	"hookline/mapper/pgtext/pgtexttest"
)

// fieldOf returns the plan of a field f of the given type, over columns of the given names.
func fieldOf(t testing.TB, kind string, columns ...string) mapper.Field {
	t.Helper()
	rel := &cdc.Relation{Schema: "s", Name: "t"}
	for _, c := range columns {
		rel.Columns = append(rel.Columns, cdc.Column{Name: c})
	}
	plan, ok := (&field{name: "f", kind: kind}).plan(rel)
	if !ok {
		t.Fatalf("a field f of type %s has no columns among %v", kind, columns)
	}
	return plan
}

// TestTwentyUnusualText has texts that Postgres prints for other types and in other sessions.
func TestTwentyUnusualText(t *testing.T) {
	const null = "\x00"
	for _, test := range []struct{ kind, text, want string }{
		{"BOOLEAN", "true", `"true"`},
		{"NUMBER", "one", `null`},
		{"DATE_TIME", "2026-01-02 03:04:05.6", `"2026-01-02T03:04:05.600Z"`}, // without time zone
		{"DATE_TIME", "2026-01-02 03:04:05+05:30", `"2026-01-02 03:04:05+05:30"`},
		{"DATE_TIME", "2026-01-02", `"2026-01-02"`},
		{"DATE_TIME", "\"", `"\""`},
		{"DATE_TIME", "275760-09-13 00:00:00+00", `"+275760-09-13T00:00:00.000Z"`},
		{"DATE_TIME", "275760-09-13 00:00:00.001+00", `null`},
		{"ARRAY", "{", `"{"`},
		{"RAW_JSON", "{", `"{"`},
		{"NEW_IN_2030", "(1,2)", `"(1,2)"`},
		{"NEW_IN_2030", null, `null`},
	} {
		var v cdc.Value
		if test.text != null {
			v = cdc.Text([]byte(test.text))
		}
		if got := string(fieldOf(t, test.kind, "f").Encode(nil, cdc.Tuple{v})); got != test.want {
			t.Errorf("%s %q: got %s, want %s", test.kind, test.text, got, test.want)
		}
	}
}

// TestTwentyLeavesOutSearchVectors, also where the stream brings them.
func TestTwentyLeavesOutSearchVectors(t *testing.T) {
	f := &field{kind: "TS_VECTOR", name: "searchVector"}
	if plan, ok := f.plan(&cdc.Relation{Columns: []cdc.Column{{Name: "searchVector"}}}); ok {
		t.Errorf("it is announced: %+v", plan)
	}
}

func TestTwentyComposites(t *testing.T) {
	const null = "\x00"
	for _, test := range []struct {
		kind    string
		columns []string
		row     []string
		want    string
	}{
		{
			"FULL_NAME",
			[]string{"fLastName", "fFirstName"},
			[]string{"L", "F"},
			`{"firstName":"F","lastName":"L"}`,
		},
		{
			"FULL_NAME",
			[]string{"fLastName", "fFirstName"},
			[]string{null, null},
			`{"firstName":"","lastName":""}`,
		},
		{
			"EMAILS",
			[]string{"fPrimaryEmail", "fAdditionalEmails"},
			[]string{"a@x", `["b@x"]`},
			`{"primaryEmail":"a@x","additionalEmails":["b@x"]}`,
		},
		{
			"EMAILS",
			[]string{"fPrimaryEmail", "fAdditionalEmails"},
			[]string{"a@x", `null`},
			`{"primaryEmail":"a@x","additionalEmails":[]}`,
		},
		{"LINKS", []string{"fPrimaryLinkUrl"}, []string{"u"}, `{"primaryLinkUrl":"u"}`},
		{
			"CURRENCY",
			[]string{"fAmountMicros", "fCurrencyCode"},
			[]string{"-0.5", "EUR"},
			`{"amountMicros":0,"currencyCode":"EUR"}`,
		},
		{
			"CURRENCY",
			[]string{"fAmountMicros", "fCurrencyCode"},
			[]string{"Infinity", ""},
			`{"amountMicros":null,"currencyCode":""}`,
		},
		{
			"CURRENCY",
			[]string{"fAmountMicros", "fCurrencyCode"},
			[]string{null, null},
			`{"amountMicros":null,"currencyCode":null}`,
		},
		{
			"ADDRESS",
			[]string{"fAddressStreet1", "fAddressStreet3", "fAddressLat"},
			[]string{null, null, "1.10"},
			`{"addressStreet1":"","addressStreet3":null,"addressLat":1.1}`,
		},
		{
			"ACTOR",
			[]string{"fSource", "fWorkspaceMemberId", "fName", "fContext"},
			[]string{null, null, null, null},
			`{"source":null,"workspaceMemberId":null,"name":"","context":null}`,
		},
		{
			"ACTOR",
			[]string{"fSource", "fWorkspaceMemberId", "fName", "fContext"},
			[]string{"API", null, null, null},
			`{"source":"API","workspaceMemberId":null,"name":"","context":null}`,
		},
		{
			"RICH_TEXT",
			[]string{"fBlocknote", "fMarkdown", "f"},
			[]string{null, null, "old"},
			`{"blocknote":null,"markdown":""}`,
		},
		{
			"RICH_TEXT_V2",
			[]string{"fBlocknote", "fMarkdown"},
			[]string{"[]", "m"},
			`{"blocknote":"[]","markdown":"m"}`,
		},
	} {
		row := make(cdc.Tuple, len(test.row))
		for i, text := range test.row {
			if text != null {
				row[i] = cdc.Text([]byte(text))
			}
		}
		plan := fieldOf(t, test.kind, test.columns...)
		if got := string(plan.Encode([]byte("x"), row)); got != "x"+test.want {
			t.Errorf("%s of %v %q: got %s, want x%s", test.kind, test.columns, test.row, got, test.want)
		}
	}
}

func TestTwentyRelations(t *testing.T) {
	const one, many = "MANY_TO_ONE", "ONE_TO_MANY"
	rel := &cdc.Relation{Columns: []cdc.Column{{Name: "id"}, {Name: "companyId"}, {Name: "bossId"}}}
	for _, test := range []struct {
		field      field
		name, also string
		column     int
		owns       bool
	}{
		{
			field{kind: "RELATION", name: "company", relation: one, joinColumn: "companyId"},
			"companyId",
			"company", 1, true,
		},
		{
			field{kind: "RELATION", name: "manager", relation: one, joinColumn: "bossId"},
			"bossId",
			"manager", 2, true,
		},
		{
			field{kind: "MORPH_RELATION", name: "boss", relation: one, joinColumn: "bossId"},
			"bossId", "",
			2, true,
		},
		{field{kind: "RELATION", name: "company"}, "companyId", "company", 1, true},
		{field{kind: "RELATION", name: "company", relation: many}, "", "", 0, false},
		{field{kind: "RELATION", name: "people", relation: many}, "", "", 0, false},
		{field{kind: "RELATION", name: "people"}, "", "", 0, false},
	} {
		plan, ok := test.field.plan(rel)
		if ok != test.owns || plan.Name != test.name || plan.Also != test.also ||
			ok && plan.Columns[0] != test.column {
			t.Errorf("%+v: got name %q, also %q, columns %v, %v", test.field, plan.Name, plan.Also,
				plan.Columns, ok)
		}
	}
}

// TestAppendInstant compares with the Date that JavaScript makes of the moments that Postgres
// prints.
func TestAppendInstant(t *testing.T) {
	conn := mappertest.Connect(t)
	r := rand.New(rand.NewPCG(7, 8))
	const first, last = -210866803200, 9224318015999 // 4714 BC and 294276 AD, in seconds
	seconds := []float64{
		first, last, 8.64e12, 8.64e12 + 0.001, 8.64e12 - 0.001,
		-62135596800, -62135596801, -62167219200, 253402300800, 0, -0.000001,
	}
	for range 2000 {
		seconds = append(seconds, first+r.Float64()*(last-first), (r.Float64()-0.5)*1e10,
			(r.Float64()-0.5)*2e11)
	}
	rows, err := conn.Query(t.Context(), "SELECT to_timestamp(s)::text FROM unnest($1::float8[]) s",
		seconds)
	if err != nil {
		t.Fatal(err)
	}
	var cases []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	pgtexttest.Compare(t, `
		const [, year, month, day, hour, minute, second, fraction, bc] =
			/^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?\+00( BC)?$/.exec(s)
		const date = new Date(0)
		date.setUTCFullYear(bc ? 1 - year : year, month - 1, day)
		date.setUTCHours(hour, minute, second, (fraction || "0").padEnd(3, "0").slice(0, 3))
		return JSON.stringify(date)`, cases, func(s string) string { return string(appendInstant(nil, []byte(s))) })
}

func TestAppendWhole(t *testing.T) {
	cases := []string{
		"0", "-0", "-0.9", "0.9", "12.99", "-12.99", "1234567890123456789.75", "9007199254740993",
		"NaN", "Infinity", "-Infinity",
	}
	r := rand.New(rand.NewPCG(9, 10))
	for range 3000 {
		fraction := [...]string{"", ".5", ".000", "." + strings.Repeat("9", 1+r.IntN(30))}[r.IntN(4)]
		cases = append(cases, fmt.Sprintf("%d%s", r.Int64()>>r.IntN(64), fraction))
	}
	pgtexttest.Compare(t, `return JSON.stringify(parseInt(s))`, cases, func(s string) string {
		return string(appendWhole(nil, []byte(s)))
	})
}

// FuzzTwentyScalars has every field type read whatever text.
func FuzzTwentyScalars(f *testing.F) {
	for _, text := range []string{
		"", "t", "-1.5e+300", "2026-01-02 03:04:05.678999+00", "10000-01-01 00:00:00+00 BC", "infinity",
		`{a,"b\"",NULL}`, `{"a": [1]}`, `"`, "\n",
	} {
		f.Add([]byte(text))
	}
	kinds := map[string]func([]byte, cdc.Tuple) []byte{}
	for kind := range scalars {
		kinds[kind] = fieldOf(f, kind, "f").Encode
	}
	for kind, subfields := range composites {
		for _, s := range subfields {
			kinds[kind+"."+s.name] = fieldOf(f, kind, "f"+capitalised(s.name)).Encode
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for kind, encode := range kinds {
			if got := encode(nil, cdc.Tuple{cdc.Text(text)}); !json.Valid(got) {
				t.Errorf("%s %q: got %q, which is not JSON", kind, text, got)
			}
		}
	})
}
