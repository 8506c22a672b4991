package generic

import (
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/credential"
	"hookline/mapper/pattern"
)

// newAbsences finds the columns of a table that say so: by settings, and by what a preset knows.
func newAbsences(
	list pattern.Entries, only map[string][]string, d *credential.Outline, bases []uint32,
) (a mapper.Absences) {
	names := []string{d.Table, d.Object}
	for i, c := range d.Columns {
		var values []string
		for _, e := range list.Of(d.Schema, names, c.Name) {
			values = append(values, plainValue(e.Value, bases[i]))
		}
		if values != nil {
			a = append(a, mapper.Absence{Column: i, Gone: namedBy(values)})
		}
		if told := only[c.Name]; told != nil {
			named := namedBy(told)
			a = append(a, mapper.Absence{Column: i, Gone: func(v cdc.Value) bool { return !named(v) }})
		}
	}
	return a
}

// namedBy reports of a value whether it is one of those, in which * stands for anything.
func namedBy(values []string) func(cdc.Value) bool {
	return func(v cdc.Value) bool {
		text := v.String()
		return !v.IsNull() && slices.ContainsFunc(values, func(value string) bool {
			return value == text || pattern.Glob(value, text)
		})
	}
}

// plainValue returns a value as the stream has it.
func plainValue(value string, base uint32) string {
	if base == pgtype.BoolOID {
		switch value {
		case "true":
			return "t"
		case "false":
			return "f"
		}
	}
	return value
}
