package cdc

import "strings"

// Problem is something about the database that keeps Hookline from working, with the SQL or the
// setting that fixes it.
type Problem struct {
	What string
	Hint string
}

func (p *Problem) Error() string {
	return p.What + "\n  to mend it: " + strings.ReplaceAll(p.Hint, "\n", "\n  ")
}

// Problems are all that was found at once.
type Problems []*Problem

func (p Problems) Error() string {
	texts := make([]string, len(p))
	for i := range p {
		texts[i] = p[i].Error()
	}
	return strings.Join(texts, "\n")
}

// err returns p as an error, nil when it is empty.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
