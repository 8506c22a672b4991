package pgtext

import (
	"encoding/json"
	"testing"
)

func TestAppendString(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", `""`},
		{"Ada", `"Ada"`},
		{"<b>\"Göldén\" & \\ 🚀</b>", `"<b>\"Göldén\" & \\ 🚀</b>"`},
		{"\b\t\n\f\r\x00\x1f\x7f", `"\b\t\n\f\r\u0000\u001f` + "\x7f" + `"`},
		{"line\u2028separator", "\"line\u2028separator\""},
		{"a\xff\xfeb\n\xc3", `"a` + "\uFFFD" + `b\n` + "\uFFFD" + `"`},
	} {
		if got := string(AppendString(nil, test.in)); got != test.want {
			t.Errorf("appendString(%q) = %s, want %s", test.in, got, test.want)
		}
		if got := string(AppendString([]byte{0xff}, []byte(test.in))); got != "\xff"+test.want {
			t.Errorf("appendString after other bytes = %q, want them left alone and %s", got, test.want)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\xff\"\n\u2028")
	f.Fuzz(func(t *testing.T, in string) {
		if got := AppendString(nil, in); !json.Valid(got) {
			t.Errorf("appendString(%q) = %s is no JSON", in, got)
		}
	})
}
