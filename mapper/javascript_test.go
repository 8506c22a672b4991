package mapper

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// javascript runs the body of a JavaScript function of the string s for each case in one Node process and returns what it gave.
func javascript(t testing.TB, body string, cases []string) []string {
	t.Helper()
	script := `const lines = require("fs").readFileSync(0, "utf8").split("\n").slice(0, -1)
		const f = s => {` + body + `}
		process.stdout.write(lines.map(l => JSON.stringify(f(JSON.parse(l))) + "\n").join(""))`
	var stdin bytes.Buffer
	for _, c := range cases {
		line, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		stdin.Write(append(line, '\n'))
	}
	if testing.Short() {
		t.Skip("Node is not started with -short")
	}
	cmd := exec.CommandContext(t.Context(), "node", "-e", script)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = &stdin, &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("node, which these tests compare with: %v\n%s", err, &stderr)
	}
	results := make([]string, 0, len(cases))
	for line := range bytes.Lines(stdout) {
		var result string
		if err := json.Unmarshal(line, &result); err != nil {
			t.Fatal(err)
		}
		results = append(results, result)
	}
	if len(results) != len(cases) {
		t.Fatalf("node gave %d results for %d cases", len(results), len(cases))
	}
	return results
}

// compare reports where got differs from what JavaScript gives, and stops at a few.
func compare(t *testing.T, body string, cases []string, got func(s string) string) {
	t.Helper()
	failures := 0
	for i, want := range javascript(t, body, cases) {
		if g := got(cases[i]); g != want {
			t.Errorf("%.300q\n got %.300q\nwant %.300q", cases[i], g, want)
			if failures++; failures == 10 {
				t.Fatal("giving up")
			}
		}
	}
}

var edgeNumbers = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.1, -0.1, 1.5, 100, 123456789012345, 999999999999999, 1e15, 1e16, 123456789012345680,
	1<<53 - 1, 1 << 53, 1<<53 + 2, -(1<<53 - 1), 1e20, 1e21, 1e22, -1e21, 999999999999999868928,
	1e100, 1e300, 1e-5, 1e-6, 1e-7, 9.999999e-7,
	1.5e-7, -1e-7, 1e-9, 1e-10, 1e-100, 1e-300, 2e23, 5e22, 9007199254740993, 0.000001234,
	math.MaxFloat64, math.SmallestNonzeroFloat64, 2.2250738585072014e-308, 2.225073858507201e-308,
	math.Pi, math.Inf(1), math.Inf(-1), math.NaN(),
}

// numbers returns edge cases and doubles of every magnitude.
func numbers(r *rand.Rand) []float64 {
	list := edgeNumbers
	for e := -1074; e < 1024; e++ {
		f := math.Ldexp(1, e)
		list = append(list, f, math.Nextafter(f, 0), math.Nextafter(f, math.Inf(1)), -f)
	}
	for e := -323; e <= 308; e++ {
		f, _ := strconv.ParseFloat("1e"+strconv.Itoa(e), 64)
		list = append(list, f, math.Nextafter(f, 0), math.Nextafter(f, math.Inf(1)), -f)
	}
	for range 5000 {
		list = append(list, math.Float64frombits(r.Uint64()))
		list = append(list, math.Round(r.NormFloat64()*math.Pow10(r.IntN(20)))/math.Pow10(r.IntN(8)))
	}
	return list
}

func TestAppendDouble(t *testing.T) {
	list := numbers(rand.New(rand.NewPCG(1, 2)))
	cases := make([]string, len(list))
	byText := map[string]float64{}
	for i, f := range list {
		cases[i] = strconv.FormatFloat(f, 'e', 17, 64)
		if math.IsInf(f, 0) {
			cases[i] = strings.ReplaceAll(cases[i], "Inf", "Infinity")
		}
		byText[cases[i]] = f
	}
	compare(t, `return JSON.stringify(Number(s))`, cases, func(s string) string {
		return string(appendDouble(nil, byText[s]))
	})
}

func TestAppendDoubleKeepsWhatIsThere(t *testing.T) {
	for _, f := range edgeNumbers {
		if got, want := string(appendDouble([]byte("[1e-07,"), f)), "[1e-07,"+string(appendDouble(nil, f)); got != want {
			t.Errorf("%v: got %s, want %s", f, got, want)
		}
	}
}

