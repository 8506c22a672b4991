package sender

import (
	"context"
	"strings"
	"testing"
)

// An address that would be refused is told, and no other: of a name that is not known nothing is.
func TestRefused(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		target string
		allow  []string
		want   string
	}{
		{"http://127.0.0.1:8080/hook", nil, "address 127.0.0.1 is refused (loopback)"},
		{"http://127.0.0.1:8080/hook", []string{"127.0.0.1"}, ""},
		{"https://[::ffff:10.0.0.1]/", nil, "address 10.0.0.1 is refused (private)"},
		{"https://[fe80::1%25eth0]/", []string{"10.0.0.0/8"}, "(link-local)"},
		{"https://8.8.8.8/hook", nil, ""},
		{"http://localhost:1", nil, "is refused (loopback)"},
		{"http://localhost:1", []string{"localhost"}, ""},
		{"http://169.254.169.254", []string{"169.254.0.0/16"}, "(cloud metadata)"},
		{"http://name.invalid", nil, ""},
		{"http://%", nil, ""},
	} {
		ctx := t.Context()
		if strings.HasSuffix(c.target, ".invalid") {
			ctx = ended // no name server is asked
		}
		why, err := Refused(ctx, Config{AllowAddresses: c.allow}, c.target)
		if err != nil || (why == "") != (c.want == "") || !strings.Contains(why, c.want) {
			t.Errorf("%s, %v allowed: %q, %v; want %q", c.target, c.allow, why, err, c.want)
		}
	}
	if _, err := Refused(t.Context(), Config{AllowAddresses: []string{"300.0.0.1"}}, ""); err == nil {
		t.Error("a wrong list is taken")
	}
}
