package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"testing"

	"hookline/internal/postgres/postgrestest"
)

// Version is what the binary under test calls itself.
const Version = "0.0.0-e2e"

// program is a build of the binary under test, made when it is first asked for.
type program struct {
	race bool // with the race detector

	once sync.Once
	path string
	err  error
}

var (
	watched = program{race: RaceDetector()} // for what runs several goroutines at length
	plain   = program{}                     // for commands that do one thing and end; starts sooner
)

// binary returns the path of the binary that a command is run with.
func binary(t *testing.T, command string) string {
	t.Helper()
	p := &plain
	if watched.race && slices.Contains([]string{"run", "demo", "listen"}, command) {
		p = &watched
	}
	dir := postgrestest.Shared(t).Dir() // goes after the last test, and the binary with it
	p.once.Do(func() { p.path, p.err = p.build(dir) })
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.path
}

func (p *program) build(dir string) (path string, err error) {
	path = filepath.Join(dir, "hookline")
	args := []string{"build", "-ldflags", "-X main.version=" + Version}
	if p.race {
		path += "-race"
		args = append(args, "-race")
	}
	args = append(args, "-o", path, "hookline/cmd/hookline")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build hookline: %w\n%s", err, out)
	}
	return path, nil
}

// RaceDetector reports whether this test has the race detector; then what it tests has it, too.
func RaceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