// TestAppendDecimal compares with what JavaScript makes of the decimals that Postgres prints for float8 and numeric.
func TestAppendDecimal(t *testing.T) {
	cases := []string{
		"0", "-0", "00", "-", "1", "-1", "-12", "007", "0.50", "1.0", "-0.0", "999999999999999", "9999999999999999", "9007199254740993",
		"NaN", "Infinity", "-Infinity", "1e+21", "1e-07", "1" + strings.Repeat("0", 400), "0." + strings.Repeat("0", 400) + "1",
		"123456789012345678901234567890.123456789", "",
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, f := range numbers(r) {
		cases = append(cases, strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "Inf", "Infinity", 1))
	}
	for range 2000 {
		digits := make([]byte, 1+r.IntN(40))
		for i := range digits {
			digits[i] = '0' + byte(r.IntN(10))
		}
		cases = append(cases, string(digits), "-"+string(digits), "0."+string(digits), string(digits)+"."+string(digits))
	}
	compare(t, `return JSON.stringify(parseFloat(s))`, cases, func(s string) string {
		return string(appendDecimal(nil, []byte(strings.TrimPrefix(s, "+"))))
	})
}

// edgeDocuments are documents, well-formed and not, that JavaScript prints in another way than they were written.
var edgeDocuments = []string{
	`{}`, `[]`, `""`, `null`, `true`, `false`, ` 1 `, "\t\r\n[ 1 , 2 ]\n", `{"a": 1, "b": [1, 2.5, null, "é"]}`,
	`-0`, `[-0.0, 0e5, 1E400, -1e400, 1e-400]`, `1.0`, `1.50`, `1e21`, `1E+2`, `1e-7`,
	`9007199254740993`, `9007199254740991`, `123456789012345678901234567890`,
	`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\ud83d\ude00"`, `"\uD83Dx"`,
	`"\ud83d\n"`, `"\ud83d\u0041"`, `"😀"`, `"\u00e9\u0000\u001f\u007f\u0080\uffff"`,
	`"\b\f\n\r\t\"\\\/"`, `"\u0008\u0009\u000a\u000B\u000c\u000D\u0022\u005c\u002f"`, "\"\u2028\u2029\"", `"\u2028\u2029"`, `"<>&'"`,
	`{"b":1,"0":2,"10":3,"9":4,"a":5,"4294967294":6,"4294967295":7,"-1":8,"01":9,"1.0":10,"":11,"00":12}`,
	`{"\u0031":1,"0":2}`, `{"2":1,"1":2,"2":3,"1":4}`, `{"10":1,"9":1}`, `{"9":1,"10":1}`, `{"a":1,"1":1}`, `{"99999999999":1,"1":2}`,
	`{"a":1,"b":2,"a":3}`, `{"a":1,"\u0061":2}`, `{"a":{"x":1},"b":2,"a":{"y":{"1":1,"0":[]}}}`, `{"b":1,"a":2}`,
	`{"\ud83d":1,"\\ud83d":2,"\ud83d":3}`,
	`{"__proto__":{"a":1},"b":1,"__proto__":2,"constructor":3,"toJSON":4,"toString":5}`,
	`{"aa":1,"b":2,"cc":3,"b":4,"0":[{"z":1,"0":0}],"aa":5}`,
	``, ` `, `{`, `}`, `[`, `]`, `"`, `"a`, `"\`, `"\u12`, `"\u12g4"`, `"\x"`, "\"\n\"", "\"\x00\"",
	`{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`, `{1:1}`, `[1,]`, `[,1]`, `[1 2]`,
	`01`, `-`, `+1`, `.5`, `1.`, `1e`, `1e+`, `0x10`, `1_000`, `NaN`, `Infinity`, `-Infinity`,
	`tru`, `truer`, `nul`, `True`, `1 1`, `{}{}`, `[]]`, `'a'`, "\u00a01", "\ufeff1", `{"a":1 "b":2}`, `{"a" 1}`,
}

func TestAppendJavaScript(t *testing.T) {
	cases := append([]string{
		strings.Repeat("[", 1500) + strings.Repeat("]", 1500),
		strings.Repeat(`{"z":1,"0":`, 500) + "1" + strings.Repeat("}", 500),
	}, edgeDocuments...)
	r := rand.New(rand.NewPCG(5, 6))
	for range 4000 {
		doc := appendDocument(nil, r, 4)
		cases = append(cases, string(doc))
		if r.IntN(4) == 0 { // break it, mostly
			i := r.IntN(len(doc))
			if doc[i] < 0x80 {
				doc[i] = `{}[]",:\0e-. `[r.IntN(13)]
				cases = append(cases, string(doc))
			}
		}
	}
	compare(t, `try { return JSON.stringify(JSON.parse(s)) } catch { return JSON.stringify(s) }`, cases, func(s string) string {
		return string(appendJavaScript(nil, []byte(s)))
	})
}

