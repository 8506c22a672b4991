package pattern

import "fmt"

// SoftDeletes name values that say of a row that its record is deleted: ticket.status:deleted. The
// zero value names none.
type SoftDeletes struct{ Entries Entries }

// UnmarshalText takes a comma list of table.column:value.
func (s *SoftDeletes) UnmarshalText(text []byte) (err error) {
	s.Entries, err = newColumnEntries(text, func(e *Entry) error {
		if e.Table == "" || e.Value == "" {
			return fmt.Errorf("entry %q: want table.column:value", e.Text)
		}
		return nil
	})
	return err
}
