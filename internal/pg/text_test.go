package pg_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
)

func FuzzParseArray(f *testing.F) {
	for _, text := range []string{
		`{a,"b \"c\"",NULL}`, "{}", "{", "[0:1]={a,b}", "{{a},{b}}",
		`{"a\`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := pg.ParseArray(text)
		if err != nil {
			return
		}
		var b strings.Builder
		for i, element := range list {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(element) + `"`)
		}
		if again, err := pg.ParseArray("{" + b.String() + "}"); err != nil || !slices.Equal(again, list) {
			t.Errorf("%q: %q, and then %q, %v", text, list, again, err)
		}
	})
}

// TestQuoting has the server read names and texts as they were, and arrays as it prints them.
func TestQuoting(t *testing.T) {
	conn := connect(t, postgrestest.NewDatabase(t))
	for _, text := range []string{"plain", `a"b`, "it's", `back\slash`, "Ünï code", `"`, "''"} {
		var name, value string
		sql := "SELECT " + pg.Literal(text) + " AS " + pg.Identifier(text)
		rows, err := conn.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		name = rows.FieldDescriptions()[0].Name
		for rows.Next() {
			if err := rows.Scan(&value); err != nil {
				t.Fatal(err)
			}
		}
		if name != text || value != text {
			t.Errorf("%q reads as name %q and text %q", text, name, value)
		}
	}
	if got := pg.Identifier("a", `b"c`); got != `"a"."b""c"` {
		t.Errorf("qualified: %s", got)
	}
	want := []string{"a", "", `b "c" \`, "{}", "NULL", ","}
	var text string
	if err := conn.QueryRow(t.Context(), "SELECT $1::text[]::text", want).Scan(&text); err != nil {
		t.Fatal(err)
	}
	if got, err := pg.ParseArray(text); err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: %q, %v; want %q", text, got, err, want)
	}
	if err := conn.QueryRow(t.Context(), "SELECT '{a,NULL,b}'::text[]::text").Scan(&text); err != nil {
		t.Fatal(err)
	}
	if got, err := pg.ParseArray(text); !errors.Is(err, pg.ErrNull) ||
		!slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%s: %q, %v", text, got, err)
	}
	for _, sql := range []string{"SELECT ARRAY[[1,2],[3,4]]::text", "SELECT ARRAY[[1]]::text"} {
		if err := conn.QueryRow(t.Context(), sql).Scan(&text); err != nil {
			t.Fatal(err)
		}
		if got, err := pg.ParseArray(text); !errors.Is(err, pg.ErrText) {
			t.Errorf("%s, of two dimensions: %q, %v", text, got, err)
		}
	}
}
