package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// What documents for developers name with its folder is there.
func TestDocumentsNameFiles(t *testing.T) {
	const root = "../.."
	path := regexp.MustCompile("`((?:admin|bench|cdc|cmd|config|e2e|examples|internal|k8s|mapper|" +
		"notice|sender|spool|trace|webhook)/[a-z0-9_./]+)`")
	for document, least := range map[string]int{"docs/ARCHITECTURE.md": 80, "CONTRIBUTING.md": 15} {
		text, err := os.ReadFile(filepath.Join(root, document))
		if err != nil {
			t.Fatal(err)
		}
		found := path.FindAllSubmatch(text, -1)
		if len(found) < least {
			t.Errorf("%s: only %d paths are found", document, len(found))
		}
		for _, name := range found {
			if _, err := os.Stat(filepath.Join(root, string(name[1]))); err != nil {
				t.Errorf("%s: %v", document, err)
			}
		}
	}
}
