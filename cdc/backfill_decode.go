package cdc

import (
	"encoding/json"
	"errors"
	"fmt"
)

// backfillDecoder turns the changes of the table backfill into those that they stand for.
type backfillDecoder struct {
	cfg         Config
	relation    *Relation // whose rows come
	child       bool      // it is announced under the name of its parent
	opens       bool      // the table is to be watched from now on: see windows
	closes      bool      // and until the end of this transaction
	publishes   bool      // this transaction published it in the place of another one
	fresh       bool      // nobody has heard of the table
	reading     bool      // the rows that it has are being read
	parts       []uint32  // partitions that it is about
	partitioned bool      // the table is partitioned
	action      string    // of the last row
	sent        []bool    // for each of its columns today: whether the stream has it
}

// backfillRow is what a change of the table backfill stands for.
type backfillRow int

const (
	backfillNone     backfillRow = iota
	backfillTableRow             // of the table whose rows follow
	backfillChange               // a change of that table
)

// owns reports whether rel is the table backfill.
func (f *backfillDecoder) owns(rel *Relation) bool {
	return rel.Name == backfillTable && rel.Schema == f.cfg.Schema
}

// decode makes change, which is one of the table backfill, the change that it stands for, if it
// stands for one.
func (f *backfillDecoder) decode(change *Change) (backfillRow, error) {
	if change.Kind != Insert {
		return backfillNone, nil
	}
	value := func(column string) Value {
		if i := change.Relation.Column(column); i >= 0 {
			return change.New[i]
		}
		return Value{}
	}
	if value("slot").String() != f.cfg.Slot {
		return backfillNone, nil
	}
	if columns := value("columns"); !columns.IsNull() {
		return backfillTableRow, f.readDescription(value("relation").String(), columns.Bytes())
	}
	if f.relation == nil {
		return backfillNone, errors.New("a row comes before its table is described")
	}
	f.action = value("action").String()
	record, old := value("record"), value("old")
	switch f.action {
	case "":
		change.Read = f.fresh
	case backfillUpdate:
		change.Kind = Update
	case backfillDelete:
		change.Kind = Delete
	case backfillAttached, backfillLater:
		change.Attached = true
	case backfillUncertain:
		change.Kind, change.Attached = Update, true
	default: // to take it for an insert would tell something that never was
		return backfillNone, &Problem{
			What: fmt.Sprintf("a row of %s stands for %q, which this version does not know: a newer one "+
				"has written it", f.cfg.own(backfillTable), f.action),
			Hint: "run the newer version of Hookline; it goes on where this one has stopped",
		}
	}
	change.Relation, change.New = f.relation, nil
	var err error
	if change.Kind != Delete {
		change.New, err = parseRow(record.Bytes(), f.sent)
	}
	if change.Kind != Insert && !old.IsNull() && err == nil {
		change.Old, err = parseRow(old.Bytes(), f.sent)
	}
	if err != nil {
		return backfillNone, fmt.Errorf("a row of %s.%s: %w", f.relation.Schema, f.relation.Name, err)
	}
	return backfillChange, nil
}

// readDescription takes a table's description.
func (f *backfillDecoder) readDescription(oid string, description []byte) error {
	var table struct {
		Schema, Name string
		Columns      []struct {
			Name     string
			Type     uint32
			Modifier int32
			Sent     bool
			Key      bool
		}
		Child, Opens, Closes, Publishes, Fresh, Keeps, Partitioned bool
		Parts                                                      []uint32
	}
	if err := json.Unmarshal(description, &table); err != nil {
		return fmt.Errorf("the description of table %s: %w", oid, err)
	}
	f.relation = &Relation{Schema: table.Schema, Name: table.Name, Identity: 'd'}
	if _, err := fmt.Sscan(oid, &f.relation.OID); err != nil {
		return fmt.Errorf("the OID %q of table %s.%s: %w", oid, table.Schema, table.Name, err)
	}
	f.child, f.opens, f.closes, f.publishes = table.Child, table.Opens, table.Closes, table.Publishes
	f.fresh, f.reading = table.Fresh, table.Keeps
	f.partitioned, f.parts = table.Partitioned, table.Parts
	f.sent = f.sent[:0]
	for _, c := range table.Columns {
		f.sent = append(f.sent, c.Sent)
		if c.Sent {
			f.relation.Columns = append(f.relation.Columns,
				Column{Name: c.Name, Type: c.Type, Modifier: c.Modifier, Identity: c.Key})
		}
	}
	return nil
}

// part returns the partition whose rows are read, 0 for those of the table itself.
func (f *backfillDecoder) part() uint32 {
	if len(f.parts) == 1 {
		return f.parts[0]
	}
	return 0
}

// key returns the names of the columns of the table's primary key.
func (f *backfillDecoder) key() (names []string) {
	for _, c := range f.relation.Columns {
		if c.Identity {
			names = append(names, c.Name)
		}
	}
	return names
}
