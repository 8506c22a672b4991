package twenty

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// version is a version of Twenty's server, as far as it matters: 2.38 for 2.38.1. The zero
// value is one that is not known, and comes before all others.
type version struct{ major, minor int }

// parseVersion reads 2.38.1, v2.38 or 2.38.0-rc.1. What does not begin like one is not known.
func parseVersion(text string) (v version) {
	major, rest, _ := strings.Cut(strings.TrimPrefix(text, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	var err error
	if v.major, err = strconv.Atoi(major); err != nil {
		return version{}
	}
	if v.minor, err = strconv.Atoi(minor); err != nil {
		return version{}
	}
	return v
}

func (v version) known() bool { return v != version{} }

func (v version) compare(other version) int {
	return cmp.Or(cmp.Compare(v.major, other.major), cmp.Compare(v.minor, other.minor))
}

// from reports whether v is that version or a later one.
func (v version) from(major, minor int) bool {
	return v.compare(version{major, minor}) >= 0
}

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }
