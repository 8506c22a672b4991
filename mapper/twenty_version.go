package mapper

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// twentyVersion is a version of Twenty's server, as far as it matters: 2.38 for 2.38.1. The zero
// value is one that is not known, and comes before all others.
type twentyVersion struct{ major, minor int }

// parseTwentyVersion reads 2.38.1, v2.38 or 2.38.0-rc.1. What does not begin like one is not known.
func parseTwentyVersion(text string) (v twentyVersion) {
	major, rest, _ := strings.Cut(strings.TrimPrefix(text, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	var err error
	if v.major, err = strconv.Atoi(major); err != nil {
		return twentyVersion{}
	}
	if v.minor, err = strconv.Atoi(minor); err != nil {
		return twentyVersion{}
	}
	return v
}

func (v twentyVersion) known() bool { return v != twentyVersion{} }

func (v twentyVersion) compare(other twentyVersion) int {
	return cmp.Or(cmp.Compare(v.major, other.major), cmp.Compare(v.minor, other.minor))
}

// from reports whether v is that version or a later one.
func (v twentyVersion) from(major, minor int) bool {
	return v.compare(twentyVersion{major, minor}) >= 0
}

func (v twentyVersion) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }
