package mapper

import (
	"slices"

	"hookline/cdc"
)

// cause is what is known of how a change came about.
type cause struct {
	origin     string // see cdc.Tx.Origin
	annotation *cdc.Annotation
	actor      actor

	said map[string]string // what annotation says, once somebody has asked: see annotated
}

// actor is who made a change, as its row tells; without a source, nobody knows.
type actor struct{ source, name, member string }

// Actor is where rows tell who has changed them last.
type Actor struct {
	Source int // column of the kind of actor
	Name   int // its name, -1 for none
	Member int // likewise the workspace member's id
}

// unknown is the cause of what nobody knows a cause of.
var unknown = new(cause)

// causes are those of all changes that an event tells of. The zero value has none, and is that of
// an event of which nobody has asked for them.
type causes struct {
	first *cause
	more  []*cause
}

// mostCauses is how many causes of one event are kept. With more, one of them is unknown.
const mostCauses = 8

// add adds c, unless it is nil.
func (s *causes) add(c *cause) {
	switch {
	case c == nil || c == s.first || slices.Contains(s.more, c):
	case s.first == nil:
		s.first = c
	case len(s.more) < mostCauses-1:
		s.more = append(s.more, c)
	default:
		s.more[0] = unknown
	}
}

// addAll adds those of another event.
func (s *causes) addAll(others causes) {
	s.add(others.first)
	for _, c := range others.more {
		s.add(c)
	}
}

// Ignored reports whether all changes that the event tells of are such as i ignores; nil ignores
// nothing.
func (d *Draft) Ignored(i *Ignore) bool {
	if i == nil || d.causes.first == nil {
		return false
	}
	return i.ignores(d.causes.first) &&
		!slices.ContainsFunc(d.causes.more, func(c *cause) bool { return !i.ignores(c) })
}

// track notes how a change of a record of o has come about.
func (m *Mapper) track(o *object, change *cdc.Change) {
	c := m.causeOf(o, change)
	m.causes = causes{first: c}
	m.changes.cause, m.commits.cause, m.documents.cause = c, c, c
}

// causeOf returns the cause of a change. A row that was there before it tells of nobody who has
// changed it now: that is unknown, so that everybody hears of the record.
func (m *Mapper) causeOf(o *object, change *cdc.Change) *cause {
	if change.Read || change.Attached || change.Unannounced {
		return unknown
	}
	source, name, member := o.changedBy(change)
	if c := m.cause; c != nil && c.origin == change.Tx.Origin && c.annotation == change.Annotation &&
		c.actor.source == string(source) && c.actor.name == string(name) &&
		c.actor.member == string(member) {
		return c
	}
	m.cause = &cause{
		origin: change.Tx.Origin, annotation: change.Annotation,
		actor: actor{string(source), string(name), string(member)},
	}
	return m.cause
}

// changedBy returns who has made a change, without a source where the rows do not tell. An update
// that has changed nothing of who it was may be one that does not say it: of a foreign key, of
// plain SQL, or, in most versions, a soft delete. So the row before must be known.
func (o *object) changedBy(change *cdc.Change) (source, name, member []byte) {
	a, before, after := o.changer, change.Old, change.New
	if a == nil || after == nil || after[a.Source].Bytes() == nil {
		return nil, nil, nil
	}
	columns := [...]int{a.Source, a.Name, a.Member}
	if change.Kind == cdc.Update {
		if before == nil || change.OldIsKey {
			return nil, nil, nil
		}
		said := o.edited(before, after) && o.softDeleted(before) == o.softDeleted(after) ||
			slices.ContainsFunc(columns[:], func(c int) bool {
				return c >= 0 && !Same(before[c], after[c])
			})
		if !said {
			return nil, nil, nil
		}
	}
	text := func(c int) []byte {
		if c < 0 {
			return nil
		}
		return after[c].Bytes()
	}
	return text(a.Source), text(a.Name), text(a.Member)
}
