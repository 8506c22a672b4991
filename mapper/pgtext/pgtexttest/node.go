package pgtexttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"testing"
)

// javascript runs the body of a JavaScript function of the string s for each case in one Node
// process and returns what it gave.
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

// Compare reports where got differs from what JavaScript gives, and stops at a few.
func Compare(t *testing.T, body string, cases []string, got func(s string) string) {
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

// EdgeNumbers are doubles at the edges of how they print.
var EdgeNumbers = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.1, -0.1, 1.5, 100, 123456789012345, 999999999999999, 1e15,
	1e16, 123456789012345680, 1<<53 - 1, 1 << 53, 1<<53 + 2, -(1<<53 - 1), 1e20, 1e21, 1e22, -1e21,
	999999999999999868928, 1e100, 1e300, 1e-5, 1e-6, 1e-7, 9.999999e-7, 1.5e-7, -1e-7, 1e-9, 1e-10,
	1e-100, 1e-300, 2e23, 5e22, 9007199254740993, 0.000001234, math.MaxFloat64,
	math.SmallestNonzeroFloat64, 2.2250738585072014e-308, 2.225073858507201e-308, math.Pi,
	math.Inf(1), math.Inf(-1), math.NaN(),
}

// Numbers returns edge cases and doubles of every magnitude.
func Numbers(r *rand.Rand) []float64 {
	list := EdgeNumbers
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

// AppendDocument appends a random JSON document, as unlike a canonical one as can be. The deeper,
// the smaller are its objects.
func AppendDocument(dst []byte, r *rand.Rand, depth int) []byte {
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
			dst = AppendDocument(dst, r, depth-1)
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
			dst = AppendDocument(dst, r, depth-1)
			space()
		}
		dst = append(dst, '}')
	}
	space()
	return dst
}

// appendRandomString appends a random JSON string of n characters.
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
			dst = append(
				dst,
				[...]string{"é", "😀", "\u2028", "\u2029", "\x7f", "日", "/", "<"}[r.IntN(8)]...)
		default:
			dst = append(dst, "abc019 "[r.IntN(7)])
		}
	}
	return append(dst, '"')
}
