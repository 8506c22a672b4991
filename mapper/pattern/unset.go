package pattern

import (
	"fmt"
	"time"
)

// UnsetDates name days that stand for no date at all: 1970-01-01. The zero value names none.
type UnsetDates struct{ Entries Entries }

// UnmarshalText takes a comma list of days, for all columns, and of columns with a day behind them.
func (u *UnsetDates) UnmarshalText(text []byte) (err error) {
	u.Entries, err = newColumnEntries(text, func(e *Entry) error {
		if e.Value == "" && isUnsetDay(e.Text) {
			e.Value, e.Column = e.Text, Column{Text: e.Text, Column: "*"}
		}
		if !isUnsetDay(e.Value) {
			return fmt.Errorf("entry %q: want a day such as 1970-01-01, or table.column:day", e.Text)
		}
		return nil
	})
	return err
}

func isUnsetDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil || text == "infinity" || text == "-infinity"
}
