package naming

import (
	_ "embed"
	"strings"
	"sync"
)

// earlierText has the singulars that gobuffalo/flect 1.0 made (MIT, Copyright 2019 Mark Bates), for
// words of a to z: whole words first, and behind an empty line endings, of which the first that
// fits counts.
//
//go:embed earlier.txt
var earlierText string

type earlierRules struct {
	words   map[string]string
	endings [][2]string
}

// readEarlier is there for who asks, which is seldom.
var readEarlier = sync.OnceValue(func() earlierRules {
	words, endings, _ := strings.Cut(earlierText, "\n\n")
	r := earlierRules{words: map[string]string{}}
	for line := range strings.Lines(words) {
		word, singular, _ := strings.Cut(strings.TrimSpace(line), " ")
		r.words[word] = singular
	}
	for line := range strings.Lines(endings) {
		ending, singular, _ := strings.Cut(strings.TrimSpace(line), " ")
		r.endings = append(r.endings, [2]string{ending, singular})
	}
	return r
})

// Earlier is Object as it was before singulars were a list of ours: area was areum. It is there to
// tell of the difference.
func Earlier(table string) string {
	parts := Words(table)
	if len(parts) == 0 {
		return Object(table)
	}
	last := &parts[len(parts)-1]
	*last = earlierSingular(strings.ToLower(*last))
	return Join(parts)
}

func earlierSingular(word string) string {
	foreign := func(r rune) bool { return r < 'a' || r > 'z' }
	switch word {
	case "analytics", "canvas", "data", "logistics", "metadata", "sms":
		return word
	}
	if len(word) < 2 || strings.ContainsFunc(word, foreign) {
		return word
	}
	rules := readEarlier()
	if singular, ok := rules.words[word]; ok {
		return singular
	}
	for _, ending := range rules.endings {
		if stem, ok := strings.CutSuffix(word, ending[0]); ok {
			return stem + ending[1]
		}
	}
	return strings.TrimSuffix(word, "s")
}
