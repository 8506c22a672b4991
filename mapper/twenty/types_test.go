package twenty

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/mapper/mappertest"
)

const nest = 2000 // as deep as JSON is printed

// oddLabels are those of every enum below. Twenty makes capitals, digits and underscores only; a
// database may hold any.
var oddLabels = []string{
	"ONE", "TWO_WORDS", "RATING_5", "MANUAL", "NULL", "null", `a "b", {c} \d`,
	"it's", "é\u2028",
}

// twentyExamples has values for every column of every field type, as they are entered, and the JSON
// that they read as. A column is named after its field type, and behind a point its key where the
// type has several.
var twentyExamples = []struct{ column, value, want string }{
	{"UUID", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
	{"TEXT", "a\"b\u2028\x7f\\</script>\x01\n🚀", `"a\"b` + "\u2028\x7f" + `\\</script>\u0001\n🚀"`},
	{"TEXT", "", `""`},

	{"NUMBER", "42", `42`},
	{"NUMBER", "9007199254740993", `9007199254740992`},
	{"NUMBER", "1e15", `1000000000000000`},
	{"NUMBER", "123456789012345678901", `123456789012345680000`},
	{"NUMBER", "1e21", `1e+21`},
	{"NUMBER", "1e-6", `0.000001`},
	{"NUMBER", "1e-7", `1e-7`},
	{"NUMBER", "5e-324", `5e-324`},
	{"NUMBER", "-1.7976931348623157e308", `-1.7976931348623157e+308`},
	{"NUMBER", "-0", `0`},
	{"NUMBER", "0.1", `0.1`},
	{"NUMBER", "Infinity", `null`},
	{"NUMBER", "-Infinity", `null`},
	{"NUMBER", "NaN", `null`},
	{"POSITION", "-1.5", `-1.5`},
	{"POSITION", "Infinity", `null`},

	{"NUMERIC", "9007199254740993.10", `"9007199254740993.10"`},
	{"NUMERIC", "-0.000000000000000000001", `"-0.000000000000000000001"`},
	{"NUMERIC", "1e30", `"1000000000000000000000000000000"`},
	{"NUMERIC", "NaN", `"NaN"`},
	{"NUMERIC", "-Infinity", `"-Infinity"`},

	{"BOOLEAN", "true", `true`},
	{"BOOLEAN", "false", `false`},

	{"DATE", "2027-12-31", `"2027-12-31"`},
	{"DATE", "0044-03-15 BC", `"0044-03-15 BC"`},
	{"DATE", "10000-01-01", `"10000-01-01"`},
	{"DATE", "infinity", `"infinity"`},

	{"DATE_TIME", "2026-01-02 03:04:05.678999+00", `"2026-01-02T03:04:05.678Z"`},
	{"DATE_TIME", "1969-12-31 23:59:59.9999+00", `"1969-12-31T23:59:59.999Z"`},
	{"DATE_TIME", "2026-01-02 03:04:05+05:30", `"2026-01-01T21:34:05.000Z"`},
	{"DATE_TIME", "0099-01-01 00:00:00+00", `"0099-01-01T00:00:00.000Z"`},
	{"DATE_TIME", "0001-12-31 00:00:00+00 BC", `"0000-12-31T00:00:00.000Z"`},
	{"DATE_TIME", "0044-03-15 12:00:00+00 BC", `"-000043-03-15T12:00:00.000Z"`},
	{"DATE_TIME", "10000-01-01 00:00:00+00", `"+010000-01-01T00:00:00.000Z"`},
	{"DATE_TIME", "294276-01-01 00:00:00+00", `null`}, // no Date reaches that far
	{"DATE_TIME", "infinity", `null`},
	{"DATE_TIME", "-infinity", `null`},

	{"SELECT", "TWO_WORDS", `"TWO_WORDS"`},
	{"SELECT", `a "b", {c} \d`, `"a \"b\", {c} \\d"`},
	{"RATING", "RATING_5", `"RATING_5"`},

	{"MULTI_SELECT", "{TWO_WORDS,ONE}", `["TWO_WORDS","ONE"]`},
	{"MULTI_SELECT", "{}", `[]`},
	{"MULTI_SELECT", "{ONE,NULL}", `["ONE",null]`},
	{
		"MULTI_SELECT", `{"NULL","null",it's,"a \"b\", {c} \\d","é` + "\u2028\"}",
		`["NULL","null","it's","a \"b\", {c} \\d","é` + "\u2028\"]",
	},
	{
		"ARRAY", `{"two, three","{4}","\"5\"","\\6","NULL",NULL,""}`,
		`["two, three","{4}","\"5\"","\\6","NULL",null,""]`,
	},
	{"ARRAY", "{NULL}", `[null]`},
	{"ARRAY", "{}", `[]`},
	{"ARRAY", "{{a,b},{c,NULL}}", `[["a","b"],["c",null]]`},
	{"ARRAY", "[0:1]={a,b}", `["a","b"]`},
	{"ARRAY", "{\"line\nfeed\u2029\",\"\t\"}", `["line\nfeed` + "\u2029" + `","\t"]`},

	{
		"RAW_JSON", `{"b": 1.50, "10": 1e400, "9": 12345678901234567890}`,
		`{"9":12345678901234567000,"10":null,"b":1.5}`,
	},
	{
		"RAW_JSON", `{"__proto__": {"4294967295": 1, "4294967294": 2, "01": 3, "-1": 4}}`,
		`{"__proto__":{"4294967294":2,"-1":4,"01":3,"4294967295":1}}`,
	},
	{"RAW_JSON", `"\ud83d\ude00\u2028\/\u001f\u00e9"`, "\"😀\u2028/" + `\u001f` + `é"`},
	{"RAW_JSON", `"\\ud83d"`, `"\\ud83d"`},
	{"RAW_JSON", `[-0.0, 1e-7, 9007199254740993, 1e21]`, `[0,1e-7,9007199254740992,1e+21]`},
	{"RAW_JSON", `null`, `null`},
	{
		"RAW_JSON", strings.Repeat("[", nest) + strings.Repeat("]", nest),
		strings.Repeat("[", nest) + strings.Repeat("]", nest),
	},
	{
		"RAW_JSON", strings.Repeat("[", nest+2) + strings.Repeat("]", nest+2),
		`"` + strings.Repeat("[", nest+2) + strings.Repeat("]", nest+2) + `"`,
	},
	{"FILES", `[{"label": "a.png", "fileId": "1"}]`, `[{"label":"a.png","fileId":"1"}]`},

	{"RELATION", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
	{
		"MORPH_RELATION", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
		`"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`,
	},
	{"TS_VECTOR", "a fat cat", ""},

	{"FULL_NAME.firstName", "Ada \"A\"", `"Ada \"A\""`},
	{"FULL_NAME.lastName", "O'Lovelace", `"O'Lovelace"`},
	{"EMAILS.primaryEmail", "ada@example.com", `"ada@example.com"`},
	{
		"EMAILS.additionalEmails", `["b@example.com", "a@example.com"]`,
		`["b@example.com","a@example.com"]`,
	},
	{"EMAILS.additionalEmails", `null`, `[]`},
	{"PHONES.primaryPhoneNumber", "612345678", `"612345678"`},
	{"PHONES.primaryPhoneCountryCode", "FR", `"FR"`},
	{"PHONES.primaryPhoneCallingCode", "+33", `"+33"`},
	{
		"PHONES.additionalPhones",
		`[{"number": "2079460958", "countryCode": "GB", "callingCode": "+44"}]`,
		`[{"number":"2079460958","callingCode":"+44","countryCode":"GB"}]`,
	},
	{"PHONES.additionalPhones", `null`, `[]`},
	{"LINKS.primaryLinkLabel", "", `""`},
	{"LINKS.primaryLinkUrl", "https://example.com/?a=1&b=<2>", `"https://example.com/?a=1&b=<2>"`},
	{
		"LINKS.secondaryLinks", `[{"url": "https://x.example.com", "label": "x\/y"}]`,
		`[{"url":"https://x.example.com","label":"x/y"}]`,
	},
	{"LINKS.secondaryLinks", `null`, `[]`},
	{"ADDRESS.addressStreet1", "1 Main\nSt", `"1 Main\nSt"`},
	{"ADDRESS.addressStreet2", "", `""`},
	{"ADDRESS.addressStreet3", "", `""`},
	{"ADDRESS.addressCity", "São Paulo", `"São Paulo"`},
	{"ADDRESS.addressPostcode", "01000", `"01000"`},
	{"ADDRESS.addressState", "SP", `"SP"`},
	{"ADDRESS.addressCountry", "Brazil", `"Brazil"`},
	{"ADDRESS.addressLat", "-23.55051990", `-23.5505199`},
	{"ADDRESS.addressLat", "0.00000010", `1e-7`},
	{"ADDRESS.addressLat", "NaN", `null`},
	{"ADDRESS.addressLng", "-46.63330940000000000000000001", `-46.6333094`},
	{"CURRENCY.amountMicros", "19990000", `19990000`},
	{"CURRENCY.amountMicros", "1234567890123456789.75", `1234567890123456800`},
	{"CURRENCY.amountMicros", "9007199254740993", `9007199254740992`},
	{"CURRENCY.amountMicros", "-0.5", `0`},
	{"CURRENCY.amountMicros", "1e21", `1e+21`},
	{"CURRENCY.amountMicros", "NaN", `null`},
	{"CURRENCY.amountMicros", "Infinity", `null`},
	{"CURRENCY.currencyCode", "EUR", `"EUR"`},
	{"ACTOR.source", "MANUAL", `"MANUAL"`},
	{
		"ACTOR.workspaceMemberId", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
		`"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`,
	},
	{"ACTOR.name", "Tim Apple", `"Tim Apple"`},
	{"ACTOR.context", `{"provider": "google", "10": 1, "9": 2}`, `{"9":2,"10":1,"provider":"google"}`},
	{"ACTOR.context", `{}`, `{}`},
	{"RICH_TEXT.blocknote", `[{"type": "paragraph"}]`, `"[{\"type\": \"paragraph\"}]"`},
	{"RICH_TEXT.markdown", "**md**\n", `"**md**\n"`},
	{"RICH_TEXT_V2.blocknote", "", `""`},
	{"RICH_TEXT_V2.markdown", "m", `"m"`},
	{"RICH_TEXT", "as it was", `"as it was"`},
	{"PHONE", "+33", `"+33"`},
	{"EMAIL", "ada@example.com", `"ada@example.com"`},
}

// documentedColumn is a row of the table of field types in docs/twenty.md.
type documentedColumn struct {
	kind, name, postgres, json, null string
}

// key names the column as twentyExamples does.
func (d documentedColumn) key() string {
	if d.isComposite() {
		subfield := strings.TrimPrefix(d.name, "f")
		return d.kind + "." + strings.ToLower(subfield[:1]) + subfield[1:]
	}
	return d.kind
}

func (d documentedColumn) isComposite() bool { return d.name != "f" && d.name != "fId" }

func (d documentedColumn) postgresType() string {
	switch d.postgres {
	case "an enum of its own":
		return "odd"
	case "an array of an enum of its own":
		return "odd[]"
	}
	return d.postgres
}

// fits reports whether a value reads as the table says.
func (d documentedColumn) fits(value string) bool {
	if value == "null" && strings.Contains(d.json, "`null` for ") {
		return true
	}
	word := strings.FieldsFunc(d.json, func(r rune) bool { return r < 'a' || r > 'z' })[0]
	switch word {
	case "anything":
		return json.Valid([]byte(value))
	case "string":
		return value[0] == '"'
	case "array":
		return value[0] == '['
	case "boolean":
		return value == "true" || value == "false"
	case "number":
		return json.Valid([]byte(value)) && strings.ContainsAny(value[:1], "-0123456789")
	default:
		return d.json == "left out" && value == ""
	}
}

// documented returns the rows of the table in a section of docs/twenty.md, without the header.
func documented(t testing.TB, section string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/twenty.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## "+section+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	for line := range strings.Lines(rest) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "| `") {
			rows = append(rows, strings.Split(strings.Trim(line, "| "), " | "))
		}
	}
	if !found || rows == nil {
		t.Fatalf("docs/twenty.md has no table in a section %s", section)
	}
	return rows
}

