package mapper

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestScalars(t *testing.T) {
	tests := []struct {
		name       string
		encode     encoder
		text, want string
	}{
		{"bool", appendBool, "t", `true`},
		{"bool", appendBool, "f", `false`},
		{"bool", appendBool, "true", `"true"`},

		{"number", appendNumber, "-0", `-0`},
		{"number", appendNumber, "120.50", `120.50`},
		{"number", appendNumber, "1e+20", `1e+20`},
		{"number", appendNumber, "1.5E-7", `1.5E-7`},
		{"number", appendNumber, "NaN", `"NaN"`},
		{"number", appendNumber, "-Infinity", `"-Infinity"`},
		{"number", appendNumber, "", `""`},
		{"number", appendNumber, "-", `"-"`},
		{"number", appendNumber, "--1", `"--1"`},
		{"number", appendNumber, "01", `"01"`},
		{"number", appendNumber, "1.", `"1."`},
		{"number", appendNumber, ".5", `".5"`},
		{"number", appendNumber, "1e", `"1e"`},
		{"number", appendNumber, "1e+", `"1e+"`},
		{"number", appendNumber, "1 ", `"1 "`},

		{"timestamptz", appendTimestamptz, "2025-02-10 15:30:45+00", `"2025-02-10T15:30:45Z"`},
		{"timestamptz", appendTimestamptz, "2025-02-10 15:30:45.5+00", `"2025-02-10T15:30:45.5Z"`},
		{"timestamptz", appendTimestamptz, "0044-03-15 12:00:00+00 BC", `"0044-03-15T12:00:00Z BC"`},
		{"timestamptz", appendTimestamptz, "10000-01-01 00:00:00+00", `"10000-01-01T00:00:00Z"`},
		{"timestamptz", appendTimestamptz, "infinity", `"infinity"`},
		{"timestamptz of another zone", appendTimestamptz, "2025-02-10 15:30:45+05:30", `"2025-02-10 15:30:45+05:30"`},
		{"timestamptz", appendTimestamptz, "10/02/2025 15:30:45+00", `"10/02/2025 15:30:45+00"`},
		{"timestamptz", appendTimestamptz, "2025-02-10 +00", `"2025-02-10 +00"`},
		{"timestamptz", appendTimestamptz, "+00", `"+00"`},
		{"timestamp", appendTimestamp, "2025-02-10 15:30:45.000001", `"2025-02-10T15:30:45.000001Z"`},
		{"timestamp", appendTimestamp, "2025-02-10 15:30:45 BC", `"2025-02-10T15:30:45Z BC"`},
		{"timestamp", appendTimestamp, "-infinity", `"-infinity"`},
		{"timestamp", appendTimestamp, "", `""`},

		{"json", appendJSON, " { \"a b\" :\t[ 1 ,\r\n\"\\\" } \" ] } ", `{"a b":[1,"\" } "]}`},
		{"json", appendJSON, `{"b":1,"a":2,"b":3}`, `{"b":1,"a":2,"b":3}`},
		{"json", appendJSON, `"<\u00e4&>"`, `"<\u00e4&>"`},
		{"json", appendJSON, `{"a":`, `"{\"a\":"`},
		{"json", appendJSON, "", `""`},

		{"int2vector", vectorOf(appendNumber), "1 -2", `[1,-2]`},
		{"oidvector", vectorOf(appendText), "1 2", `["1","2"]`},
		{"oidvector", vectorOf(appendText), "", `[]`},
	}
	for _, test := range tests {
		if got := string(test.encode([]byte("x:"), []byte(test.text))); got != "x:"+test.want {
			t.Errorf("%s %q: got %s, want x:%s", test.name, test.text, got, test.want)
		}
	}
}

