package mapper

import (
	"context"
	"slices"

	"hookline/cdc"
)

// documents holds back what one transaction does to records that have drafts. Such a record is in
// up to two rows of one identity: the draft, and what is published. An act of a user may touch
// both: to publish is an update of the draft, a delete of what was published, and an insert. When
// the transaction ends, what has become of each record is told: see document.verdicts.
//
// As with fold, what is held follows from the changes of the transaction alone, so it is no state
// to be saved. When more is held than may be, the oldest record is told by what is known so far.
type documents struct {
	most, bytes int
	held        map[string]*document
	queue       []*document // what is held, in the order in which it came
	due         []occurrence
	cause       *cause // of the change in hand; nil where nobody asks

	was, is cdc.Tuple // room for unpack
}

// drafts says how a draft is told from what is published: by a column that is null in it.
type drafts struct{ published int }

// document is one record, as far as the transaction has touched it.
type document struct {
	key           string
	object        *object
	relation      *cdc.Relation
	tx            *cdc.Tx
	draft, public edition

	causes     causes          // of its changes
	annotation *cdc.Annotation // of the last one
}

// edition is one of the two rows of a document: as it was before the transaction, and as it is now.
// Both are packed; nil is not there, or not touched.
type edition struct {
	touched bool
	was, is []byte
	id      string // primary key of the row that is there now
	anew    bool   // it was inserted
	moved   bool   // the change that brought it took it from another document
	// index of the change that brought it, and of the one that took the other away
	came, gone uint32
}

// occurrence is an event that is due.
type occurrence struct {
	*document
	action  Action
	index   uint32
	second  bool // the change may have another event, of the document that the row was of before
	was, is []byte
}

func newDocuments(most int) *documents {
	return &documents{most: most, held: map[string]*document{}}
}

// forget drops what is held: the transaction is another one, or begins anew.
func (h *documents) forget() {
	if len(h.queue) > 0 {
		clear(h.held)
		h.queue, h.bytes = nil, 0
	}
}

// document takes a change of a record that has drafts, under a full replica identity.
func (m *Mapper) document(ctx context.Context, o *object, change cdc.Change) (*Draft, error) {
	if change.Kind == cdc.Update {
		row, _, err := m.complete(ctx, o, change.Relation, change.Old, change.New)
		if err != nil {
			return nil, err
		}
		change.New = row
	}
	h := m.documents
	var from *document
	if change.Old != nil {
		from = h.of(o, change, change.Old)
		h.bytes += from.edition(change.Old).leave(from, change)
	}
	if change.New != nil {
		d := h.of(o, change, change.New)
		e := d.edition(change.New)
		h.bytes += e.come(d, change)
		e.moved = from != nil && from != d
	}
	for h.bytes > h.most {
		h.settle(change.Repeated)
	}
	if change.Sole {
		h.end(change.Repeated)
	}
	return m.leave(ctx, change, nil, nil)
}

// end settles all that is held.
func (h *documents) end(told bool) {
	for len(h.queue) > 0 {
		h.settle(told)
	}
}

// settle has what became of the oldest document told, unless it was before.
func (h *documents) settle(told bool) {
	d := h.queue[0]
	h.queue = h.queue[1:]
	delete(h.held, d.key)
	h.bytes -= d.size()
	if !told {
		h.due = append(h.due, d.verdicts()...)
	}
}

// of returns the document that a row is of.
func (h *documents) of(o *object, change cdc.Change, row cdc.Tuple) *document {
	key := string(keyText(nil, row, o.apart)) + change.Relation.Schema + "." + change.Relation.Name
	d := h.held[key]
	if d == nil || !sameColumns(d.relation, change.Relation) {
		d = &document{key: key, object: o, relation: change.Relation, tx: change.Tx}
		h.held[key], h.queue = d, append(h.queue, d)
		h.bytes += d.size()
	}
	d.annotation = change.Annotation
	d.causes.add(h.cause)
	return d
}