func documentedColumns(t testing.TB) []documentedColumn {
	t.Helper()
	var columns []documentedColumn
	for _, row := range documented(t, "Fields") {
		if len(row) != 5 {
			t.Fatalf("docs/twenty.md: %q has %d cells, want 5", row, len(row))
		}
		unquoted := func(i int) string { return strings.Trim(row[i], "`") }
		columns = append(columns, documentedColumn{
			unquoted(0), unquoted(1), unquoted(2), row[3],
			unquoted(4),
		})
	}
	return columns
}

// TestTwentyTypesAreDocumented expects in the table what the code knows: no more and no less.
func TestTwentyTypesAreDocumented(t *testing.T) {
	known := []string{
		"RELATION fId null", "MORPH_RELATION fId null", "TS_VECTOR f left out",
		// old ones, which read as any type that is not known
		"RICH_TEXT f null", "PHONE f null", "EMAIL f null",
	}
	for kind, s := range scalars {
		known = append(known, kind+" f "+s.null)
	}
	for kind, subfields := range composites {
		for _, s := range subfields {
			known = append(known, kind+" f"+capitalised(s.name)+" "+s.null)
		}
	}
	var table []string
	for _, d := range documentedColumns(t) {
		table = append(table, d.kind+" "+d.name+" "+d.null)
	}
	slices.Sort(known)
	slices.Sort(table)
	mappertest.Equal(t, "the table of field types in docs/twenty.md", table, known)
}