// appendDocument appends a random JSON document, as unlike a canonical one as can be. The deeper, the smaller are its objects.
func appendDocument(dst []byte, r *rand.Rand, depth int) []byte {
	space := func() { dst = append(dst, " \t\n\r"[:r.IntN(5)]...) }
	space()
	kind := r.IntN(8)
	if depth == 0 {
		kind %= 5
	}
	switch kind {
	case 0:
		dst = append(dst, [...]string{"true", "false", "null"}[r.IntN(3)]...)
	case 1:
		dst = strconv.AppendInt(dst, r.Int64()>>r.IntN(64), 10)
	case 2:
		f := math.Float64frombits(r.Uint64())
		if math.IsInf(f, 0) || math.IsNaN(f) {
			f = 0.5
		}
		dst = strconv.AppendFloat(dst, f, "eg"[r.IntN(2)], r.IntN(24)-1, 64)
	case 3, 4:
		dst = appendRandomString(dst, r, r.IntN(12))
	case 5:
		dst = append(dst, '[')
		for i := range r.IntN(6) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendDocument(dst, r, depth-1)
			space()
		}
		dst = append(dst, ']')
	default:
		dst = append(dst, '{')
		for i := range r.IntN(2 + r.IntN(10*depth)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			space()
			switch r.IntN(3) {
			case 0:
				dst = strconv.AppendQuote(dst, strconv.FormatUint(r.Uint64N(1<<33)>>r.IntN(33), 10))
			case 1:
				dst = append(dst, fmt.Sprintf(`"k%d"`, r.IntN(30))...)
			default:
				dst = appendRandomString(dst, r, r.IntN(3))
			}
			space()
			dst = append(dst, ':')
			dst = appendDocument(dst, r, depth-1)
			space()
		}
		dst = append(dst, '}')
	}
	space()
	return dst
}

func appendRandomString(dst []byte, r *rand.Rand, n int) []byte {
	dst = append(dst, '"')
	for range n {
		switch r.IntN(6) {
		case 0:
			dst = fmt.Appendf(dst, `\u%04x`, r.IntN(0x10000))
		case 1:
			dst = fmt.Appendf(dst, `\u%04X`, 0xd800+r.IntN(0x800))
		case 2:
			dst = append(dst, '\\', `"\/bfnrt`[r.IntN(8)])
		case 3:
			dst = append(dst, [...]string{"é", "😀", "\u2028", "\u2029", "\x7f", "日", "/", "<"}[r.IntN(8)]...)
		default:
			dst = append(dst, "abc019 "[r.IntN(7)])
		}
	}
	return append(dst, '"')
}

func TestAppendJavaScriptTooDeep(t *testing.T) {
	nest := func(depth int) string { return strings.Repeat("[", depth+1) + strings.Repeat("]", depth+1) }
	if got := string(appendJavaScript(nil, []byte(nest(maxDepth)))); got != nest(maxDepth) {
		t.Errorf("depth %d: got %.40q…", maxDepth, got)
	}
	for _, deep := range []string{nest(maxDepth + 1), strings.Repeat("[", 1<<14), strings.Repeat(`{"a":`, 1<<14)} {
		if got := string(appendJavaScript(nil, []byte(deep))); got != string(appendString(nil, deep)) {
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
		out := appendJavaScript([]byte(before), text)
		doc, kept := bytes.CutPrefix(out, []byte(before))
		if !kept {
			t.Fatalf("%q: overwrote what was there: %q", text, out)
		}
		if !json.Valid(doc) {
			t.Fatalf("%q: got %q, which is not JSON", text, doc)
		}
		if !json.Valid(text) {
			if want := appendString(nil, text); !bytes.Equal(doc, want) {
				t.Fatalf("%q: got %q, want %q", text, doc, want)
			}
			return
		}
		if again := appendJavaScript(nil, doc); !bytes.Equal(again, doc) {
			t.Fatalf("%q: got %q, printed anew %q", text, doc, again)
		}
	})
}

func BenchmarkAppendJavaScript(b *testing.B) {
	text := []byte(`{"tags": ["a", "b"], "count": 12, "ratio": 0.25, "nested": {"x": "Tom \"T\" Smith", "y": null, "long": true}}`)
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = appendJavaScript(buf[:0], text)
	}
}
