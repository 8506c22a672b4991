package webhook

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
	"hookline/mapper/twenty"
)

func TestParseOperations(t *testing.T) {
	tests := []struct {
		text string
		want []string
		err  error
	}{
		{"{}", nil, nil},
		{"", nil, nil},
		{" , ", nil, nil},
		{"[]", nil, nil},
		{"null", []string{"*.*"}, nil},
		{"{a,b}", []string{"a", "b"}, nil},
		{`{"a,b","c\"\\d","NULL",""}`, []string{"a,b", `c"\d`, "NULL", ""}, nil},
		{"{a,NULL}", []string{"a"}, pg.ErrNull},
		{"[2:3]={a,b}", []string{"a", "b"}, nil},
		{"a", []string{"a"}, nil},
		{" a,b, c\td\ne ", []string{"a", "b", "c", "d", "e"}, nil},
		{`["a", "b c"]`, []string{"a", "b c"}, nil},
		{`["a", 1]`, nil, errOperations},
		{`["a"`, nil, errOperations},
		{`{"a": true}`, nil, errOperations},
		{"{{a,b},{c,d}}", nil, errOperations},
		{"[1:2][1:1]={{a},{b}}", nil, errOperations},
		{"{a,}", nil, errOperations},
		{"{,a}", nil, errOperations},
		{"{a", nil, errOperations},
		{"{", nil, errOperations},
		{`{"a}`, nil, errOperations},
		{`{"a\`, nil, errOperations},
		{`{"a\}`, nil, errOperations},
		{`{"a"b}`, nil, errOperations},
	}
	for _, test := range tests {
		if got, err := parseOperations(test.text); !errors.Is(err, test.err) ||
			!slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, %v; want %q, %v", test.text, got, err, test.want, test.err)
		}
	}
}

// The text of an array as Postgres prints it.
func TestParseArrayOfPostgres(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), postgrestest.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, list := range [][]string{
		{}, {""}, {"person.created"}, {
			"a b", `"`, `\`, `\"`, "{}", ",", "null", "NULL!", " ", "\n", "é",
			"[1:2]={}",
		},
	} {
		var text string
		if err := conn.QueryRow(t.Context(), "SELECT $1::text[]::text", list).Scan(&text); err != nil {
			t.Fatal(err)
		}
		if got, err := parseOperations(text); err != nil || !slices.Equal(got, list) {
			t.Errorf("%s: got %q, %v; want %q", text, got, err, list)
		}
	}
}

func FuzzParseOperations(f *testing.F) {
	for _, seed := range []string{
		`{a,"b \"c\"",NULL}`, `["a","b"]`, "a, b", "[0:1]={a,b}", "null",
		`{"a": 1}`, `{"a\`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseOperations(text)
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
		again, err := parseOperations("{" + b.String() + "}")
		if err != nil || !slices.Equal(again, list) {
			t.Errorf("%q: %q, and then %q, %v", text, list, again, err)
		}
		for _, operation := range list {
			if checkOperation(operation) == nil &&
				(strings.Count(operation, ".") != 1 || strings.ContainsFunc(operation, unicode.IsSpace)) {
				t.Errorf("%q is taken for an operation", operation)
			}
		}
	})
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{
		"http://example.com", "example.com:80/x",
		" HTTPS://u:p@[::1]:8443/?q#f", "mailto:x", "http://%zz", "://", "http://h?a b#%",
		"http://h/ü|",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, lenient bool) {
		target, host, err := parseURL(text, lenient)
		if err != nil {
			if len(strings.TrimSpace(text)) > 20 && strings.Contains(err.Error(), strings.TrimSpace(text)) {
				t.Errorf("the error quotes the text: %v", err)
			}
			return
		}
		u, err := url.Parse(target)
		if err != nil || u.Host != host || host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			t.Errorf("%q: %q at %q: %v", text, target, host, err)
		}
		if strings.ContainsFunc(u.RequestURI(), func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q: the request would be for %q", text, u.RequestURI())
		}
		if again, _, err := parseURL(target, lenient); err != nil || again != target {
			t.Errorf("%q: %q, and then %q, %v", text, target, again, err)
		}
		if strings.Contains(host, "@") {
			t.Errorf("%q: host %q", text, host)
		}
	})
}

func FuzzParseHeaders(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"A": "b"}`, `{"a": "b", "A": "c"}`,
		`{"A": "\r\n"}`, `{"A:": ""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		headers, err := parseHeaders(text)
		if err != nil {
			return
		}
		for name, values := range headers {
			if name == "" || strings.ContainsAny(name, " \r\n:") || len(values) != 1 ||
				strings.ContainsAny(values[0], "\r\n\x00") {
				t.Errorf("%q: header %q: %q", text, name, values)
			}
		}
		var pairs map[string]string
		err = json.Unmarshal(text, &pairs)
		maps.DeleteFunc(pairs, func(_, value string) bool { return strings.Trim(value, " \t") == "" })
		if err != nil || len(pairs) != len(headers) {
			t.Errorf("%q: %d headers", text, len(headers))
		}
	})
}

func TestWorkspaceOf(t *testing.T) {
	tests := map[string]string{
		"workspace_1wgvd1injqtife6y4rvfbu3h5": "20202020-1c25-4d02-bf25-6aeccf7ea419",
		"workspace_3ixj3i1a5avy16ptijtb3lae3": "3b8e6458-5fc1-4e63-8563-008ccddaa6db",
		"workspace_3joxkr9ofo5hlxjan164egffx": "3be9d202-5461-4881-a6de-4c1f96e4b02d",
		"workspace_f5lxx1zz5pnorynqglhzmsp33": "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"workspace_z":                         "00000000-0000-0000-0000-000000000023",
		"workspace_0":                         "00000000-0000-0000-0000-000000000000",
		"workspace_f5lxx1zz5pnorynqglhzmsp34": "", // 2^128
		"workspace_0z":                        "",
		"workspace_Z":                         "",
		"workspace_-z":                        "",
		"workspace_+z":                        "",
		"workspace_1_0":                       "",
		"workspace_":                          "",
		"z":                                   "",
		"myworkspace_z":                       "",
	}
	for schema, want := range tests {
		if got, ok := twenty.WorkspaceOf(schema); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %t; want %q", schema, got, ok, want)
		}
	}
}

func TestSwitches(t *testing.T) {
	text := func(s string) cdc.Value { return cdc.Text([]byte(s)) }
	tests := []struct {
		value cdc.Value
		off   [3]bool // onWhenTrue, offWhenSet, offWhenNo
	}{
		{cdc.Value{}, [3]bool{true, false, false}},
		{text("t"), [3]bool{false, true, false}},
		{text("f"), [3]bool{true, false, true}},
		{text("1"), [3]bool{false, true, false}},
		{text("0"), [3]bool{true, false, true}},
		{text("2026-01-02 03:04:05+00"), [3]bool{false, true, false}},
		{text("ACTIVE"), [3]bool{false, true, false}},
		{text("Paused"), [3]bool{true, false, true}},
	}
	for _, test := range tests {
		for kind, want := range test.off {
			if got := switchKind(kind).off(test.value); got != want {
				t.Errorf("kind %d, %q: off %t, want %t", kind, test.value, got, want)
			}
		}
	}
}
