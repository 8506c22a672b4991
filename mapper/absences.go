package mapper

import (
	"slices"

	"hookline/cdc"
)

// Absences say which rows are not there, for all that receivers know: by the value of a column.
type Absences []Absence

// Absence is a column whose values say that.
type Absence struct {
	Column int
	Gone   func(value cdc.Value) bool // of a value that is known
}

// of reports whether a row is not there. What is not known of it says nothing.
func (a Absences) of(row cdc.Tuple) bool {
	return slices.ContainsFunc(a, func(one Absence) bool {
		v := row[one.Column]
		return !v.IsUnchanged() && one.Gone(v)
	})
}

// passage is what an update did to a row, for all that receivers know.
type passage uint8

const (
	stays passage = iota // it was there, and is
	comes
	goes
	away // it was not there, and is not
)

// passage tells what an update did. A row before that is not known is taken to have been there.
func (a Absences) passage(before, after cdc.Tuple) passage {
	if a == nil {
		return stays
	}
	was, is := before == nil || !a.of(before), !a.of(after)
	switch {
	case !was && !is:
		return away
	case !was:
		return comes
	case !is:
		return goes
	}
	return stays
}
