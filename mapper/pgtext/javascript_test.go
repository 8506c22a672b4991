package pgtext

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"hookline/mapper/pgtext/pgtexttest"
)

func TestAppendDouble(t *testing.T) {
	list := pgtexttest.Numbers(rand.New(rand.NewPCG(1, 2)))
	cases := make([]string, len(list))
	byText := map[string]float64{}
	for i, f := range list {
		cases[i] = strconv.FormatFloat(f, 'e', 17, 64)
		if math.IsInf(f, 0) {
			cases[i] = strings.ReplaceAll(cases[i], "Inf", "Infinity")
		}
		byText[cases[i]] = f
	}
	pgtexttest.Compare(t, `return JSON.stringify(Number(s))`, cases, func(s string) string {
		return string(appendDouble(nil, byText[s]))
	})
}

func TestAppendDoubleKeepsWhatIsThere(t *testing.T) {
	for _, f := range pgtexttest.EdgeNumbers {
		if got, want := string(appendDouble([]byte("[1e-07,"), f)),
			"[1e-07,"+string(appendDouble(nil, f)); got != want {
			t.Errorf("%v: got %s, want %s", f, got, want)
		}
	}
}

// TestAppendDecimal compares with what JavaScript makes of the decimals that Postgres prints for
// float8 and numeric.
func TestAppendDecimal(t *testing.T) {
	cases := []string{
		"0", "-0", "00", "-", "1", "-1", "-12", "007", "0.50", "1.0", "-0.0", "999999999999999",
		"9999999999999999", "9007199254740993",
		"NaN", "Infinity", "-Infinity", "1e+21", "1e-07", "1" + strings.Repeat("0", 400),
		"0." + strings.Repeat("0", 400) + "1",
		"123456789012345678901234567890.123456789", "",
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, f := range pgtexttest.Numbers(r) {
		cases = append(cases, strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "Inf", "Infinity", 1))
	}
	for range 2000 {
		digits := make([]byte, 1+r.IntN(40))
		for i := range digits {
			digits[i] = '0' + byte(r.IntN(10))
		}
		cases = append(cases, string(digits), "-"+string(digits), "0."+string(digits),
			string(digits)+"."+string(digits))
	}
	pgtexttest.Compare(t, `return JSON.stringify(parseFloat(s))`, cases, func(s string) string {
		return string(AppendDecimal(nil, []byte(strings.TrimPrefix(s, "+"))))
	})
}

// edgeDocuments are documents, well-formed and not, that JavaScript prints in another way than they
// were written.
var edgeDocuments = []string{
	`{}`, `[]`, `""`, `null`, `true`, `false`, ` 1 `, "\t\r\n[ 1 , 2 ]\n",
	`{"a": 1, "b": [1, 2.5, null, "é"]}`,
	`-0`, `[-0.0, 0e5, 1E400, -1e400, 1e-400]`, `1.0`, `1.50`, `1e21`, `1E+2`, `1e-7`,
	`9007199254740993`, `9007199254740991`, `123456789012345678901234567890`,
	`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`, `"\uD83Dx"`,
	`"\ud83d\n"`, `"\ud83d\u0041"`, `"😀"`, `"\u00e9\u0000\u001f\u007f\u0080\uffff"`,
	`"\b\f\n\r\t\"\\\/"`, `"\u0008\u0009\u000a\u000B\u000c\u000D\u0022\u005c\u002f"`,
	"\"\u2028\u2029\"", `"\u2028\u2029"`, `"<>&'"`,
	`{"b":1,"0":2,"10":3,"9":4,"a":5,"4294967294":6,"4294967295":7,"-1":8,"01":9,"1.0":10,"":11,"00":12}`,
	`{"\u0031":1,"0":2}`, `{"2":1,"1":2,"2":3,"1":4}`, `{"10":1,"9":1}`, `{"9":1,"10":1}`,
	`{"a":1,"1":1}`, `{"99999999999":1,"1":2}`,
	`{"a":1,"b":2,"a":3}`, `{"a":1,"\u0061":2}`, `{"a":{"x":1},"b":2,"a":{"y":{"1":1,"0":[]}}}`,
	`{"b":1,"a":2}`,
	`{"\ud83d":1,"\\ud83d":2,"\ud83d":3}`,
	`{"__proto__":{"a":1},"b":1,"__proto__":2,"constructor":3,"toJSON":4,"toString":5}`,
	`{"aa":1,"b":2,"cc":3,"b":4,"0":[{"z":1,"0":0}],"aa":5}`,
	``, ` `, `{`, `}`, `[`, `]`, `"`, `"a`, `"\`, `"\u12`, `"\u12g4"`, `"\x"`, "\"\n\"", "\"\x00\"",
	`{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`, `{1:1}`, `[1,]`, `[,1]`, `[1 2]`,
	`01`, `-`, `+1`, `.5`, `1.`, `1e`, `1e+`, `0x10`, `1_000`, `NaN`, `Infinity`, `-Infinity`,
	`tru`, `truer`, `nul`, `True`, `1 1`, `{}{}`, `[]]`, `'a'`, "\u00a01", "\ufeff1", `{"a":1 "b":2}`,
	`{"a" 1}`,
}

