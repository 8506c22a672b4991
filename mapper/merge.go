package mapper

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Merge makes one event of several of one record that follow one another: what is told of them all
// once the record is quiet, or to who has been away. The zero Merge has none.
//
// The event is the last one, with its id, time and context, told as what all of them together are:
// its action is by mergedActions, its changed fields are those of all, and the row before is the
// one before the first.
type Merge struct {
	last    *Event
	events  int
	action  Action
	updated []string // see Event.updated
	before  []byte   // likewise
}

// Add takes the next event, unless it has to be told by itself: then it reports false.
func (m *Merge) Add(e *Event) bool {
	if m.events == 0 {
		*m = Merge{
			last: e, events: 1, action: e.Action, updated: e.updated, before: e.before,
		}
		return !e.OfOperator()
	}
	if e.Former != 0 || m.last.Former != 0 || e.Record != m.last.Record ||
		e.Object != m.last.Object || e.Workspace != m.last.Workspace {
		return false
	}
	action, ok := m.mergedAction(e.Action)
	if !ok {
		return false
	}
	switch {
	case action == Created:
		m.updated, m.before = nil, nil
	case action == Updated || action == Restored && m.action != Deleted:
		m.before = mergedBefore(m.before, m.updated, e.before)
		m.updated = mergedNames(m.updated, e.updated)
	default: // what was before does not matter
		m.updated, m.before = e.updated, e.before
	}
	m.last, m.action = e, action
	m.events++
	return true
}

// mergedAction returns what an action makes of those so far. ok is false where both have to be
// told: a record that is deleted and then created again may be another one, and who hears of both
// need not hear of updates.
//
// What is created and then deleted is deleted, and not nothing: a process that was killed, or an
// attempt whose answer did not come, may have told that it was created.
func (m *Merge) mergedAction(next Action) (merged Action, ok bool) {
	if m.action == next {
		return next, true
	}
	gone := next == Deleted || next == Destroyed
	switch m.action {
	case Created:
		if gone {
			return next, true
		}
		return Created, next == Updated || next == Restored
	case Updated, Restored:
		if next == Updated {
			return Restored, true
		}
		return next, gone || next == Restored
	case Deleted:
		return next, next == Restored || next == Destroyed
	case Published, Unpublished:
		return next, next == Published || next == Unpublished
	}
	return 0, false
}

// Event returns what is told of all events. Of a single one it is that itself.
func (m *Merge) Event() *Event {
	if m.events == 1 {
		return m.last
	}
	p := m.last.Parts()
	p.Action, p.Updated, p.Previous = m.action, m.updated, m.before
	return NewEvent(p)
}

// mergedNames returns the names that are in either list, nil when one of them is not known.
func mergedNames(first, then []string) []string {
	if first == nil || then == nil {
		return nil
	}
	merged := slices.Clone(first)
	for _, name := range then {
		if !slices.Contains(first, name) {
			merged = append(merged, name)
		}
	}
	return merged
}

// mergedBefore returns what is shown of the row before two events. What the first does not show of
// it, and has left alone, is as the second one shows it. Where it is not known what it has changed,
// nothing more is.
func mergedBefore(first []byte, changed []string, then []byte) []byte {
	if then == nil || changed == nil {
		return first
	}
	shown := members(first)
	for _, m := range members(then) {
		known := slices.ContainsFunc(shown, func(s member) bool { return s.name == m.name })
		if !known && !slices.Contains(changed, m.name) {
			shown = append(shown, m)
		}
	}
	merged := []byte{'{'}
	for i, m := range shown {
		if i > 0 {
			merged = append(merged, ',')
		}
		name, _ := json.Marshal(m.name) // a string can be
		merged = append(append(append(merged, name...), ':'), m.value...)
	}
	return append(merged, '}')
}

// member is one of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// members returns those of an object that Hookline has encoded, in their order.
func members(object []byte) (list []member) {
	if object == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, err := decoder.Token() // {
	for err == nil && decoder.More() {
		name, _ := decoder.Token()
		m := member{}
		m.name, _ = name.(string)
		if err = decoder.Decode(&m.value); err == nil {
			list = append(list, m)
		}
	}
	return list
}