func TestTwentyOddValuesAreTested(t *testing.T) {
	for _, row := range documented(t, "Odd values") {
		column, value, want := strings.Trim(row[0], "`"), strings.Trim(row[1], "`"),
			strings.Trim(row[2], "`")
		if !slices.Contains(twentyExamples, struct{ column, value, want string }{column, value, want}) {
			t.Errorf("docs/twenty.md: %s %s is said to read as %s, which no test checks", column, value,
				want)
		}
	}
}

// twentyTypeTable is a table for a field f of one type, with all columns that the documentation lists.
type twentyTypeTable struct {
	name    string
	columns []documentedColumn
}

// plan returns how the field is announced.
func (tt twentyTypeTable) plan(rel *cdc.Relation) (mapper.Field, bool) {
	f := &field{name: "f", kind: tt.columns[0].kind}
	if tt.columns[0].name == "fId" {
		f.relation, f.joinColumn = "MANY_TO_ONE", "fId"
	}
	return f.plan(rel)
}

// TestTwentyTypes has Postgres print every example, and NULL, and reads what the replication stream would bring.
func TestTwentyTypes(t *testing.T) {
	conn := mappertest.Connect(t)
	labels := make([]string, len(oddLabels))
	for i, label := range oddLabels {
		labels[i] = "'" + strings.ReplaceAll(label, "'", "''") + "'"
	}
	mappertest.Execute(t, conn, "CREATE TYPE odd AS ENUM ("+strings.Join(labels, ", ")+")")

	tables := map[string]*twentyTypeTable{}
	for _, d := range documentedColumns(t) {
		name := strings.ToLower(d.kind)
		if !d.isComposite() {
			name += "_plain"
		}
		table := cmp.Or(tables[name], &twentyTypeTable{name: name})
		table.columns = append(table.columns, d)
		tables[name] = table
	}
	tested := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		table := tables[name]
		var definition []string
		for _, d := range table.columns {
			definition = append(definition, pg.Identifier(d.name)+" "+d.postgresType())
		}
		mappertest.Execute(t, conn, fmt.Sprintf("CREATE TABLE %s (%s)", name,
			strings.Join(definition, ", ")))
		for _, d := range table.columns {
			for _, example := range twentyExamples {
				if example.column != d.key() {
					continue
				}
				tested[d.key()] = true
				if got := printed(t, conn, table, d, &example.value); got != example.want {
					t.Errorf("%s %.300q: got %.300s, want %.300s", d.key(), example.value, got, example.want)
				}
				if !d.fits(example.want) && len(example.want) < nest {
					t.Errorf("%s %q reads as %s, but docs/twenty.md says %s", d.key(), example.value, example.want,
						d.json)
				}
			}
			if !tested[d.key()] {
				t.Errorf("%s has no example", d.key())
			}
			want := d.null
			if want == "left out" {
				want = ""
			}
			if got := printed(t, conn, table, d, nil); got != want {
				t.Errorf("%s NULL: got %s, but docs/twenty.md says %s", d.key(), got, d.null)
			}
		}
	}
	for _, example := range twentyExamples {
		if !tested[example.column] {
			t.Errorf("%s is not in docs/twenty.md", example.column)
		}
	}
}