func TestAppendJavaScript(t *testing.T) {
	cases := append([]string{
		strings.Repeat("[", 1500) + strings.Repeat("]", 1500),
		strings.Repeat(`{"z":1,"0":`, 500) + "1" + strings.Repeat("}", 500),
	}, edgeDocuments...)
	r := rand.New(rand.NewPCG(5, 6))
	for range 4000 {
		doc := pgtexttest.AppendDocument(nil, r, 4)
		cases = append(cases, string(doc))
		if r.IntN(4) == 0 { // break it, mostly
			i := r.IntN(len(doc))
			if doc[i] < 0x80 {
				doc[i] = `{}[]",:\0e-. `[r.IntN(13)]
				cases = append(cases, string(doc))
			}
		}
	}
	pgtexttest.Compare(t,
		`try { return JSON.stringify(JSON.parse(s)) } catch { return JSON.stringify(s) }`, cases,
		func(s string) string {
			return string(AppendJavaScript(nil, []byte(s)))
		})
}

func TestAppendJavaScriptTooDeep(t *testing.T) {
	nest := func(depth int) string {
		return strings.Repeat("[", depth+1) + strings.Repeat("]", depth+1)
	}
	if got := string(AppendJavaScript(nil, []byte(nest(maxDepth)))); got != nest(maxDepth) {
		t.Errorf("depth %d: got %.40q…", maxDepth, got)
	}
	for _, deep := range []string{
		nest(maxDepth + 1), strings.Repeat("[", 1<<14),
		strings.Repeat(`{"a":`, 1<<14),
	} {
		if got := string(AppendJavaScript(nil, []byte(deep))); got != string(AppendString(nil, deep)) {
			t.Errorf("%.10q…: got %.40q…, want it as a string", deep, got)
		}
	}
}

func FuzzAppendJavaScript(f *testing.F) {
	for _, s := range edgeDocuments {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		const before = `{"before":`
		out := AppendJavaScript([]byte(before), text)
		doc, kept := bytes.CutPrefix(out, []byte(before))
		if !kept {
			t.Fatalf("%q: overwrote what was there: %q", text, out)
		}
		if !json.Valid(doc) {
			t.Fatalf("%q: got %q, which is not JSON", text, doc)
		}
		if !json.Valid(text) {
			if want := AppendString(nil, text); !bytes.Equal(doc, want) {
				t.Fatalf("%q: got %q, want %q", text, doc, want)
			}
			return
		}
		if again := AppendJavaScript(nil, doc); !bytes.Equal(again, doc) {
			t.Fatalf("%q: got %q, printed anew %q", text, doc, again)
		}
	})
}

func BenchmarkAppendJavaScript(b *testing.B) {
	text := []byte(
		`{"tags": ["a", "b"], "count": 12, "ratio": 0.25, "nested": {"x": "Tom \"T\" Smith", "y": null, "long": true}}`)
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendJavaScript(buf[:0], text)
	}
}
