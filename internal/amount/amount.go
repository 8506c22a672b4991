// Package amount writes numbers for people.
package amount

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

// Of returns how many there are of something: 1 table, 2 tables.
func Of(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Bytes returns a size in bytes: 1.0 MiB. A negative one is none.
func Bytes(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }
