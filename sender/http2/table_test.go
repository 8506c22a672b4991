package http2

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"
)

// decode returns the fields of a header.
func decode(t *testing.T, d *hpack.Decoder, text []byte) string {
	t.Helper()
	fields, err := d.DecodeFull(text)
	if err != nil {
		t.Fatalf("%x: %v", text, err)
	}
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "%s=%s;", f.Name, f.Value)
	}
	return b.String()
}

// A receiver reads what was meant, whatever was sent before, and it takes fewer bytes each time.
func TestTable(t *testing.T) {
	one := targetOf(t, "https://h.test/one?x=1", http.Header{"X-Tenant": {"a", "b"}, "Te": {"x"}})
	other := targetOf(t, "https://h.test/other", http.Header{"X-Long": {strings.Repeat("l", 200)}})
	big := targetOf(t, "https://h.test/big", http.Header{"X-Big": {strings.Repeat("b", 5000)}})
	for name, sizes := range map[string][]uint32{
		"as usual":            nil,
		"the receiver's size": {4096},
		"larger":              {65536},
		"none":                {0},
		"small, then larger":  {100, 4096},
	} {
		t.Run(name, func(t *testing.T) {
			table := newTable()
			d := hpack.NewDecoder(tableSize, nil)
			sent := map[*Target]int{}
			for i := range 5 {
				if i == 2 {
					for _, size := range sizes {
						table.limit(size)
						d.SetAllowedMaxDynamicTableSize(size)
					}
				}
				for _, to := range []*Target{one, other, big} {
					lines := fmt.Sprintf("Webhook-Id: evt_%d\r\nX-Number: %d\r\n", i, 7*i)
					text := table.appendHeader(nil, to, []byte(lines), 1000+i)
					want := ":method=POST;:scheme=https;"
					for _, f := range to.fields {
						want += f.name + "=" + f.value + ";"
					}
					want += fmt.Sprintf("content-length=%d;webhook-id=evt_%d;x-number=%d;", 1000+i, i, 7*i)
					if got := decode(t, d, text); got != want {
						t.Errorf("header %d: %.300s, want %.300s", i, got, want)
					}
					if before := sent[to]; i == 1 && len(text) >= before {
						t.Errorf("header %d has %d bytes, before it had %d", i, len(text), before)
					}
					sent[to] = len(text)
				}
			}
		})
	}
}

// FuzzTable: whatever is to be sent, a receiver reads it.
func FuzzTable(f *testing.F) {
	f.Add("X-A", "a", "Webhook-Id", "evt_1", 3)
	f.Add("x", strings.Repeat("v", 5000), "y", strings.Repeat("w", 300), 70)
	f.Fuzz(func(t *testing.T, stays, value, differs, differing string, times int) {
		if differs == "" || strings.ContainsAny(differs+differing, ":\r\n") || stays == "" {
			t.Skip("no line")
		}
		to := &Target{fields: []field{newField(strings.ToLower(stays), value)}}
		table := newTable()
		d := hpack.NewDecoder(tableSize, nil)
		for i := range min(max(1, times), 200) {
			text := table.appendHeader(nil, to, []byte(differs+": "+differing+"\r\n"), i)
			want := fmt.Sprintf(":method=POST;:scheme=https;%s=%s;content-length=%d;%s=%s;",
				to.fields[0].name, to.fields[0].value, i, strings.ToLower(differs), differing)
			if got := decode(t, d, text); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	})
}
