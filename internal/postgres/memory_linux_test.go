package postgres

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestOrphansAreRemoved(t *testing.T) {
	parent := t.TempDir()
	build := func(name string, age time.Duration) (dir string, owner *os.File) {
		t.Helper()
		dir = filepath.Join(parent, name)
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
			t.Fatal(err)
		}
		owner, err := own(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { owner.Close() })
		then := time.Now().Add(-age)
		if err := os.Chtimes(owner.Name(), then, then); err != nil {
			t.Fatal(err)
		}
		return dir, owner
	}
	owned, _ := build(dirPrefix+"owned", time.Hour)
	orphan, gone := build(dirPrefix+"orphan", time.Hour)
	young, fresh := build(dirPrefix+"young", 0)
	foreign, other := build("somebody-elses", time.Hour)
	gone.Close()
	fresh.Close()
	other.Close()

	removeOrphans(parent)
	for _, dir := range []string{owned, young, foreign} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("%s: %v, want it left alone", dir, err)
		}
	}
	if _, err := os.Stat(orphan); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v, want it gone", orphan, err)
	}
}
