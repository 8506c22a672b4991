package generic

import (
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"hookline/mapper/credential"
	"hookline/mapper/pattern"
)

// The settings that say so.
const (
	softDeleteSetting = "HOOKLINE_SOFT_DELETE"
	omitSetting       = "HOOKLINE_OMIT"
	nullsSetting      = "HOOKLINE_NULLS"
)

// valueMistakes says of each entry that has no effect why.
func (s *survey) valueMistakes(v *pattern.Values) (list []pattern.Mistake) {
	list = append(list, s.mistakes(softDeleteSetting, v.SoftDelete.Patterns())...)
	list = append(list, s.mistakes(omitSetting, v.Omit.Patterns())...)
	list = append(list, s.mistakes(nullsSetting, v.Nulls.Patterns())...)
	list = append(list, s.unfit(softDeleteSetting, v.SoftDelete,
		"the column's type has no such value",
		func(e pattern.Entry, c credential.Column) bool { return mayBe(e.Value, c.Type) })...)
	list = append(list, s.unfit(omitSetting, v.Omit,
		"it is part of the primary key, which is always told",
		func(_ pattern.Entry, c credential.Column) bool { return !c.Key })...)
	return append(list, s.unfit(nullsSetting, v.Nulls,
		"the column holds no dates, or is part of the primary key",
		func(_ pattern.Entry, c credential.Column) bool { return c.Day && !c.Key })...)
}

// unfit returns the entries that name columns of which none is fit for them.
func (s *survey) unfit(
	setting string, list pattern.Entries, why string,
	fit func(pattern.Entry, credential.Column) bool,
) (mistakes []pattern.Mistake) {
	for _, e := range list {
		matched, one := false, false
		for _, d := range s.tables {
			for _, c := range d.Columns {
				if e.Matches(d.Schema, []string{d.Table, d.Object}, c.Name) {
					matched, one = true, one || fit(e, c)
				}
			}
		}
		if matched && !one && !e.Through {
			mistakes = append(mistakes, pattern.Mistake{Setting: setting, Entry: e.Text, Why: why})
		}
	}
	return mistakes
}

// mayBe reports whether a column of the type may have a value that an entry names. Of types other
// than booleans and integers it is not known.
func mayBe(value string, base uint32) bool {
	switch {
	case strings.Contains(value, "*"):
		return true
	case base == pgtype.BoolOID:
		plain := plainValue(value, base)
		return plain == "t" || plain == "f"
	case base == pgtype.Int2OID, base == pgtype.Int4OID, base == pgtype.Int8OID:
		n, err := strconv.ParseInt(value, 10, 64)
		return err == nil && strconv.FormatInt(n, 10) == value
	}
	return true
}
