package mapper

import (
	"strings"
	"sync/atomic"
	"time"
)

// Action is what happened to a record.
type Action uint8

const (
	Created Action = iota
	Updated
	Deleted   // soft-deleted, or deleted for good while it was live
	Restored  // a soft delete was taken back
	Destroyed // deleted for good after a soft delete
	Published // what is published is there, or another than before; of records that have drafts
	Unpublished
	actions // how many there are of records; those of operator events follow
)

var actionNames = [allActions]string{
	"created", "updated", "deleted", "restored", "destroyed", "published", "unpublished", "",
	Failing: "failing", Recovered: "recovered", Paused: "paused", Resumed: "resumed",
	DeadLetters: "deadLetters",
	Overflow:    "overflow", OverflowOver: "overflowOver", GapAccepted: "gap", Lagging: "lagging",
	CaughtUp:   "caughtUp",
	SlotAtRisk: "slotAtRisk", SlotSafe: "slotSafe", SchemaChanged: "schemaChanged",
}

func (a Action) String() string { return actionNames[a] }

// Actions returns all that happen to records.
func Actions() []Action {
	all := make([]Action, actions)
	for a := range all {
		all[a] = Action(a)
	}
	return all
}

// ParseAction returns the action of that name, of a record or of an operator event.
func ParseAction(name string) (Action, bool) {
	for a, n := range actionNames {
		if n == name && name != "" {
			return Action(a), true
		}
	}
	return 0, false
}

// Subject is what an event is about: all that decides which webhooks hear of it.
type Subject struct {
	Name    string // <object>.<action>
	Object  string
	Action  Action
	Telling Telling
	// the tenant whose webhooks may hear of it; Everyone; "" for none, or in a database without
	// tenants
	Workspace string
}

// Telling is to which of the webhooks that match a Subject it is told: those of all of these kinds.
type Telling uint8

const (
	ToWhole Telling = 1 << iota // those for whom a changed key is an update
	// those for whom it is the end of one record and the beginning of another
	ToSplit
	ToChanges // those who hear of each change
	ToCommits // those who hear of each commit

	ToAll Telling = 0
)

// Event is one announced change of one record. It is immutable, but for the count of those that
// keep it, and safe for concurrent use.
type Event struct {
	Subject
	// evt_<database>_<commit LSN>_<index>, with _1 behind it for a second event of one change, and
	// p: see isPart. The same each time it is read
	ID     string
	Record uint64 // hash of table and primary key: equal for all events of one record
	// likewise, of the key that the record had before the change; 0 where it is the same
	Former uint64
	Time   time.Time // commit time, UTC

	// Position is the place of the event among those of its transaction, as they are told: it
	// rises, but for events of one change, which have the same.
	Position int64

	// fields of the primary key as a JSON object; nil when not known. Part of body where that is
	// possible
	key      []byte
	previous []byte   // likewise, as they were before the change; nil where they are the same
	context  []byte   // what the writer has said of the change, a JSON object; nil for nothing
	objectID string   // Twenty's objectMetadata.id
	member   string   // Twenty's workspaceMember.id of who did it, "" when unknown
	updated  []string // names of changed fields; nil when the event carries no such list
	data     []byte   // the record as JSON; part of body where that is possible
	before   []byte   // likewise what is shown of the row before, see View; nil for nothing
	format   Format   // what body is encoded as
	body     []byte   // the body in format; nil for a format that differs from webhook to webhook

	kept atomic.Int32
}

// partMark ends the id of an event that was told before its transaction was over, as that was too
// large to be kept until then: another one of the same record may follow.
const partMark = 'p'

// isPart reports whether that is so.
func (e *Event) isPart() bool { return strings.HasSuffix(e.ID, string(partMark)) }

// transaction returns the part of the id that all events of one transaction have in common.
func (e *Event) transaction() string {
	const underscores = 2 // before the commit LSN
	end := 0
	for range underscores + 1 {
		end += strings.IndexByte(e.ID[end:], '_') + 1
	}
	return e.ID[:max(end-1, 0)]
}

// Size is the memory that the event holds, in bytes, roughly.
func (e *Event) Size() int {
	const fixed = 352 // the struct and its id
	if e.body != nil {
		return fixed + cap(e.body)
	}
	return fixed + cap(e.data) + cap(e.before) + cap(e.key) + cap(e.previous) + cap(e.context)
}

// Key returns the fields of the primary key as a JSON object, nil when not known. It must not be
// modified.
func (e *Event) Key() []byte { return e.key }

// Retain counts one more that keeps the event in memory, and reports whether it is the only one.
func (e *Event) Retain() (first bool) { return e.kept.Add(1) == 1 }

// Release counts one less, and reports whether none is left.
func (e *Event) Release() (last bool) { return e.kept.Add(-1) == 0 }