func TestAppendArray(t *testing.T) {
	tests := []struct {
		name       string
		encode     encoder
		text, want string
	}{
		{"empty", arrayOf(appendNumber, ','), `{}`, `[]`},
		{"one", arrayOf(appendNumber, ','), `{1}`, `[1]`},
		{"null", arrayOf(appendNumber, ','), `{1,NULL,-2.5}`, `[1,null,-2.5]`},
		{"matrix", arrayOf(appendNumber, ','), `{{1,2},{NULL,4}}`, `[[1,2],[null,4]]`},
		{"cube", arrayOf(appendNumber, ','), `{{{1},{2}}}`, `[[[1],[2]]]`},
		{"bounds", arrayOf(appendNumber, ','), `[0:1]={1,2}`, `[1,2]`},
		{"two bounds", arrayOf(appendNumber, ','), `[-1:-1][3:4]={{1,2}}`, `[[1,2]]`},
		{
			"quotes", arrayOf(appendText, ','), `{"","a b","NULL",null,"\"","\\","a\"b\\c","{}",","}`,
			`["","a b","NULL","null","\"","\\","a\"b\\c","{}",","]`,
		},
		{"boxes", arrayOf(appendText, ';'), `{(1,1),(0,0);(2,2),(1,1);NULL}`, `["(1,1),(0,0)","(2,2),(1,1)",null]`},
		{"moments", arrayOf(appendTimestamptz, ','), `{"2025-02-10 15:30:45+00",infinity}`, `["2025-02-10T15:30:45Z","infinity"]`},
		{"json", arrayOf(appendJSON, ','), `{"{\"a\": [1, 2]}",null}`, `[{"a":[1,2]},null]`},
		{"arrays in rows in an array", arrayOf(func(dst, text []byte) []byte {
			return appendComposite(dst, text, []attribute{{key: jsonKey("a"), encode: arrayOf(appendText, ',')}})
		}, ','), `{"(\"{\"\"a\\\\\"\"b\"\",c}\")"}`, `[{"a":["a\"b","c"]}]`},
	}
	for _, test := range tests {
		if got := string(test.encode([]byte("x:"), []byte(test.text))); got != "x:"+test.want {
			t.Errorf("%s: %s: got %s, want x:%s", test.name, test.text, got, test.want)
		}
	}
	for _, malformed := range []string{
		``, `1`, `{`, `}`, `{}}`, `{}{}`, `{1`, `{1}2`, `{1}{2}`, `{1,}`, `{,1}`, `{1,,2}`, `{,}`, `{1{2}}`, `{{1}2}`, `{{1}{2}}`,
		`{"a}`, `{"a\`, `{"a"b}`,
		`{a"b"}`, `{"a""b}`, `{a\b}`, `{{}`, `[0:1]`, `[0:1]{1}`, `[0:1]=`, `,{1}`, ` {1}`, `{1} `,
	} {
		want := string(appendString([]byte("x:"), malformed))
		if got := string(appendArray([]byte("x:"), []byte(malformed), ',', appendText)); got != want {
			t.Errorf("malformed %s: got %s, want %s", malformed, got, want)
		}
	}
}

var ab = []attribute{{key: jsonKey("a"), encode: appendNumber}, {key: jsonKey("b"), encode: appendText}}

func TestAppendComposite(t *testing.T) {
	tests := []struct {
		text, want string
	}{
		{`(1,x)`, `{"a":1,"b":"x"}`},
		{`(,)`, `{"a":null,"b":null}`},
		{`(1,)`, `{"a":1,"b":null}`},
		{`(,"")`, `{"a":null,"b":""}`},
		{`(1,"a ""b"" \\ (c), ")`, `{"a":1,"b":"a \"b\" \\ (c), "}`},
		{`(1)`, `"(1)"`},
		{`()`, `"()"`},
		{`(1,x,y)`, `"(1,x,y)"`},
		{`(1,x,)`, `"(1,x,)"`},
		{``, `""`},
		{`(`, `"("`},
		{`)`, `")"`},
		{`1,x`, `"1,x"`},
		{`(1,"x)`, `"(1,\"x)"`},
		{`("1"2,x)`, `"(\"1\"2,x)"`},
		{`(1,"x"y)`, `"(1,\"x\"y)"`},
	}
	for _, test := range tests {
		if got := appendComposite([]byte("x:"), []byte(test.text), ab); string(got) != "x:"+test.want {
			t.Errorf("%s: got %s, want x:%s", test.text, got, test.want)
		}
	}
	if got := appendComposite(nil, []byte("()"), nil); string(got) != "{}" {
		t.Errorf("no attributes: got %s", got)
	}
	if got := appendComposite(nil, []byte("(1)"), nil); string(got) != `"(1)"` {
		t.Errorf("no attributes but one field: got %s", got)
	}
}

func TestAppendHstore(t *testing.T) {
	tests := map[string]string{
		``:                               `{}`,
		`"a"=>"1"`:                       `{"a":"1"}`,
		`"a"=>NULL, ""=>"", "b"=>"NULL"`: `{"a":null,"":"","b":"NULL"}`,
		`"a\"b\\c"=>"=>, \""`:            `{"a\"b\\c":"=>, \""}`,
		`"a"=>"1",`:                      `"\"a\"=>\"1\","`,
		`"a"=>"1", `:                     `"\"a\"=>\"1\", "`,
		`"a"=>"1""b"=>"2"`:               `"\"a\"=>\"1\"\"b\"=>\"2\""`,
		`"a"=>`:                          `"\"a\"=>"`,
		`"a"=>x`:                         `"\"a\"=>x"`,
		`"a"`:                            `"\"a\""`,
		`a=>1`:                           `"a=>1"`,
		`, "a"=>"1"`:                     `", \"a\"=>\"1\""`,
		`"a`:                             `"\"a"`,
	}
	for text, want := range tests {
		if got := string(appendHstore([]byte("x:"), []byte(text))); got != "x:"+want {
			t.Errorf("%s: got %s, want x:%s", text, got, want)
		}
	}
}

// TestScalarsAllocateNothing also holds for arrays, rows and hstore without escapes.
func TestScalarsAllocateNothing(t *testing.T) {
	tests := []struct {
		name   string
		encode encoder
		text   string
	}{
		{"bool", appendBool, "t"},
		{"number", appendNumber, "-123.456e+7"},
		{"text", appendText, `some "text"`},
		{"timestamptz", appendTimestamptz, "2025-02-10 15:30:45.5+00"},
		{"timestamptz BC", appendTimestamptz, "2025-02-10 15:30:45.5+00 BC"},
		{"jsonb", appendJSON, `{"a": [1, "b c"]}`},
		{"int2vector", builtin[22].encode, "1"},
		{"array", arrayOf(appendNumber, ','), `{1,NULL,"3"}`},
		{"composite", func(dst, text []byte) []byte { return appendComposite(dst, text, ab) }, `(1,"a b")`},
		{"hstore", appendHstore, `"a"=>"1", "b"=>NULL`},
	}
	dst := make([]byte, 0, 256)
	for _, test := range tests {
		text := []byte(test.text)
		least := 1.0
		for range 10 { // what else happens in the process counts, too
			least = min(least, testing.AllocsPerRun(100, func() { test.encode(dst, text) }))
		}
		if least != 0 {
			t.Errorf("%s allocates at least once", test.name)
		}
	}
}

// checkEncoder feeds text to an encoder and expects one valid JSON value after what was there.
func checkEncoder(t *testing.T, encode encoder, text []byte) {
	t.Helper()
	before := bytes.Clone(text)
	got, ok := bytes.CutPrefix(encode([]byte("kept"), text), []byte("kept"))
	if !ok || !json.Valid(got) {
		t.Errorf("%q: %s", text, got)
	}
	if !bytes.Equal(text, before) {
		t.Errorf("%q was changed to %q", before, text)
	}
}

func FuzzAppendArray(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{1,NULL,"a\"b\\"}`, `[0:1][2:3]={{1,2},{3,4}}`, `{(1,1),(0,0);(2,2),(1,1)}`, `{"(1,\"a b\")","(,)"}`, `{"{1,2}"}`,
		`{1,}`, `[`, `{"\`,
	} {
		f.Add([]byte(seed))
	}
	row := func(dst, text []byte) []byte { return appendComposite(dst, text, ab) }
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, element := range []encoder{appendText, appendNumber, appendTimestamptz, appendJSON, row} {
			checkEncoder(t, arrayOf(element, ','), text)
			checkEncoder(t, arrayOf(element, ';'), text)
		}
	})
}

