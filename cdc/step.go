package cdc

import "strings"

// Step is one statement, or one transaction, of a plan. It stands alone: after a kill between two
// of them the next plan has the rest.
type Step struct {
	Kind  StepKind
	Table Table  // that it is about; the zero Table where it is about none
	Part  string // the partition of Table, quoted, whose identity is set; "" for Table itself
	SQL   string
	Needs Rights
	Lacks Rights // what of Needs the role that looked has not

	table        *candidate // of Table
	part         string     // of SetIdentity: the table or partition, quoted
	identity     byte       // and what is set, as in pg_class.relreplident
	fallbackSQL  string     // of Replace: what is run where SQL takes too long; "" for nothing
	keepaliveSQL string     // of one that reads rows: says that they are still to be read
	// without this plan's identities of Table it would make the CRM's updates fail
	needsIdentity bool
}

// StepKind says what a step does.
type StepKind string

// In the order in which they are taken.
const (
	MakeSchema      StepKind = "make Hookline's own tables"
	SetPublication  StepKind = "set the publication's options"
	Withdraw        StepKind = "take the table out of the publication"
	Widen           StepKind = "publish the whole table, and not a part"
	NoteIdentities  StepKind = "note the replica identities that there are"
	SetIdentity     StepKind = "set the replica identity"
	DropSlot        StepKind = "drop the slot, which is older than its publication"
	MakePublication StepKind = "make the publication"
	Publish         StepKind = "publish the table"
	Backfill        StepKind = "publish the table with the rows that it has"
	Replace         StepKind = "publish the table in the place of another one"
	Rename          StepKind = "tell under which name the table's changes come from now on"
	Attach          StepKind = "announce the rows of a partition that was attached"
	MakeBaseline    StepKind = "note the tables that there are"
	RecordKnown     StepKind = "note tables of which no rows are announced"
	MakeSlot        StepKind = "make the slot"
)

// required reports whether nothing can be streamed before the step is done.
func (s *Step) required() bool {
	switch s.Kind {
	case MakeSchema, SetPublication, NoteIdentities, DropSlot, MakePublication, MakeBaseline, MakeSlot:
		return true
	}
	return false
}

// publishes reports whether the step adds its table to the publication.
func (s *Step) publishes() bool {
	return s.Kind == Publish || s.Kind == Backfill || s.Kind == Replace
}

// backfills reports whether the step brings rows through the table backfill.
func (s *Step) backfills() bool {
	return s.Kind == Backfill || s.Kind == Replace || s.Kind == Attach || s.Kind == Rename
}

// defines reports whether all that the step does is to define something.
func (s *Step) defines() bool {
	switch s.Kind {
	case MakeSchema, SetPublication, Withdraw, Widen, SetIdentity, MakePublication, Publish:
		return true
	}
	return false
}

// reads reports whether the step reads rows that have yet to be announced.
func (s *Step) reads() bool { return s.Kind == Backfill || s.Kind == Replace || s.Kind == Attach }

// follows reports whether the step publishes a table that the stream has to bring whole, such as
// one of webhooks: what is known of it would no longer be true.
func (s *Step) follows() bool {
	return (s.publishes() || s.Kind == Widen) && !s.Table.Full && s.Table.Name != backfillTable
}

// Rights are what a step takes of whoever runs it; a superuser has them all. 0 is what the role
// that streams has at any rate.
type Rights uint8

const (
	ownTable       Rights = 1 << iota // of the step's table
	ownPublication                    // of the publication
	mayCreate                         // in the database
	readRows                          // all of the table's, whatever its policies say
)

// has reports whether all of others are among them.
func (r Rights) has(others Rights) bool { return r&others == others }

func (r Rights) String() string {
	var list []string
	for _, one := range []struct {
		right Rights
		name  string
	}{
		{ownTable, "ownership of the table"},
		{ownPublication, "ownership of the publication"},
		{mayCreate, "CREATE on the database"},
		{readRows, "the sight of all rows"},
	} {
		if r.has(one.right) {
			list = append(list, one.name)
		}
	}
	return strings.Join(list, ", ")
}
