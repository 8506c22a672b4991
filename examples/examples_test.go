// Package examples holds receivers for those who write their own, and tests them.
package examples

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookline/sender"
)

// Each receiver takes what is signed with its secret, once, and refuses everything else.
func TestReceivers(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "receiver")
	if out, err := exec.Command("go", "build", "-o", binary, "./go").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, command := range map[string][]string{
		"Go":     {binary},
		"Node":   {"node", "node/receiver.mjs"},
		"Python": {"python3", "python/receiver.py"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skip(command[0], "is not installed")
			}
			r := start(t, command)
			const secret, first = "a-long-secret", `{"event":"person.created","key":{"id":1}}`
			now := time.Now()
			for _, c := range []struct {
				what, secret, id, body string
				at                     time.Time
				want                   int
			}{
				{"signed", secret, "evt_1", first, now, 200},
				{"again", secret, "evt_1", first, now, 200},
				{"another secret", "another", "evt_2", first, now, 401},
				{"too old", secret, "evt_3", first, now.Add(-time.Hour), 401},
				{"signed, too", secret, "evt_4", `{"event":"person.deleted","key":{"id":1}}`, now, 200},
			} {
				if got := r.post(t, c.secret, c.id, c.body, c.at); got != c.want {
					t.Errorf("%s: answered %d, want %d", c.what, got, c.want)
				}
			}
			if got := r.post(t, "", "evt_5", first, now); got != 401 {
				t.Errorf("without a signature: answered %d, want 401", got)
			}
			for _, want := range []string{
				`evt_1 person.created {"id":1}`, `evt_4 person.deleted {"id":1}`,
			} {
				if got := r.line(t); got != want {
					t.Errorf("took %q, want %q", got, want)
				}
			}
		})
	}
}

type receiver struct {
	url string
	out *bufio.Reader
}

// start starts a receiver and waits until it listens.
func start(t *testing.T, command []string) *receiver {
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "WEBHOOK_SECRET=a-long-secret", "ADDR=127.0.0.1:0")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // t.Context has ended, and killed it
	r := &receiver{out: bufio.NewReader(out)}
	addr, ok := strings.CutPrefix(r.line(t), "listening on ")
	if !ok {
		t.Fatal("it does not say where it listens")
	}
	r.url = "http://" + addr
	return r
}

// line returns the next line that the receiver prints.
func (r *receiver) line(t *testing.T) string {
	line, err := r.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(line, "\n")
}

// post sends a body, signed unless the secret is empty, and returns the status.
func (r *receiver) post(t *testing.T, secret, id, body string, at time.Time) int {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url,
		strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(sender.HeaderID, id)
	if secret != "" {
		ms := at.UnixMilli()
		req.Header.Set(sender.HeaderTimestamp, strconv.FormatInt(ms, 10))
		req.Header.Set(sender.HeaderSignature, sender.Sign(secret, ms, []byte(body)))
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Error(err)
	}
	return res.StatusCode
}

// What receiving.md shows is what the examples do.
func TestShown(t *testing.T) {
	text, err := os.ReadFile("../docs/receiving.md")
	if err != nil {
		t.Fatal(err)
	}
	for file, fence := range map[string]string{
		"go/main.go": "```go\n", "node/receiver.mjs": "```js\n", "python/receiver.py": "```python\n",
	} {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, after, found := strings.Cut(string(text), fence)
		shown, _, closed := strings.Cut(after, "```")
		if !found || !closed || !strings.Contains(string(code), shown) {
			t.Errorf("what receiving.md shows of %s is not in it:\n%s", file, shown)
		}
	}
}
