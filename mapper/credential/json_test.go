package credential

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hookline/mapper/pgtext"
)

// deepest is more than a document may nest.
const deepest = 2000

func newTestRedactor(t testing.TB, entries string) *pgtext.Redactor {
	t.Helper()
	s := new(SecretColumns)
	if entries != "" {
		if err := s.UnmarshalText([]byte(entries)); err != nil {
			t.Fatal(err)
		}
	}
	return pgtext.NewRedactor(s.Classify)
}

func TestRedactJSON(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`{}`, `{}`},
		{`{"a": 1, "b": [1, {"c": null}]}`, `{"a":1,"b":[1,{"c":null}]}`},
		{`{"password": "x"}`, `{}`},
		{`{"a": 1, "password": "x"}`, `{"a":1}`},
		{`{"password": "x", "a": 1}`, `{"a":1}`},
		{`{"apiKey": "x", "a": 1, "secret": {"deep": [1]}, "b": 2, "token": []}`, `{"a":1,"b":2}`},
		{`[{"list": [{"access_token": "x", "ok": true}]}]`, `[{"list":[{"ok":true}]}]`},
		{`{"provider_metadata": {"password": "c2NyeXB0"}}`, `{"provider_metadata":{}}`},
		{`{"p\u0061ssword": "x", "\u0070wd": 1}`, `{}`},
		{`{"password": null, "token": null}`, `{}`},
		{
			`{"password": true, "tokens": 12, "max_tokens": 7, "otp": 123456, "pin": 1234}`,
			`{"password":true,"tokens":12,"max_tokens":7}`,
		},
		{
			`{"secretary": "Ada", "tokenCount": 3, "hashtag": "#x", "hash": "abc"}`,
			`{"secretary":"Ada","tokenCount":3,"hashtag":"#x","hash":"abc"}`,
		},
		// a salt makes a password's of the hash beside it, in whatever order
		{`{"hash": "h", "salt": "s", "n": 1}`, `{"n":1}`},
		{`{"salt": "s", "n": 1, "hash": "h", "o": 2}`, `{"n":1,"o":2}`},
		{`{"n": 1, "key_digest": "h", "hash": "i", "salt": "s"}`, `{"n":1}`},
		{`{"hash": "h", "in": {"salt": "s", "hash": "i"}}`, `{"hash":"h","in":{}}`},
		// a name may say what the value beside it is
		{
			`[{"header": "Authorization", "value": "Bearer x"}, {"header": "Accept", "value": "y"}]`,
			`[{"header":"Authorization"},{"header":"Accept","value":"y"}]`,
		},
		{`{"value": "x", "key": "api_key", "n": 1}`, `{"key":"api_key","n":1}`},
		{`{"field": "password", "old_value": "x", "new_value": "y"}`, `{"field":"password"}`},
		{`{"name": "Ada", "value": "y"}`, `{"name":"Ada","value":"y"}`},
		{
			`{"field": "password", "from": "x", "to": "y", "previous": 1, "current": 2}`,
			`{"field":"password"}`,
		},
		{
			`{"name": "API_TOKEN", "string_value": "x", "oldVal": "y", "values": ["z"]}`,
			`{"name":"API_TOKEN"}`,
		},
		{`{"from": "a", "to": "b", "name": "Ada"}`, `{"from":"a","to":"b","name":"Ada"}`},
		// and so may the name before it, in a list of pairs
		{`[["password", "x"], ["user", "y"]]`, `[["password"],["user","y"]]`},
		{
			`{"headers": [["Authorization", "Bearer x"], ["Accept", "y"]]}`,
			`{"headers":[["Authorization"],["Accept","y"]]}`,
		},
		{
			`[["tokens", 3], ["api_key", {"deep": 1}], ["password", "x", "y"], [], [1, 2], ["token"]]`,
			`[["tokens",3],["api_key"],["password","x","y"],[],[1,2],["token"]]`,
		},
		{`["password", "email"]`, `["password","email"]`},
		// a list of lists of names cannot be told from one of pairs
		{`[["password", "email"], ["name", "phone"]]`, `[["password"],["name","phone"]]`},
		{
			`[{"name": "password", "value": "x"}, {"name": "user", "value": "y"}]`,
			`[{"name":"password"},{"name":"user","value":"y"}]`,
		},
		// documents within strings
		{`{"payload": "{\"password\": \"x\", \"a\": 1}"}`, `{"payload":"{\"a\":1}"}`},
		{`{"payload": "[{\"in\": \"{\\\"token\\\": \\\"x\\\"}\"}]"}`, `{"payload":"[{\"in\":\"{}\"}]"}`},
		{
			`{"payload": "{\"a\":   1}", "text": "{password: x}"}`,
			`{"payload":"{\"a\":   1}","text":"{password: x}"}`,
		},
		{`"{\"password\":1}"`, `"{}"`},
		{`{"payload": " \n\t{\"password\": \"x\", \"a\": 1}"}`, `{"payload":"{\"a\":1}"}`},
		{`{"payload": "\"{\\\"password\\\":1}\""}`, `{"payload":"\"{}\""}`},
	} {
		if got := newTestRedactor(t, "").AppendJSON([]byte("x"), []byte(test.in)); string(got) != "x"+
			test.want {
			t.Errorf("%s:\n got %s\nwant x%s", test.in, got, test.want)
		}
	}
}