// keyText appends the values of columns, each behind what tells null from a text.
func keyText(dst []byte, row cdc.Tuple, columns []int) []byte {
	for _, c := range columns {
		dst = append(dst, row[c].Bytes()...)
		dst = append(dst, 0)
	}
	return dst
}

func (d *document) edition(row cdc.Tuple) *edition {
	if row[d.object.drafts.published].IsNull() {
		return &d.draft
	}
	return &d.public
}

// size is the memory that d takes, roughly.
func (d *document) size() int {
	const fixed = 360
	rows := 0
	for _, e := range []*edition{&d.draft, &d.public} {
		rows += len(e.was) + len(e.is)
	}
	return fixed + len(d.key) + rows
}

// come takes the row that a change has brought. It returns by how much the memory grows.
func (e *edition) come(d *document, change cdc.Change) int {
	before := len(e.is)
	e.anew = e.anew || change.Kind == cdc.Insert || d.edition(change.Old) != e
	e.touched, e.came = true, change.Index
	e.id, e.is = string(keyText(nil, change.New, d.object.key)), pack(nil, change.New)
	return len(e.is) - before
}

// leave takes the row that a change has taken away.
func (e *edition) leave(d *document, change cdc.Change) int {
	e.touched, e.gone = true, change.Index
	if e.is != nil && e.id == string(keyText(nil, change.Old, d.object.key)) {
		before := len(e.is)
		e.is = nil
		return -before
	}
	if e.was != nil {
		return 0
	}
	e.was = pack(nil, change.Old)
	return len(e.was)
}

// verdicts tells what has become of the document. What is published tells of the draft's edit, too.
func (d *document) verdicts() []occurrence {
	draft, public := &d.draft, &d.public
	told := func(a Action, index uint32, was, is []byte) occurrence {
		return occurrence{d, a, index, false, was, is}
	}
	brought := func(a Action, e *edition, was []byte) occurrence {
		return occurrence{d, a, e.came, e.moved, was, e.is}
	}
	created := draft.was == nil && draft.is != nil && public.was == nil
	var list []occurrence
	if created {
		list = append(list, brought(Created, draft, nil))
	}
	switch {
	case public.is != nil && (public.anew || d.differs(public)):
		list = append(list, brought(Published, public, public.was))
	case created:
	case draft.was != nil && draft.is == nil && public.is == nil:
		list = append(list, told(Deleted, draft.gone, draft.was, nil))
	case public.was != nil && public.is == nil:
		list = append(list, told(Unpublished, public.gone, public.was, nil))
	case draft.was != nil && draft.is != nil && d.differs(draft):
		list = append(list, brought(Updated, draft, draft.was))
	}
	return list
}

// differs reports whether a row reads otherwise than before.
func (d *document) differs(e *edition) bool {
	if e.was == nil {
		return true
	}
	return len(d.object.changed(unpack(nil, e.was), unpack(nil, e.is))) > 0
}

// next returns the next event that is due, nil when there is none.
func (h *documents) next(m *Mapper) *Draft {
	if len(h.due) == 0 {
		return nil
	}
	e := h.due[0]
	h.due = slices.Delete(h.due, 0, 1)
	o := e.object
	change := cdc.Change{
		Tx: e.tx, Relation: e.relation, Index: e.index, Annotation: e.annotation,
	}
	if e.was != nil {
		h.was = unpack(h.was[:0], e.was)
		change.Old = h.was
	}
	if e.is != nil {
		h.is = unpack(h.is[:0], e.is)
		change.New = h.is
	}
	d := &m.draft
	*d = Draft{
		mapper: m, object: o, before: change.Old, row: change.New, second: e.second,
		causes: e.causes,
	}
	d.Action = e.action
	d.Name, d.Object, d.Workspace = o.events[e.action], o.name, o.workspace
	switch {
	case change.New == nil:
		change.Kind, d.row = cdc.Delete, change.Old
	case change.Old == nil:
		change.Kind = cdc.Insert
	default:
		change.Kind = cdc.Update
		d.updated = o.changed(change.Old, change.New)
	}
	d.change = change
	return d
}
