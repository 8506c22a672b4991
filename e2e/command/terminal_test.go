package command

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hookline/e2e"
)

// status --watch tells how things stand again and again, and ends as status does; where nobody can
// see a screen it is plain, or JSON by the line.
func TestStatusIsWatched(t *testing.T) {
	t.Parallel()
	db := e2e.NewCRM(t)
	db.SetUp()
	plain := e2e.Command(t, db.Env(), "status", "--watch", "--every", "100ms").Launch()
	lines := e2e.Command(t, db.Env(), "status", "--watch", "--every", "100ms", "--json").Launch()
	for _, p := range []*e2e.Process{plain, lines} {
		e2e.Eventually(t, func() error {
			if strings.Count(p.Out.String(), "nobody reads slot") < 2 {
				return errors.New("it was not looked twice")
			}
			return nil
		})
		p.Signal(syscall.SIGINT)
		if p.Wait() != 3 || strings.Contains(p.Out.String(), "\x1b") {
			t.Errorf("%v ends with %d: %s%s", p.Cmd.Args[1:], p.Wait(), p.Out.String(), p.Log.String())
		}
	}
	for line := range strings.Lines(lines.Out.String()) {
		var look struct {
			At      string
			Healthy *bool
		}
		if err := json.Unmarshal([]byte(line), &look); err != nil || look.At == "" ||
			look.Healthy == nil {
			t.Errorf("%v: %s", err, line)
		}
	}
}

// What completion bash prints makes bash complete commands, flags and their values.
func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	program := e2e.Command(t, nil, "completion", "bash").Cmd.Path
	bash := exec.Command("bash", "--norc", "-c", `source <(hookline completion bash)
		ask() {
			COMP_WORDS=(hookline "$@"); COMP_CWORD=$#
			_hookline 2>/dev/null; echo "${COMPREPLY[*]}"
		}
		ask webh; ask webhooks ro; ask deliveries list --state = d; ask teardown --y`)
	bash.Env = []string{"PATH=" + filepath.Dir(program) + ":/usr/bin:/bin"}
	out, err := bash.CombinedOutput()
	if want := "webhooks\nrotate\ndead\n--yes\n"; err != nil || string(out) != want {
		t.Errorf("%v:\n%swant\n%s", err, out, want)
	}
}
