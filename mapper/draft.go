package mapper

import (
	"bytes"
	"encoding/hex"
	"strconv"

	"hookline/cdc"
)

// Draft is an event of which nothing but its subject is there yet: who finds that nobody wants to hear of it is spared the rest. It belongs to
// its Mapper, whose next Map makes another event of it.
type Draft struct {
	Subject

	mapper      *Mapper
	object      *object
	change      cdc.Change
	before, row cdc.Tuple
	updated     []string
	partial     bool // columns of row are not known
	second      bool // the change has announced another event before
	guarded     bool // the row was one of a credential before: see object.secret

	was      cdc.Tuple // the row of the key that the record had before, its columns of the key alone; nil where it is the same
	replaced bool      // another record has that key by now
}

// Event puts the event together. It keeps no part of the change.
func (d *Draft) Event() *Event {
	o := d.object
	e := &Event{
		Subject: d.Subject, ID: d.id(), Record: o.record(d.row), Time: d.change.Tx.Time,
		objectID: o.id, updated: d.updated, format: d.mapper.format,
	}
	if d.was != nil {
		e.Former = o.record(d.was)
	}
	if d.change.New != nil {
		e.member = o.actor(e.Action, d.before, d.row)
	}
	d.encode(e)
	return e
}

func (d *Draft) id() string {
	buf := append(make([]byte, 0, 64), d.mapper.prefix...) // on the stack: the prefix has 13 bytes, what follows no more than 41
	var lsn [8]byte
	for i := range lsn {
		lsn[i] = byte(d.change.Tx.Commit >> (56 - 8*i))
	}
	buf = hex.AppendEncode(buf, lsn[:])
	buf = append(buf, '_')
	buf = strconv.AppendUint(buf, uint64(d.change.Index), 10)
	if tx := d.change.Tx; tx.Timeline > 1 { // another transaction may have been at this position of the timeline before
		buf = append(buf, 't')
		buf = strconv.AppendInt(buf, int64(tx.Timeline), 10)
	}
	if d.second {
		buf = append(buf, "_1"...)
	}
	return string(buf)
}

// mostScratch is how much room for making bodies is kept, in bytes.
const mostScratch = 256 << 10

// encode fills in data and body, which take as much memory as they need.
func (d *Draft) encode(e *Event) {
	buf := d.mapper.scratch[:0]
	keys := d.mapper.keys[:0]
	if keys = d.object.appendKey(keys, d.row); len(keys) > 0 {
		e.key = keys
	}
	if d.was != nil && d.change.Kind == cdc.Update && !d.replaced && e.key != nil {
		keys = d.object.appendKey(keys, d.was)
		e.key, e.previous = keys[:len(e.key):len(e.key)], keys[len(e.key):]
	}
	d.mapper.keys = keys
	if e.format != FormatTwenty {
		buf = e.appendHead(buf, e.format, Addressee{})
	}
	start := len(buf)
	o := d.object
	if d.guarded {
		buf = o.appendUnguarded(buf, d.row)
	} else if d.partial || d.change.Kind == cdc.Delete && d.change.OldIsKey {
		buf = o.appendKnown(buf, d.row)
	} else {
		buf = o.appendRow(buf, d.row)
	}
	end := len(buf)
	if e.format == FormatTwenty {
		e.data = bytes.Clone(buf)
		e.key, e.previous = bytes.Clone(e.key), bytes.Clone(e.previous)
	} else {
		buf = e.appendTail(buf, e.format)
		if e.body = buf; cap(buf) <= mostScratch { // a larger one is not kept as scratch
			e.body = bytes.Clone(buf)
		}
		e.data = e.body[start:end:end]
		e.shareKeys()
	}
	if d.mapper.scratch = buf; cap(buf) > mostScratch {
		d.mapper.scratch = nil
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
