package cdc

import (
	"bytes"
	"testing"
)

func FuzzParseRow(f *testing.F) {
	for _, text := range []string{
		"(1,Ada,)", `(1,"a,b","say ""no""")`, `("C:\\temp","")`, "()", "(,)", "(", ")", `("`, `("a`,
		`("a"`, `("a)`, `(a"b"c,d)`, `("\`, "", "(1)x",
	} {
		f.Add([]byte(text), uint8(3))
	}
	f.Fuzz(func(t *testing.T, src []byte, columns uint8) {
		all := make([]bool, columns)
		for i := range all {
			all[i] = true
		}
		row, err := parseRow(bytes.Clone(src), all)
		if err != nil {
			return
		}
		if len(row) != int(columns) {
			t.Fatalf("%q has %d columns, want %d", src, len(row), columns)
		}
		again, err := parseRow(appendRow(nil, row), all)
		if err != nil {
			t.Fatalf("%q, printed anew as %q: %v", src, appendRow(nil, row), err)
		}
		for i := range row {
			if row[i].IsNull() != again[i].IsNull() || row[i].String() != again[i].String() {
				t.Errorf("%q: column %d is %q, once more %q", src, i, row[i], again[i])
			}
		}
	})
}

// appendRow prints a row as the server does, with everything in quotes.
func appendRow(dst []byte, row Tuple) []byte {
	dst = append(dst, '(')
	for i, v := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v.IsNull() {
			continue
		}
		dst = append(dst, '"')
		for _, c := range v.Bytes() {
			if c == '"' || c == '\\' {
				dst = append(dst, c)
			}
			dst = append(dst, c)
		}
		dst = append(dst, '"')
	}
	return append(dst, ')')
}
