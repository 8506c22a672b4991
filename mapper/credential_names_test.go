package mapper

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// realTable is a line of testdata/credentials.txt.
type realTable struct {
	outline
	left  []string // columns
	whole bool     // is left out
}

var holdsOf = map[string]held{
	"text": anything, "json": anything, "bytea": anything, "uuid": identifier, "int": number, "numeric": number,
	"bool": fact, "timestamp": fact,
}

func readRealTables(t *testing.T) (tables []realTable) {
	t.Helper()
	text, err := os.ReadFile("testdata/credentials.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		name, columns, _ := strings.Cut(line, ": ")
		table := realTable{}
		name, table.whole = strings.CutPrefix(name, "-")
		table.outline = outline{schema: "public", table: name, object: objectName(name)}
		for column := range strings.SplitSeq(columns, ", ") {
			column, left := strings.CutPrefix(column, "-")
			column, kind, ok := strings.Cut(column, " ")
			kind, key := strings.CutSuffix(kind, "!")
			holds, known := holdsOf[kind]
			if !ok || !known {
				t.Fatalf("table %s: no column: %s %s", name, column, kind)
			}
			if left {
				table.left = append(table.left, column)
			}
			table.columns = append(table.columns, outlineColumn{
				name: column, of: holds, key: key, free: kind == "text" || kind == "bytea",
			})
		}
		tables = append(tables, table)
	}
	return tables
}

// TestRealTables judges tables of real applications.
func TestRealTables(t *testing.T) {
	columns := 0
	for _, table := range readRealTables(t) {
		columns += len(table.columns)
		j := new(SecretColumns).judge(&table.outline)
		var left []string
		for i, c := range table.columns {
			if j.left[i] {
				left = append(left, c.name)
			}
		}
		for _, c := range table.columns {
			if got, want := slices.Contains(left, c.name), slices.Contains(table.left, c.name); got != want {
				t.Errorf("%s.%s: left out %t, want %t", table.table, c.name, got, want)
			}
		}
		if (j.whole != "") != table.whole {
			t.Errorf("table %s: left out %q, want %t", table.table, j.whole, table.whole)
		}
		if table.whole && j.mend == "" {
			t.Errorf("table %s is left out and cannot be let through", table.table)
		}
	}
	if columns < 700 {
		t.Errorf("only %d columns", columns)
	}
}

// TestWholeTablesLetThrough applies what a judgement says lets a table through.
func TestWholeTablesLetThrough(t *testing.T) {
	for _, table := range readRealTables(t) {
		j := new(SecretColumns).judge(&table.outline)
		for entries := ""; j.whole != ""; {
			entries += "," + j.mend
			var s SecretColumns
			if err := s.UnmarshalText([]byte(entries[1:])); err != nil {
				t.Fatal(err)
			}
			before := j.whole
			if j = s.judge(&table.outline); j.whole == before {
				t.Errorf("table %s is left out with %s: %s", table.table, entries[1:], j.whole)
				break
			}
		}
	}
}

// TestRealTablesOff leaves nothing out when names say nothing.
func TestRealTablesOff(t *testing.T) {
	s := SecretColumns{off: true}
	for _, table := range readRealTables(t) {
		if j := s.judge(&table.outline); j.whole != "" || slices.Contains(j.left, true) || j.setting != nil {
			t.Errorf("table %s: %+v", table.table, j)
		}
	}
}
