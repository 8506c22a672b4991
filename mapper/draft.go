package mapper

import (
	"bytes"

	"hookline/cdc"
)

// Draft is an event of which nothing but its subject is there yet: who finds that nobody wants to
// hear of it is spared the rest. It belongs to its Mapper, whose next Map makes another event of
// it.
type Draft struct {
	Subject

	mapper      *Mapper
	object      *object
	change      cdc.Change
	before, row cdc.Tuple
	updated     []string
	partial     bool // columns of row are not known
	part        bool // the transaction was not over when it was told
	second      bool // the change has announced another event before
	wasSecret   bool // the row was one of a credential before: see object.secret

	// the row of the key that the record had before, its columns of the key alone; nil where it is
	// the same
	was      cdc.Tuple
	wasKey   []byte // that key as it was told, where its columns have another type by now; else nil
	replaced bool   // another record has that key by now

	plain  *Event   // what EventFor has returned without a view
	views  []viewed // likewise with one
	causes causes   // see Ignored
}

// Event puts the event together. It keeps no part of the change.
func (d *Draft) Event() *Event { return d.event(nil, d.updated) }

// event puts it together as a view shows it, with names of changed fields.
func (d *Draft) event(v *View, updated []string) *Event {
	o := d.object
	e := &Event{
		Subject: d.Subject, ID: d.id(), Record: o.record(d.row), Time: d.change.Tx.Time,
		Position: d.mapper.tx.position(),
		objectID: o.id, updated: updated, format: d.mapper.format,
	}
	if d.was != nil {
		e.Former = o.record(d.was)
	}
	if a := d.change.Annotation; a != nil {
		e.context = a.JSON
	}
	if d.change.New != nil {
		e.member = o.actor(e.Action, d.before, d.row)
	}
	d.encode(e, v)
	return e
}

func (d *Draft) id() string {
	tx := d.change.Tx
	id := ID{
		Commit: tx.Commit, Index: d.change.Index, Timeline: tx.Timeline, Second: d.second,
		Part: d.part,
	}
	buf := append(make([]byte, 0, 64), d.mapper.prefix...) // on the stack: no ID is as long
	return string(id.append(buf))
}

// mostScratch is how much room for making bodies is kept, in bytes.
const mostScratch = 256 << 10

// encode fills in data and body, which take as much memory as they need.
func (d *Draft) encode(e *Event, v *View) {
	buf := d.mapper.scratch[:0]
	keys := d.mapper.keys[:0]
	if keys = d.appendKey(keys, v); len(keys) > 0 {
		e.key = keys
	}
	if d.was != nil && d.change.Kind == cdc.Update && !d.replaced && e.key != nil {
		keys = d.appendPreviousKey(keys, v)
		e.key, e.previous = keys[:len(e.key):len(e.key)], keys[len(e.key):]
	}
	d.mapper.keys = keys
	if e.format != FormatTwenty {
		buf = e.appendHead(buf, e.format, Addressee{})
	}
	start := len(buf)
	buf = d.appendData(buf, v)
	end := len(buf)
	e.before = d.appendPrevious(nil, v)
	if e.format == FormatTwenty {
		e.data = bytes.Clone(buf)
		e.key, e.previous = bytes.Clone(e.key), bytes.Clone(e.previous)
	} else {
		buf = e.appendTail(e.appendBefore(buf, e.format), e.format)
		if e.body = buf; cap(buf) <= mostScratch { // a larger one is not kept as scratch
			e.body = bytes.Clone(buf)
		}
		e.data = e.body[start:end:end]
		e.shareBefore(end)
		e.shareKeys()
	}
	if d.mapper.scratch = buf; cap(buf) > mostScratch {
		d.mapper.scratch = nil
	}
}

// appendData appends the record as a view shows it.
func (d *Draft) appendData(dst []byte, v *View) []byte {
	o := d.object
	switch {
	case v != nil && (v.Fields != nil || v.Mask != nil || v.Thin):
		return d.appendView(dst, v)
	case d.wasSecret:
		return o.appendNeverSecret(dst, d.row)
	case d.partial || d.change.Kind == cdc.Delete && d.change.OldIsKey:
		return o.appendKnown(dst, d.row)
	}
	return o.appendRow(dst, d.row)
}

// appendKey appends the key that the record has.
func (d *Draft) appendKey(dst []byte, v *View) []byte {
	if d.change.Kind == cdc.Delete && d.wasKey != nil {
		return d.appendOldKey(dst, v)
	}
	return d.object.appendKeyAs(dst, d.row, v)
}

// appendPreviousKey appends the key that the record had.
func (d *Draft) appendPreviousKey(dst []byte, v *View) []byte {
	if d.wasKey != nil {
		return d.appendOldKey(dst, v)
	}
	return d.object.appendKeyAs(dst, d.was, v)
}

// appendOldKey appends the key as it was told before its columns had another type. Where a view
// masks something of it, all of it is.
func (d *Draft) appendOldKey(dst []byte, v *View) []byte {
	o := d.object
	for _, i := range o.identity {
		if v.Masks(o.fields[i].Name) {
			return o.appendMaskedKey(dst)
		}
	}
	return append(dst, d.wasKey...)
}

// shareBefore makes the row before a part of the body, behind data, which ends there.
func (e *Event) shareBefore(end int) {
	if e.before != nil {
		start := end + len(`,"previous":`)
		e.before = e.body[start : start+len(e.before) : start+len(e.before)]
	}
}

// shareKeys makes the keys parts of the body, which ends with them.
func (e *Event) shareKeys() {
	end := len(e.body) - len("}")
	if e.previous != nil {
		e.previous = e.body[end-len(e.previous) : end : end]
		end -= len(e.previous) + len(`,"previousKey":`)
	}
	if e.key != nil {
		e.key = e.body[end-len(e.key) : end : end]
	}
}
