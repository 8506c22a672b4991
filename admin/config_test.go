package admin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"hookline/admin"
)

func TestLoopback(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:8686": true, "127.8.9.10:1": true, "[::1]:8686": true, "[::ffff:127.0.0.1]:1": true,
		"localhost:8686": true, "LocalHost:0": true,
		"localhost": true, "::1": true, "[::1]": true,
		":8686": false, "": false, "0.0.0.0:8686": false, "[::]:8686": false, "10.0.0.1:8686": false,
		"hookline:8686":              false,
		"localhost.example.com:8686": false, "127.1:8686": false, "127.0.0.1.example.com": false,
	} {
		if got := admin.Loopback(addr); got != want {
			t.Errorf("%q is loopback: %t", addr, got)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []admin.Config{
		{},
		{Addr: "127.0.0.1:0"},
		{Addr: ":8686", Token: token},
		{Token: token},
	} {
		if err := c.Check(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	err := admin.Config{Addr: "0.0.0.0:8686"}.Check()
	for _, part := range []string{
		"HOOKLINE_ADMIN_TOKEN", `HOOKLINE_ADMIN_ADDR="0.0.0.0:8686"`,
		"16 to 256", "127.0.0.1:8686",
	} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not say %q", err, part)
		}
	}
}

func TestValidToken(t *testing.T) {
	for text, want := range map[string]bool{
		token: true, "0123456789abcdef": true, "!#$%&/()=?+*~-_.,": true, strings.Repeat("x", 256): true,
		"": false, "0123456789abcde": false, "0123456789abcdef\n": false, "0123456789 abcdef": false,
		"0123456789abcdéf":       false,
		strings.Repeat("x", 257): false,
	} {
		if got := admin.Token(text).Valid(); got != want {
			t.Errorf("%q is valid: %t", text, got)
		}
	}
}

// Whatever is printed on whatever way, the token is not in it.
func TestTokenDoesNotPrint(t *testing.T) {
	config := admin.Config{Addr: "127.0.0.1:0", Token: token}
	for name, value := range map[string]any{
		"token": config.Token, "pointer to a token": &config.Token, "config": config, "pointer": &config,
		"within": struct{ Admin admin.Config }{config}, "list": []admin.Config{config},
		"map":   map[string]admin.Token{"key": token},
		"error": fmt.Errorf("with %v: %w", config, fmt.Errorf("with %s", config.Token)),
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Error("text", "value", value, "again", []any{value})
		slog.New(slog.NewJSONHandler(&out, nil)).Error("json", "value", value, "again", []any{value})
		text, err := json.Marshal(value)
		fmt.Fprintln(&out, string(text), err, panicText(value))
		if hex := fmt.Sprintf("%x", token); strings.Contains(out.String(), token) ||
			strings.Contains(out.String(), hex) {
			t.Errorf("%s: %s", name, out.String())
		}
	}
}

// panicText is what a handler of panics prints of value.
func panicText(value any) (text string) {
	defer func() { text = fmt.Sprintf("panic: %v", recover()) }()
	panic(value)
}
