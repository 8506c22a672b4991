package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// What docs/ARCHITECTURE.md names with its folder is there.
func TestArchitectureNamesFiles(t *testing.T) {
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "docs/ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	path := regexp.MustCompile("`((?:admin|bench|cdc|cmd|config|e2e|examples|internal|k8s|mapper|" +
		"notice|sender|spool|trace|webhook)/[a-z0-9_./]+)`")
	found := path.FindAllSubmatch(text, -1)
	if len(found) < 80 {
		t.Errorf("only %d paths are found", len(found))
	}
	for _, name := range found {
		if _, err := os.Stat(filepath.Join(root, string(name[1]))); err != nil {
			t.Error(err)
		}
	}
}
