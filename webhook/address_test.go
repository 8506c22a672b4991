package webhook

import (
	"encoding/json"
	"net/url"
	"os/exec"
	"strings"
	"testing"
)

// What goes out is what a browser sends: Node has the same parser of URLs.
func TestEscapesAsBrowsersDo(t *testing.T) {
	if testing.Short() {
		t.Skip("Node is not started with -short")
	}
	var all strings.Builder
	for c := range rune(0x180) {
		// older ones leave ^ alone in a path
		if c > ' ' && !strings.ContainsRune(`#?%\|^`, c) && (c < 0x7f || c > 0x9f) {
			all.WriteRune(c)
		}
	}
	texts := []string{
		"http://h.test/a b?c d", "http://h.test/\u00fc/\u6771?q=\u00fc&x=<y>'\"",
		"http://h.test/a%2Fb c?a%20b c+d", "http://h.test/?a?b/c#d e",
		"http://h.test/`{}[]~!*()'", "http://h.test/?^`{|}\\[]~!*()'", "http://h.test?a b",
		"http://h.test/" + all.String(), "http://h.test/?" + all.String(),
	}
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", "-e", `console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).map(t => {
		const u = new URL(t); return u.pathname + u.search })))`)
	node.Stdin = strings.NewReader(string(input))
	output, err := node.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(output, &want); err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		target, _, err := parseURL(text, false)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.RequestURI(); got != want[i] {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want[i])
		}
	}
}

// A fragment is not sent, so whatever stands in it does no harm.
func TestFragmentsAreDropped(t *testing.T) {
	for text, want := range map[string]string{
		"http://h.test/#%zz": "http://h.test/", "http://h.test/a?b#c d?e": "http://h.test/a?b",
		"http://h.test#": "http://h.test",
	} {
		if target, host, err := parseURL(text, false); target != want || host != "h.test" || err != nil {
			t.Errorf("%s: %s, %s, %v, want %s", text, target, host, err, want)
		}
	}
}
