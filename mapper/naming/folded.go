package naming

import (
	"strings"
	"unicode"
)

// Folded makes first_name, firstName and FIRST-NAME the same.
func Folded(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '*' || !separates(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// Set returns the words of a list.
func Set(list string) map[string]bool {
	s := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		s[word] = true
	}
	return s
}
