package pattern

import (
	"fmt"
	"strconv"
	"strings"
)

// Omissions name columns that are left out of events: attachment.content; or whose values are when
// they are larger than so much: attachment.content:64KB. The zero value names none.
type Omissions struct{ Entries Entries }

// UnmarshalText takes a comma list of columns, each with a size behind it or without.
func (o *Omissions) UnmarshalText(text []byte) (err error) {
	o.Entries, err = newColumnEntries(text, func(e *Entry) error {
		if e.Value == "" {
			return nil
		}
		if _, ok := bytesOf(e.Value); !ok {
			return fmt.Errorf("entry %q: want column, or column:size with a size such as 512B, "+
				"64KB or 1MB", e.Text)
		}
		return nil
	})
	return err
}

// bytesOf reads a size. As in Postgres, 1KB is 1024 bytes.
func bytesOf(text string) (n int, ok bool) {
	number, unit := text, ""
	if i := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		number, unit = text[:i], text[i:]
	}
	shift, known := map[string]int{
		"B": 0, "KB": 10, "kB": 10, "KiB": 10, "MB": 20, "MiB": 20,
	}[strings.TrimSpace(unit)]
	n, err := strconv.Atoi(number)
	if err != nil || !known || n < 1 || n > 1<<30>>shift {
		return 0, false
	}
	return n << shift, true
}

// Limit is how large a value may be to be sent, in bytes; 0 for any size.
type Limit int

// NeverSent is the limit of a column that is never sent.
const NeverSent Limit = -1

// NewLimit returns a limit of so many bytes.
func NewLimit(said []Entry) Limit {
	if len(said) == 0 {
		return 0
	}
	value := said[len(said)-1].Value
	if value == "" {
		return NeverSent
	}
	n, _ := bytesOf(value)
	return Limit(n)
}

// String tells the limit, for who reads a list of what is left out.
func (l Limit) String() string {
	switch {
	case l == NeverSent:
		return "omitted"
	case l%(1<<20) == 0:
		return fmt.Sprintf("beyond %dMB", l>>20)
	case l%(1<<10) == 0:
		return fmt.Sprintf("beyond %dKB", l>>10)
	}
	return fmt.Sprintf("beyond %dB", int(l))
}