// TestRedactAsConfigured has the configuration decide over keys.
func TestRedactAsConfigured(t *testing.T) {
	const in = `{"password":"x","ssn":"1","person":{"SSN":2,"dateOfBirth":true},"tax_id":"3"}`
	for _, test := range []struct{ entries, want string }{
		{"off", in},
		{"-password", in},
		{"ssn", `{"person":{"dateOfBirth":true},"tax_id":"3"}`},
		{"date_of_birth,-password", `{"password":"x","ssn":"1","person":{"SSN":2},"tax_id":"3"}`},
		{"off,tax*", `{"password":"x","ssn":"1","person":{"SSN":2,"dateOfBirth":true}}`},
		{"users.ssn,-users.password", `{"ssn":"1","person":{"SSN":2,"dateOfBirth":true},"tax_id":"3"}`},
		{"*,-person,-SSN", `{"ssn":"1","person":{"SSN":2}}`},
		{"-ssn,ssn,off", `{"password":"x","person":{"dateOfBirth":true},"tax_id":"3"}`},
	} {
		if got := newTestRedactor(t, test.entries).AppendJSON(nil, []byte(in)); string(got) != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.entries, got, test.want)
		}
	}
}

func TestRedactText(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{``, ``},
		{" \n[{\"password\": 1, \"a\": 2}]", `[{"a":2}]`},
		{`"{\"password\":1}"`, `"{}"`},
		{`"quoted"`, `"quoted"`},
		{" \n", " \n"},
		{`{`, `{`},
		{`plain`, `plain`},
		{`[link](x)`, `[link](x)`},
		{`{password: "x"}`, `{password: "x"}`},
		{`{"a":  1}`, `{"a":  1}`}, // as it stands where there is nothing to leave out
		{`{"a":  1, "password": "x"}`, `{"a":1}`},
		{`[{"token": "x"}]`, `[{}]`},
	} {
		var got string
		if err := json.Unmarshal(newTestRedactor(t, "").AppendText(nil, []byte(test.in)),
			&got); err != nil || got != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.in, got, err, test.want)
		}
	}
}

func TestRedactHstore(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`"a"=>"1", "password"=>"x"`, `{"a":"1"}`},
		{`"password"=>"x", "a"=>NULL`, `{"a":null}`},
		{`"hash"=>"1", "n"=>"2"`, `{"hash":"1","n":"2"}`},
		{`"hash"=>"1", "n"=>"2", "salt"=>"3"`, `{"n":"2"}`},
		{`"token"=>NULL, "a"=>"1", "api-key"=>"2", "b"=>"3"`, `{"a":"1","b":"3"}`},
	} {
		if got := newTestRedactor(t, "").AppendHstore(nil, []byte(test.in)); string(got) != test.want {
			t.Errorf("%s: got %s, want %s", test.in, got, test.want)
		}
	}
}

