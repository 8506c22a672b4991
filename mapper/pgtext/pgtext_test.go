package pgtext

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestScalars(t *testing.T) {
	tests := []struct {
		name       string
		encode     Encoder
		text, want string
	}{
		{"bool", AppendBool, "t", `true`},
		{"bool", AppendBool, "f", `false`},
		{"bool", AppendBool, "true", `"true"`},

		{"number", AppendNumber, "-0", `-0`},
		{"number", AppendNumber, "120.50", `120.50`},
		{"number", AppendNumber, "1e+20", `1e+20`},
		{"number", AppendNumber, "1.5E-7", `1.5E-7`},
		{"number", AppendNumber, "NaN", `"NaN"`},
		{"number", AppendNumber, "-Infinity", `"-Infinity"`},
		{"number", AppendNumber, "", `""`},
		{"number", AppendNumber, "-", `"-"`},
		{"number", AppendNumber, "--1", `"--1"`},
		{"number", AppendNumber, "01", `"01"`},
		{"number", AppendNumber, "1.", `"1."`},
		{"number", AppendNumber, ".5", `".5"`},
		{"number", AppendNumber, "1e", `"1e"`},
		{"number", AppendNumber, "1e+", `"1e+"`},
		{"number", AppendNumber, "1 ", `"1 "`},

		{"timestamptz", AppendTimestamptz, "2025-02-10 15:30:45+00", `"2025-02-10T15:30:45Z"`},
		{"timestamptz", AppendTimestamptz, "2025-02-10 15:30:45.5+00", `"2025-02-10T15:30:45.5Z"`},
		{"timestamptz", AppendTimestamptz, "0044-03-15 12:00:00+00 BC", `"0044-03-15T12:00:00Z BC"`},
		{"timestamptz", AppendTimestamptz, "10000-01-01 00:00:00+00", `"10000-01-01T00:00:00Z"`},
		{"timestamptz", AppendTimestamptz, "infinity", `"infinity"`},
		{
			"timestamptz of another zone", AppendTimestamptz, "2025-02-10 15:30:45+05:30",
			`"2025-02-10 15:30:45+05:30"`,
		},
		{"timestamptz", AppendTimestamptz, "10/02/2025 15:30:45+00", `"10/02/2025 15:30:45+00"`},
		{"timestamptz", AppendTimestamptz, "2025-02-10 +00", `"2025-02-10 +00"`},
		{"timestamptz", AppendTimestamptz, "+00", `"+00"`},
		{"timestamp", AppendTimestamp, "2025-02-10 15:30:45.000001", `"2025-02-10T15:30:45.000001Z"`},
		{"timestamp", AppendTimestamp, "2025-02-10 15:30:45 BC", `"2025-02-10T15:30:45Z BC"`},
		{"timestamp", AppendTimestamp, "-infinity", `"-infinity"`},
		{"timestamp", AppendTimestamp, "", `""`},

		{"json", AppendJSON, " { \"a b\" :\t[ 1 ,\r\n\"\\\" } \" ] } ", `{"a b":[1,"\" } "]}`},
		{"json", AppendJSON, `{"b":1,"a":2,"b":3}`, `{"b":1,"a":2,"b":3}`},
		{"json", AppendJSON, `"<\u00e4&>"`, `"<\u00e4&>"`},
		{"json", AppendJSON, `{"a":`, `"{\"a\":"`},
		{"json", AppendJSON, "", `""`},

		{"int2vector", VectorOf(AppendNumber), "1 -2", `[1,-2]`},
		{"oidvector", VectorOf(AppendText), "1 2", `["1","2"]`},
		{"oidvector", VectorOf(AppendText), "", `[]`},
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
		encode     Encoder
		text, want string
	}{
		{"empty", ArrayOf(AppendNumber, ','), `{}`, `[]`},
		{"one", ArrayOf(AppendNumber, ','), `{1}`, `[1]`},
		{"null", ArrayOf(AppendNumber, ','), `{1,NULL,-2.5}`, `[1,null,-2.5]`},
		{"matrix", ArrayOf(AppendNumber, ','), `{{1,2},{NULL,4}}`, `[[1,2],[null,4]]`},
		{"cube", ArrayOf(AppendNumber, ','), `{{{1},{2}}}`, `[[[1],[2]]]`},
		{"bounds", ArrayOf(AppendNumber, ','), `[0:1]={1,2}`, `[1,2]`},
		{"two bounds", ArrayOf(AppendNumber, ','), `[-1:-1][3:4]={{1,2}}`, `[[1,2]]`},
		{
			"quotes", ArrayOf(AppendText, ','), `{"","a b","NULL",null,"\"","\\","a\"b\\c","{}",","}`,
			`["","a b","NULL","null","\"","\\","a\"b\\c","{}",","]`,
		},
		{
			"boxes", ArrayOf(AppendText, ';'), `{(1,1),(0,0);(2,2),(1,1);NULL}`,
			`["(1,1),(0,0)","(2,2),(1,1)",null]`,
		},
		{
			"moments", ArrayOf(AppendTimestamptz, ','), `{"2025-02-10 15:30:45+00",infinity}`,
			`["2025-02-10T15:30:45Z","infinity"]`,
		},
		{"json", ArrayOf(AppendJSON, ','), `{"{\"a\": [1, 2]}",null}`, `[{"a":[1,2]},null]`},
		{"arrays in rows in an array", ArrayOf(func(dst, text []byte) []byte {
			return AppendComposite(dst, text,
				[]Attribute{{Key: JSONKey("a"), Encode: ArrayOf(AppendText, ',')}})
		}, ','), `{"(\"{\"\"a\\\\\"\"b\"\",c}\")"}`, `[{"a":["a\"b","c"]}]`},
	}
	for _, test := range tests {
		if got := string(test.encode([]byte("x:"), []byte(test.text))); got != "x:"+test.want {
			t.Errorf("%s: %s: got %s, want x:%s", test.name, test.text, got, test.want)
		}
	}
	for _, malformed := range []string{
		``, `1`, `{`, `}`, `{}}`, `{}{}`, `{1`, `{1}2`, `{1}{2}`, `{1,}`, `{,1}`, `{1,,2}`, `{,}`,
		`{1{2}}`, `{{1}2}`, `{{1}{2}}`,
		`{"a}`, `{"a\`, `{"a"b}`,
		`{a"b"}`, `{"a""b}`, `{a\b}`, `{{}`, `[0:1]`, `[0:1]{1}`, `[0:1]=`, `,{1}`, ` {1}`, `{1} `,
	} {
		want := string(AppendString([]byte("x:"), malformed))
		if got := string(AppendArray([]byte("x:"), []byte(malformed), ',', AppendText)); got != want {
			t.Errorf("malformed %s: got %s, want %s", malformed, got, want)
		}
	}
}

var ab = []Attribute{
	{Key: JSONKey("a"), Encode: AppendNumber},
	{Key: JSONKey("b"), Encode: AppendText},
}

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
		if got := AppendComposite([]byte("x:"), []byte(test.text), ab); string(got) != "x:"+test.want {
			t.Errorf("%s: got %s, want x:%s", test.text, got, test.want)
		}
	}
	if got := AppendComposite(nil, []byte("()"), nil); string(got) != "{}" {
		t.Errorf("no attributes: got %s", got)
	}
	if got := AppendComposite(nil, []byte("(1)"), nil); string(got) != `"(1)"` {
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
		if got := string(AppendHstore([]byte("x:"), []byte(text))); got != "x:"+want {
			t.Errorf("%s: got %s, want x:%s", text, got, want)
		}
	}
}

