package queue

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The tables in docs/states.md, and what is drawn there, are Transitions.
func TestTransitionsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	want, seen := map[string]bool{}, map[string]bool{}
	for _, s := range Transitions {
		want[fmt.Sprintf("| %s | %s | %s |", s.From, s.To, s.On)] = true
		name := func(s string) string { return strings.ReplaceAll(s, " ", "_") }
		want[fmt.Sprintf("    %s --> %s: %s", name(s.From), name(s.To), s.On)] = true
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		isStep := strings.Contains(line, " --> ") ||
			strings.Count(line, "|") == 4 && line != "| from | to | on |" &&
				!strings.HasPrefix(line, "|--") &&
				line != "| state | new deliveries | attempts |" &&
				!isState(line)
		if isStep && !want[line] {
			t.Errorf("no such step is known: %s", line)
		}
		seen[line] = true
	}
	for line := range want {
		if !seen[line] {
			t.Errorf("docs/states.md lacks %s", line)
		}
	}
}

// isState reports whether a line of a table with three columns is of a state and what it means.
func isState(line string) bool {
	_, rest, _ := strings.Cut(line, " | ")
	second, _, _ := strings.Cut(rest, " | ")
	for _, names := range [][]string{stateNames[:], keyStateNames[:], stageNames[:]} {
		for _, name := range names {
			if second == name {
				return false
			}
		}
	}
	return true
}
