package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"hookline/e2e"
)

// The demo plays its story to the end, or until Ctrl-C, and leaves neither a process nor a file
// behind.
func TestDemo(t *testing.T) {
	t.Run("once", func(t *testing.T) {
		t.Parallel()
		d := startDemo(t, "--once")
		if code := d.Wait(); code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
		if !strings.Contains(d.Out.String(), "All of it arrived") {
			t.Error("the demo does not say that all arrived")
		}
		d.leavesNothing()
	})
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		d := startDemo(t)
		d.UntilPrinted("person.created")
		d.hasConsole()
		d.Interrupt(syscall.SIGINT)
		d.leavesNothing()
	})
	t.Run("interrupted at once", func(t *testing.T) {
		t.Parallel()
		d := startDemo(t)
		d.Interrupt(syscall.SIGINT)
		d.leavesNothing()
	})
}

// demo is a demo that has its Postgres running.
type demo struct {
	*e2e.Process
	home     string
	postgres int // process id
}

func startDemo(t *testing.T, flags ...string) demo {
	t.Helper()
	home := t.TempDir()
	// Postgres runs as another user when we are root, and has to get there.
	if err := os.Chmod(filepath.Dir(home), 0o755); err != nil {
		t.Fatal(err)
	}
	p := e2e.Command(t, []string{"HOME=" + home, "TMPDIR=" + home},
		append([]string{"demo"}, flags...)...)
	d := demo{home: home, Process: p.Launch()}
	e2e.Eventually(t, func() (err error) {
		d.postgres, err = d.postmaster()
		return err
	})
	return d
}

// hasConsole looks at the console where the demo says that it is.
func (d demo) hasConsole() {
	d.T.Helper()
	found := regexp.MustCompile(`Its console is at (\S+)`).FindStringSubmatch(d.Out.String())
	if found == nil {
		d.T.Fatalf("the demo does not say where its console is:\n%s", d.Out.String())
	}
	if page := get(d.T, found[1]+"/deliveries"); !strings.Contains(page, "person.created") {
		d.T.Errorf("the demo's console does not show what was delivered:\n%s", page)
	}
}

// postmaster returns the process id of the demo's Postgres.
func (d demo) postmaster() (pid int, err error) {
	// the pattern is a good one
	files, _ := filepath.Glob(filepath.Join(d.home, "*", "data", "postmaster.pid"))
	if len(files) == 0 {
		return 0, errors.New("the demo has not started Postgres")
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		return 0, err
	}
	line, _, whole := strings.Cut(string(text), "\n")
	if !whole {
		return 0, fmt.Errorf("%s holds %q", files[0], text)
	}
	return strconv.Atoi(line)
}

func (d demo) leavesNothing() {
	d.T.Helper()
	if err := syscall.Kill(d.postgres, 0); !errors.Is(err, syscall.ESRCH) {
		d.T.Errorf("Postgres, process %d, is still there: %v", d.postgres, err)
	}
	left, err := os.ReadDir(d.home)
	if err != nil {
		d.T.Fatal(err)
	}
	for _, entry := range left {
		d.T.Errorf("the demo has left %s behind", entry.Name())
	}
}
