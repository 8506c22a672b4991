package mapper

import (
	"bytes"
	"time"
)

// Parts is all that an event is made of, for producers other than a Mapper: a spool or a bus that
// brings back what was stored.
type Parts struct {
	ID        string
	Object    string
	Action    Action
	Workspace string
	Record    uint64
	Time      time.Time
	Position  int64    // see Event.Position
	ObjectID  string   // Twenty's objectMetadata.id, "" elsewhere
	Member    string   // Twenty's workspaceMember.id of who did it, "" when unknown
	Updated   []string // names of changed fields; nil when the event carries no such list
	Data      []byte   // the record as one valid JSON value
	Previous  []byte   // what is shown of the row before, see View, as a JSON object; nil for nothing

	Former           uint64 // see Event.Former
	Key, PreviousKey []byte // JSON objects; nil for none
	Context          []byte // likewise: what the writer has said of the change

	// the form most of its webhooks want: encoded here once; the other forms are encoded at each
	// call of Body
	Format Format
}

// NewEvent returns the event made of p. It copies p.Data, p.Previous and the keys, and keeps
// p.Updated, which must not be modified afterwards.
func NewEvent(p Parts) *Event {
	e := &Event{
		Subject: Subject{
			Name: p.Object + "." + p.Action.String(), Object: p.Object, Action: p.Action,
			Workspace: p.Workspace,
		},
		ID:       p.ID,
		Record:   p.Record,
		Time:     p.Time.UTC(),
		objectID: p.ObjectID,
		member:   p.Member,
		updated:  p.Updated,
		format:   p.Format,
		Position: p.Position,
		Former:   p.Former,
		key:      p.Key,
		previous: p.PreviousKey,
		before:   p.Previous,
		context:  bytes.Clone(p.Context),
	}
	if p.Format == FormatTwenty {
		e.data, e.before = bytes.Clone(p.Data), bytes.Clone(p.Previous)
		e.key, e.previous = bytes.Clone(p.Key), bytes.Clone(p.PreviousKey)
		return e
	}
	buf := e.appendHead(
		make([]byte, 0, len(p.Data)+len(p.Previous)+512), p.Format, Addressee{},
	)
	start := len(buf)
	buf = append(buf, p.Data...)
	end := len(buf)
	e.body = e.appendTail(e.appendBefore(buf, p.Format), p.Format)
	e.data = e.body[start:end:end]
	e.shareBefore(end)
	e.shareKeys()
	return e
}

// Parts returns what the event is made of. NewEvent of it is the same event. Data and Updated must
// not be modified.
func (e *Event) Parts() Parts {
	return Parts{
		ID: e.ID, Object: e.Object, Action: e.Action, Workspace: e.Workspace, Record: e.Record,
		Time: e.Time, Position: e.Position, Former: e.Former, Key: e.key, PreviousKey: e.previous,
		ObjectID: e.objectID,
		Member:   e.member, Updated: e.updated, Data: e.data, Previous: e.before,
		Format: e.format, Context: e.context,
	}
}
