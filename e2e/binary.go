package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"hookline/internal/postgres/postgrestest"
)

// Version is what the binary under test calls itself.
const Version = "0.0.0-e2e"

// program is a build of the binary under test, made when it is first asked for.
type program struct {
	race bool // with the race detector

	once sync.Once
	path string
	lock string // beside what it was built from
	err  error
}

var (
	watched = program{race: RaceDetector()} // for what runs several goroutines at length
	plain   = program{}                     // for commands that do one thing and end; starts sooner
)

// programOf returns what a command is run with.
func programOf(command string) *program {
	if watched.race && slices.Contains([]string{"run", "demo", "listen"}, command) {
		return &watched
	}
	return &plain
}

// binary returns the path of the binary.
func (p *program) binary(t *testing.T) string {
	t.Helper()
	dir := postgrestest.Shared(t).Dir() // goes after the last test, and the binary with it
	p.once.Do(func() { p.path, p.err = p.build(dir) })
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.path
}

// build puts the binary into the directory. It is linked once for all packages, in bin/e2e, where
// go build finds it up to date; whatever goes on there later, the tests of this process run the
// copy.
func (p *program) build(dir string) (path string, err error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	name := "hookline"
	args := []string{"build", "-buildvcs=false", "-ldflags", "-s -w -X main.version=" + Version}
	if p.race {
		name += "-race"
		args = append(args, "-race")
	}
	linked := filepath.Join(root, "bin", "e2e", name)
	if err := os.MkdirAll(filepath.Dir(linked), 0o755); err != nil {
		return "", err
	}
	lock, err := os.Create(linked + ".lock")
	if err != nil {
		return "", err
	}
	p.lock = lock.Name()
	defer func() { _ = lock.Close() }() // and the lock with it
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	args = append(args, "-o", linked, "hookline/cmd/hookline")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build hookline: %w\n%s", err, out)
	}
	path = filepath.Join(dir, name)
	// By another process: a file that this one has open to write is busy for the processes that it
	// starts meanwhile.
	if out, err := exec.Command("cp", linked, path).CombinedOutput(); err != nil {
		return "", fmt.Errorf("copy hookline: %w\n%s", err, out)
	}
	return path, nil
}

// spoilCache keeps go test from taking these results from its cache: it does not know the packages
// that the binary is made of. It keeps no results of a test that has opened a file of the module
// which is younger than 2 s when the test ends.
func spoilCache() {
	now := time.Now()
	for _, p := range []*program{&watched, &plain} {
		if p.lock != "" {
			_ = os.Chtimes(p.lock, now, now)
		}
	}
}

// moduleRoot returns the directory that holds go.mod: this one or one above it.
func moduleRoot() (dir string, err error) {
	if dir, err = os.Getwd(); err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod in this directory or above it")
		}
		dir = parent
	}
}

// RaceDetector reports whether this test has the race detector; then what it tests has it, too.
func RaceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
