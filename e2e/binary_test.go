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

// version is what the binary under test calls itself.
const version = "0.0.0-e2e"

var built struct {
	once sync.Once
	path string
	err  error
}

// binary returns the path of the binary under test. It is built when first asked for, with the race detector if this test has it.
func binary(t *testing.T) string {
	t.Helper()
	dir := postgrestest.Shared(t).Dir() // goes after the last test, and the binary with it
	built.once.Do(func() { built.path, built.err = build(dir) })
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

func build(dir string) (path string, err error) {
	path = filepath.Join(dir, "hookline")
	args := []string{"build", "-o", path, "-ldflags", "-X main.version=" + version}
	if raceDetector() {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "hookline/cmd/hookline")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build hookline: %w\n%s", err, out)
	}
	return path, nil
}

func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
