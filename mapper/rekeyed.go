package mapper

import (
	"slices"

	"hookline/cdc"
)

// An update may change the key of a record. It is told as an update of the record under the new
// key, which names the one before; and, to webhooks that ask for it, as the end of one record and
// the beginning of another.

// rekeying is what is yet to be told of an update that changed a key, to those that know nothing of
// such.
type rekeying struct {
	draft Draft // as it is told to all others; no object when there is nothing
	begun bool  // the end of the old record was told
}

// rekey notes what an update did to the key of the record, and has it told in both ways.
func (m *Mapper) rekey(d *Draft) {
	if d.was = d.object.rekeyed(d.change.Old, d.row); d.was == nil {
		return
	}
	m.rekeying = rekeying{draft: *d}
	d.Telling |= ToWhole
}

// split returns the next event of a changed key for those to whom it is two.
func (m *Mapper) split() *Draft {
	whole := m.rekeying.draft
	o, d := whole.object, &m.draft
	if !m.rekeying.begun {
		m.rekeying.begun = true
		if whole.replaced {
			return m.split() // what was under the old key was told to be another record
		}
		was := slices.Clone(whole.change.Old)
		for _, c := range o.key {
			was[c] = whole.was[c]
		}
		*d = Draft{
			mapper: m, object: o, change: whole.change, row: was, part: whole.part,
			wasKey: whole.wasKey, partial: whole.wasKey != nil, causes: whole.causes,
		}
		d.change.Kind, d.change.New, d.change.Old = cdc.Delete, nil, was
		d.Action = o.deletion(was, whole.change.OldIsKey)
	} else {
		*d = whole
		d.updated, d.replaced, d.before, d.second = nil, false, nil, true
		d.change.Kind = cdc.Insert
		if d.Action = Created; whole.Action == Deleted {
			d.Action = Deleted
		}
		m.rekeying = rekeying{}
	}
	d.Name, d.Object, d.Workspace = o.events[d.Action], o.name, whole.Workspace
	d.Telling = whole.Telling | ToSplit
	return d
}