// printed stores value, nil for NULL, in the column, the first example of each in the others, and returns the JSON that is announced for
// the column, "" for none.
func printed(
	t *testing.T, conn *pgx.Conn, table *twentyTypeTable, d documentedColumn, value *string,
) string {
	t.Helper()
	var columns, values []string
	var args []any
	for i, other := range table.columns {
		columns = append(columns, pg.Identifier(other.name))
		values = append(values, fmt.Sprintf("$%d::text::%s", i+1, other.postgresType()))
		stored := value
		if other.name != d.name {
			first := slices.IndexFunc(twentyExamples, func(e struct{ column, value, want string }) bool {
				return e.column == other.key()
			})
			if first < 0 {
				t.Fatalf("%s has no example", other.key())
			}
			stored = &twentyExamples[first].value
		}
		args = append(args, stored)
	}
	mappertest.Execute(t, conn, "TRUNCATE "+table.name)
	sql := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table.name, strings.Join(columns, ", "),
		strings.Join(values, ", "))
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
	rel := mappertest.Relation(t, conn, "public", table.name)
	plan, ok := table.plan(rel)
	if !ok {
		return ""
	}
	if d.name == "fId" && plan.Name != d.name {
		t.Errorf("%s has the key %s, want %s", d.key(), plan.Name, d.name)
	}
	got := plan.Encode(nil, mappertest.Read(t, conn, rel, "true")[0])
	if !d.isComposite() {
		return string(got)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(got, &object); err != nil {
		t.Fatalf("%s: %s is not an object: %v", d.key(), got, err)
	}
	_, subfield, _ := strings.Cut(d.key(), ".")
	return string(object[subfield])
}

// TestTwentyNullsAreDocumented for the type that reads otherwise than each null alone.
func TestTwentyNullsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/twenty.md")
	if err != nil {
		t.Fatal(err)
	}
	plan := fieldOf(t, "ACTOR", "fSource", "fWorkspaceMemberId", "fName", "fContext")
	if null := plan.Encode(nil, make(cdc.Tuple, 4)); !strings.Contains(string(text),
		fmt.Sprintf("`ACTOR` of nothing but nulls reads `%s`", null)) {
		t.Errorf("docs/twenty.md does not say that it reads as %s", null)
	}
}