// TestScalarsAllocateNothing also holds for arrays, rows and hstore without escapes.
func TestScalarsAllocateNothing(t *testing.T) {
	tests := []struct {
		name   string
		encode Encoder
		text   string
	}{
		{"bool", AppendBool, "t"},
		{"number", AppendNumber, "-123.456e+7"},
		{"text", AppendText, `some "text"`},
		{"timestamptz", AppendTimestamptz, "2025-02-10 15:30:45.5+00"},
		{"timestamptz BC", AppendTimestamptz, "2025-02-10 15:30:45.5+00 BC"},
		{"jsonb", AppendJSON, `{"a": [1, "b c"]}`},
		{"int2vector", VectorOf(AppendNumber), "1"},
		{"array", ArrayOf(AppendNumber, ','), `{1,NULL,"3"}`},
		{"composite", func(dst, text []byte) []byte {
			return AppendComposite(dst, text, ab)
		}, `(1,"a b")`},
		{"hstore", AppendHstore, `"a"=>"1", "b"=>NULL`},
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
func checkEncoder(t *testing.T, encode Encoder, text []byte) {
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
		`{}`, `{1,NULL,"a\"b\\"}`, `[0:1][2:3]={{1,2},{3,4}}`, `{(1,1),(0,0);(2,2),(1,1)}`,
		`{"(1,\"a b\")","(,)"}`, `{"{1,2}"}`,
		`{1,}`, `[`, `{"\`,
	} {
		f.Add([]byte(seed))
	}
	row := func(dst, text []byte) []byte { return AppendComposite(dst, text, ab) }
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, element := range []Encoder{AppendText, AppendNumber, AppendTimestamptz, AppendJSON, row} {
			checkEncoder(t, ArrayOf(element, ','), text)
			checkEncoder(t, ArrayOf(element, ';'), text)
		}
	})
}

func FuzzAppendComposite(f *testing.F) {
	for _, seed := range []string{
		`()`, `(1,x)`, `(,"a ""b"" \\")`, `(1,2,3)`, `("{1,""a b""}",)`, `("""a""=>""1""","(1,)")`, `("`,
		`(1,"\`,
	} {
		f.Add([]byte(seed))
	}
	nested := func(dst, text []byte) []byte { return AppendComposite(dst, text, ab) }
	all := []Attribute{
		{Key: JSONKey("list"), Encode: ArrayOf(AppendText, ',')},
		{Key: JSONKey("row"), Encode: nested},
		{Key: JSONKey("map"), Encode: AppendHstore},
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for n := range len(all) + 1 {
			checkEncoder(t, func(dst, text []byte) []byte {
				return AppendComposite(dst, text, all[:n])
			}, text)
		}
	})
}

func FuzzAppendHstore(f *testing.F) {
	for _, seed := range []string{
		``, `"a"=>"1", "b"=>NULL`, `"a\"\\"=>""`, `"a"=>"1",`, `"a"=>`, `"`,
		`"a"=>"\`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkEncoder(t, AppendHstore, text) })
}

func FuzzScalars(f *testing.F) {
	for _, seed := range []string{
		"t", "-12.5e+3", "NaN", "2025-02-10 15:30:45.5+00", "0044-03-15 12:00:00+00 BC",
		`{ "a" : [ 1 , "b\" " ] }`, "1 2 3", "\x00\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, encode := range []Encoder{
			AppendBool, AppendNumber, AppendText, AppendTimestamp, AppendTimestamptz, AppendJSON,
			VectorOf(AppendNumber),
		} {
			checkEncoder(t, encode, text)
		}
	})
}
