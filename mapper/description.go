package mapper

import (
	"hookline/cdc"
)

// Description says how the rows of one relation are announced. A catalog makes it once for each
// relation and generation.
//
// Columns are given by their places in the relation.
type Description struct {
	Object    string        // the object's singular name, as events carry it
	ID        string        // Twenty's objectMetadata.id
	Workspace string        // whose the records are, where all are of one: see Subject.Workspace
	Tenant    *TenantColumn // tells of each row whose it is; nil: Workspace does
	Hash      uint64        // seed of Event.Record: tells equal keys of different tables apart

	Key   []int // the primary key
	Index []int // the replica identity, where that is an index without all of the key; else nil
	Apart []int // what tells records apart, where the primary key does not; else nil
	// Stays are the columns of the key that have nothing to do with the partition a row lies in;
	// nil when rows cannot be found by them.
	Stays    []int
	Deferred bool // that two rows have one key is refused at the end of a transaction only
	// Exact says that keys are equal only if their texts are. Then a delete and an insert can be known
	// to be of one record.
	Exact bool

	DeletedAt int      // the column of the soft delete, -1 when there is none
	Undeleted []string // what it may be, beside null, in a row that is not deleted
	Destroys  bool     // every hard delete is destroyed, also that of a live row
	Absent    Absences // rows that are not there for receivers; nil: all are
	// Drafts says that a record has drafts beside what is published: those are the rows in which
	// Published is null.
	Drafts    bool
	Published int

	Fields    []Field
	Member    []int  // the acting workspace member's id, the likeliest column first
	Actor     *Actor // who has changed a row last; nil where rows do not tell
	Ignore    []bool // by column: nothing is made of it; nil when something is of every one
	Composite bool   // has columns of composite types, so that it holds as long as Refresh says so

	// Secret reports whether the fields that are MaybeSecret are credentials in a row; nil when
	// they never are.
	Secret func(row cdc.Tuple) bool
	// Veiled return what is told of columns of the key in which there may be credentials, by
	// column. What is not told of a key does not tell records apart.
	Veiled map[int]func(text []byte) []byte

	Rewrites Rewrites // what upgrades write; nil where none is known to
}

// Field is one key of a record's JSON.
type Field struct {
	Name string
	// a second name that updatedFields lists when the field changed; "" for none
	Also        string
	Key         []byte // `"name":`
	Columns     []int  // that it is made of
	Touch       bool   // a change of it and others like it alone announces nothing
	Silent      bool   // a change of it alone announces nothing, and updatedFields never lists it
	Rides       []int  // columns; a change of it tells nothing where one of them has changed, too
	MaybeSecret bool   // it is left out of rows of which Description.Secret says so
	Limit       int    // bytes: a larger value is left out, with its key; 0: any size is sent
	Binary      bool   // its text is hexadecimal
	// columns that a migration makes anew in this transaction, and where each was
	Before [][2]int
	Encode func(dst []byte, row cdc.Tuple) []byte
	Shape  *Shape // of what Encode appends; nil for anything
}

// Rewrites tells the rows that an upgrade of the application has written, which are not announced.
type Rewrites interface {
	// Wrote reports whether it has inserted row, or made it of the one before, by such a change.
	Wrote(tx *cdc.Tx, kind cdc.Kind, before, row cdc.Tuple) bool
	// Command is the name of what writes them.
	Command() string
}

// Ordering returns the columns whose values tell the row from others.
func (d *Description) Ordering() []int { return ordering(d.Index, d.Apart, d.Key) }

func ordering(index, apart, key []int) []int {
	switch {
	case index != nil:
		return index
	case apart != nil:
		return apart
	}
	return key
}

// Identity returns the fields that events tell of as the key of a record.
func (d *Description) Identity() []int {
	if d.Drafts {
		return identityOf(d.Fields, d.Apart)
	}
	return identityOf(d.Fields, d.Key)
}

// newObject compiles a description.
func newObject(d *Description) *object {
	o := &object{
		name: d.Object, id: d.ID, workspace: d.Workspace, tenant: d.Tenant, hash: d.Hash,
		key: d.Key, index: d.Index, apart: d.Apart, stays: d.Stays,
		deferred: d.Deferred, exact: d.Exact,
		deletedAt: d.DeletedAt, undeleted: d.Undeleted, destroys: d.Destroys, absent: d.Absent,
		fields: d.Fields, member: d.Member, changer: d.Actor, ignore: d.Ignore, composite: d.Composite,
		secret: d.Secret, veiled: d.Veiled, rewrites: d.Rewrites,
	}
	if d.Drafts {
		o.drafts = &drafts{published: d.Published}
	}
	for a := range actions {
		o.events[a] = d.Object + "." + a.String()
	}
	for i := range o.fields {
		o.limited = o.limited || o.fields[i].Limit != 0
	}
	o.identify()
	return o
}