func FuzzAppendComposite(f *testing.F) {
	for _, seed := range []string{
		`()`, `(1,x)`, `(,"a ""b"" \\")`, `(1,2,3)`, `("{1,""a b""}",)`, `("""a""=>""1""","(1,)")`, `("`, `(1,"\`,
	} {
		f.Add([]byte(seed))
	}
	nested := func(dst, text []byte) []byte { return appendComposite(dst, text, ab) }
	all := []attribute{
		{key: jsonKey("list"), encode: arrayOf(appendText, ',')},
		{key: jsonKey("row"), encode: nested},
		{key: jsonKey("map"), encode: appendHstore},
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for n := range len(all) + 1 {
			checkEncoder(t, func(dst, text []byte) []byte { return appendComposite(dst, text, all[:n]) }, text)
		}
	})
}

func FuzzAppendHstore(f *testing.F) {
	for _, seed := range []string{``, `"a"=>"1", "b"=>NULL`, `"a\"\\"=>""`, `"a"=>"1",`, `"a"=>`, `"`, `"a"=>"\`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkEncoder(t, appendHstore, text) })
}

func FuzzScalars(f *testing.F) {
	for _, seed := range []string{
		"t", "-12.5e+3", "NaN", "2025-02-10 15:30:45.5+00", "0044-03-15 12:00:00+00 BC", `{ "a" : [ 1 , "b\" " ] }`, "1 2 3", "\x00\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, encode := range []encoder{
			appendBool, appendNumber, appendText, appendTimestamp, appendTimestamptz, appendJSON, builtin[22].encode,
		} {
			checkEncoder(t, encode, text)
		}
	})
}
