package credential

import (
	"os"
	"slices"
	"strings"
	"testing"

	"hookline/mapper/naming"
)

// realTable is a line of testdata/credentials.txt.
type realTable struct {
	Outline
	left  []string // columns
	whole bool     // is left out
}

var holdsOf = map[string]Held{
	"text": Anything, "json": Anything, "bytea": Anything, "uuid": Identifier, "int": Number,
	"numeric": Number,
	"bool":    Fact, "timestamp": Fact,
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
		table.Outline = Outline{Schema: "public", Table: name, Object: naming.Object(name)}
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
			table.Columns = append(table.Columns, Column{
				Name: column, Of: holds, Key: key, Free: kind == "text" || kind == "bytea",
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
		columns += len(table.Columns)
		j := new(SecretColumns).Judge(&table.Outline)
		var left []string
		for i, c := range table.Columns {
			if j.Omitted[i] {
				left = append(left, c.Name)
			}
		}
		for _, c := range table.Columns {
			if got, want := slices.Contains(left, c.Name), slices.Contains(table.left, c.Name); got != want {
				t.Errorf("%s.%s: left out %t, want %t", table.Table, c.Name, got, want)
			}
		}
		if (j.Whole != "") != table.whole {
			t.Errorf("table %s: left out %q, want %t", table.Table, j.Whole, table.whole)
		}
		if table.whole && j.Hint == "" {
			t.Errorf("table %s is left out and cannot be let through", table.Table)
		}
	}
	if columns < 700 {
		t.Errorf("only %d columns", columns)
	}
}

// TestWholeTablesLetThrough applies what a judgement says lets a table through.
func TestWholeTablesLetThrough(t *testing.T) {
	for _, table := range readRealTables(t) {
		j := new(SecretColumns).Judge(&table.Outline)
		for entries := ""; j.Whole != ""; {
			entries += "," + j.Hint
			var s SecretColumns
			if err := s.UnmarshalText([]byte(entries[1:])); err != nil {
				t.Fatal(err)
			}
			before := j.Whole
			if j = s.Judge(&table.Outline); j.Whole == before {
				t.Errorf("table %s is left out with %s: %s", table.Table, entries[1:], j.Whole)
				break
			}
		}
	}
}

// TestRealTablesOff leaves nothing out when names say nothing.
func TestRealTablesOff(t *testing.T) {
	s := SecretColumns{Off: true}
	for _, table := range readRealTables(t) {
		if j := s.Judge(&table.Outline); j.Whole != "" || slices.Contains(j.Omitted, true) ||
			j.Setting != nil {
			t.Errorf("table %s: %+v", table.Table, j)
		}
	}
}