// TestRedactTooDeep has a document that cannot be printed as one: it is a string, unless something
// would have to be left out of it.
func TestRedactTooDeep(t *testing.T) {
	deep := func(inner string) string {
		return strings.Repeat(`[`, deepest+5) + inner + strings.Repeat(`]`, deepest+5)
	}
	r := newTestRedactor(t, "")
	for _, inner := range []string{`{"password":"canary"}`, `{"a\"":1,"p\u0061ssword" : "canary"}`} {
		if got := r.AppendJSON(nil, []byte(deep(inner))); string(got) != "null" {
			t.Errorf("%s: got %.80s", inner, got)
		}
	}
	if got := r.AppendJSON(nil, []byte(deep(`{"a":"password"}`))); !bytes.HasPrefix(got,
		[]byte(`"[[[`)) {
		t.Errorf("got %.80s", got)
	}
}

// FuzzRedact leaves out of a document exactly the members that a decoder finds to be credentials;
// salts, and names with values, apart.
func FuzzRedact(f *testing.F) {
	for _, seed := range []string{
		`{"a":{"token":1,"b":[{"password":"x"}]}}`, `{"salt":1,"hash":2,"x":"{\"pwd\":1}"}`,
		`[{"name":"token","value":1,"old":2}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := newTestRedactor(t, "")
		out := r.AppendJSON(nil, text)
		if !json.Valid(out) && json.Valid(text) {
			t.Fatalf("%q became %q", text, out)
		}
		if again := r.AppendJSON(nil, out); json.Valid(text) && !bytes.Equal(out, again) {
			t.Fatalf("%q became %q and then %q", text, out, again)
		}
		checkRedacted(t, r, out)
	})
}

// hides reports whether a value that begins with a byte is a credential under a key of that class.
func hides(c pgtext.KeyClass, first byte) bool {
	switch {
	case first == 't' || first == 'f':
		return false
	case first == '-' || '0' <= first && first <= '9':
		return c&pgtext.SecretNumber != 0
	}
	return c&pgtext.SecretText != 0
}

func checkRedacted(t *testing.T, r *pgtext.Redactor, document []byte) {
	t.Helper()
	var list []json.RawMessage
	var object map[string]json.RawMessage
	if json.Unmarshal(document, &list) == nil {
		for _, value := range list {
			checkRedacted(t, r, value)
		}
	}
	if json.Unmarshal(document, &object) == nil {
		for key, value := range object {
			if hides(new(SecretColumns).Classify(key), value[0]) {
				t.Fatalf("%q is in %q", key, document)
			}
			checkRedacted(t, r, value)
		}
	}
}

var benchDocument = func() []byte {
	var b strings.Builder
	b.WriteString(`{"source": "import", "version": 3`)
	for i := range 20 {
		fmt.Fprintf(&b,
			`, "field_%d": {"label": "Field number %d", "value": "Some text of usual length", "required": false, "order": %d}`, i, i, i)
	}
	return []byte(b.String() + `}`)
}()

// BenchmarkJSONB prints a document of 2 KB as it stands, with its credentials left out when it has
// none, and when it has one.
func BenchmarkJSONB(b *testing.B) {
	r := newTestRedactor(b, "")
	withOne := append(bytes.TrimSuffix(bytes.Clone(benchDocument), []byte("}")),
		`, "api_key": "sk_live_x"}`...)
	for _, bench := range []struct {
		name   string
		text   []byte
		encode pgtext.Encoder
	}{
		{"whole", benchDocument, pgtext.AppendJSON},
		{"none to leave out", benchDocument, r.AppendJSON},
		{"one to leave out", withOne, r.AppendJSON},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.text)))
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst = bench.encode(dst[:0], bench.text)
			}
		})
	}
}
