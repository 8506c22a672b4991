package mapper

import (
	"bytes"
	"encoding/json"
	"slices"

	"hookline/cdc"
)

// A table may be altered or renamed in the middle of a transaction.

// sameColumns reports whether rows of both relations have the same columns.
func sameColumns(a, b *cdc.Relation) bool {
	if a == b {
		return true
	}
	if len(a.Columns) != len(b.Columns) {
		return false
	}
	for i := range a.Columns {
		if a.Columns[i].Name != b.Columns[i].Name || a.Columns[i].Type != b.Columns[i].Type {
			return false
		}
	}
	return true
}

// convert returns a row of one relation as one of o, of another. A column that is new is null; of
// one that has another type it is not known what it was. But what tells records apart stays as it
// was told, as far as the new type can print it.
func convert(row cdc.Tuple, from, to *cdc.Relation, o *object) cdc.Tuple {
	now := make(cdc.Tuple, len(to.Columns))
	for i, c := range to.Columns {
		switch was := from.Column(c.Name); {
		case was < 0:
		case from.Columns[was].Type == c.Type:
			now[i] = row[was]
		case !o.tellsApart(i):
			now[i] = cdc.Unchanged()
		default:
			if now[i] = row[was]; !o.prints(i, now) {
				now[i] = cdc.Unchanged()
			}
		}
	}
	return now
}

// tellsApart reports whether a column is one of those by which records are known.
func (o *object) tellsApart(column int) bool {
	return slices.Contains(o.key, column) || slices.Contains(o.ordering(), column)
}

// prints reports whether what a row has in a column can be told.
func (o *object) prints(column int, row cdc.Tuple) bool {
	if row[column].Bytes() == nil {
		return true
	}
	for _, f := range o.fields {
		if slices.Equal(f.Columns, []int{column}) && !json.Valid(f.Encode(nil, row)) {
			return false
		}
	}
	return true
}

// adapt has d go on as a row of o.
func (f *fold) adapt(d *kept, o *object, rel *cdc.Relation) {
	if d.object == o && d.relation == rel {
		return
	}
	was, same := d.relation, sameColumns(d.relation, rel)
	renamed := d.object.hash != o.hash
	d.relation = rel
	if same && !renamed {
		d.object = o
		return
	}
	var rows [2]cdc.Tuple
	for s := range rows {
		if d.at[s].row == nil {
			continue
		}
		rows[s] = unpack(nil, bytes.Clone(d.at[s].row)) // what it is in is used again
		if side(s) == found && !same && d.key == nil {
			d.key = d.object.appendKey(nil, rows[s])
		}
		if !same {
			rows[s] = convert(rows[s], was, rel, o)
		}
		f.set(d, side(s), nil)
	}
	d.object = o
	for s, row := range rows {
		if row != nil {
			f.set(d, side(s), row)
		}
	}
}
