package mapper

import (
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
	actions // how many there are
)

var actionNames = [actions]string{"created", "updated", "deleted", "restored", "destroyed", "published", "unpublished"}

func (a Action) String() string { return actionNames[a] }

// Actions returns all of them.
func Actions() []Action {
	all := make([]Action, actions)
	for a := range all {
		all[a] = Action(a)
	}
	return all
}

// ParseAction returns the action of that name.
func ParseAction(name string) (Action, bool) {
	for a, n := range actionNames {
		if n == name {
			return Action(a), true
		}
	}
	return 0, false
}

// Subject is what an event is about: all that decides which webhooks hear of it.
type Subject struct {
	Name      string // <object>.<action>
	Object    string
	Action    Action
	Telling   Telling
	Workspace string // the tenant whose webhooks may hear of it; Everyone; "" for none, or in a database without tenants
}

// Telling is to which of the webhooks that match a Subject it is told.
type Telling uint8

const (
	ToAll   Telling = iota
	ToWhole         // those for whom a changed key is an update
	ToSplit         // those for whom it is the end of one record and the beginning of another
)

// Event is one announced change of one record. It is immutable, but for the count of those that keep it, and safe for concurrent use.
type Event struct {
	Subject
	ID     string    // evt_<database>_<commit LSN>_<index>, with _1 behind it for a second event of one change: the same each time it is read
	Record uint64    // hash of table and primary key: equal for all events of one record
	Former uint64    // likewise, of the key that the record had before the change; 0 where it is the same
	Time   time.Time // commit time, UTC

	key      []byte   // fields of the primary key as a JSON object; nil when not known. Part of body where that is possible
	previous []byte   // likewise, as they were before the change; nil where they are the same
	objectID string   // Twenty's objectMetadata.id
	member   string   // Twenty's workspaceMember.id of who did it, "" when unknown
	updated  []string // names of changed fields; nil when the event carries no such list
	data     []byte   // the record as JSON; part of body where that is possible
	format   Format   // what body is encoded as
	body     []byte   // the body in format; nil for a format that differs from webhook to webhook

	kept atomic.Int32
}

// Size is the memory that the event holds, in bytes, roughly.
func (e *Event) Size() int {
	const fixed = 328 // the struct and its id
	if e.body != nil {
		return fixed + cap(e.body)
	}
	return fixed + cap(e.data) + cap(e.key) + cap(e.previous)
}

// Retain counts one more that keeps the event in memory, and reports whether it is the only one.
func (e *Event) Retain() (first bool) { return e.kept.Add(1) == 1 }

// Release counts one less, and reports whether none is left.
func (e *Event) Release() (last bool) { return e.kept.Add(-1) == 0 }
