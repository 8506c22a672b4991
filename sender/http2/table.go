package http2

import (
	"bytes"
	"strconv"
	"strings"
)

// table is the receiver's memory of headers, as HPACK has it: what is put in is named by a number
// from then on. Of what stays, name and value are put in; of what differs from request to request
// the name is, with the first value. Nothing is put in that would push something else out: so
// whatever is in has its place for good.
//
// https://www.rfc-editor.org/rfc/rfc7541
type table struct {
	fields map[string]int    // ordinal numbers by field.key, from 1
	names  map[string]inside // of what differs, as its lines spell them
	last   int               // ordinal number
	size   int               // as HPACK counts it
	off    bool              // nothing is put in
	empty  bool              // the receiver has yet to be told that nothing is in

	// What stays in the requests to the target of the last one, as it is said while nothing more is
	// put in.
	staying   []byte
	target    *Target
	stayingAt int // last, then
}

// inside is the name of a field in the table.
type inside struct {
	lower   string
	ordinal int // 0: it is not in
}

const (
	tableSize = 4096 // bytes, unless the receiver sets less
	entrySize = 32   // of each entry, beside its text

	// What a field begins with, and how many bits a number has in there.
	indexed, indexedBits         = 0x80, 7
	literalKept, literalKeptBits = 0x40, 6
	literal, literalBits         = 0x10, 4 // that no one on the way shall keep either
	tableUpdate                  = 0x20

	methodPost, schemeHTTPS = indexed | 3, indexed | 7
	staticEntries           = 61
)

func newTable() table {
	return table{fields: map[string]int{}, names: map[string]inside{}}
}

// limit takes what the receiver sets. Less than the usual size, of which none is known that sets it
// for long, means none: that is a rule to follow in the middle of a connection.
func (t *table) limit(size uint32) {
	if size < tableSize {
		*t = newTable()
		t.off, t.empty = true, true
	}
}

// appendHeader appends the header of a request to a target, with further lines as http1 has them.
func (t *table) appendHeader(dst []byte, to *Target, lines []byte, length int) []byte {
	if t.empty {
		dst, t.empty = append(dst, tableUpdate), false
	}
	dst = append(dst, methodPost, schemeHTTPS)
	if to != t.target || t.last != t.stayingAt {
		t.sayStaying(to)
	}
	dst = append(dst, t.staying...)
	var digits [20]byte
	dst = t.appendDiffering(dst, []byte("content-length"),
		strconv.AppendInt(digits[:0], int64(length), 10))
	for len(lines) > 0 {
		var line []byte
		line, lines, _ = bytes.Cut(lines, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(": "))
		dst = t.appendDiffering(dst, name, value)
	}
	return dst
}

// sayStaying says the fields of a target, as they are for the next requests to it, too, unless one
// of them was put in only now.
func (t *table) sayStaying(to *Target) {
	before := t.last
	t.staying = t.staying[:0]
	for i := range to.fields {
		t.staying = t.appendStaying(t.staying, &to.fields[i])
	}
	if t.target, t.stayingAt = to, t.last; t.last != before {
		t.target = nil
	}
}

func (t *table) appendStaying(dst []byte, f *field) []byte {
	if ordinal, ok := t.fields[f.key]; ok {
		return appendNumber(dst, indexed, indexedBits, t.index(ordinal))
	}
	form := byte(literal)
	if t.put(len(f.name) + len(f.value)) {
		form = literalKept
		t.fields[f.key] = t.last
	}
	return appendText(appendText(append(dst, form), f.name), f.value)
}

func (t *table) appendDiffering(dst, name, value []byte) []byte {
	in, known := t.names[string(name)]
	if in.ordinal > 0 {
		return appendText(appendNumber(dst, literal, literalBits, t.index(in.ordinal)), value)
	}
	form := byte(literal)
	if !known {
		in.lower = strings.ToLower(string(name))
		if t.put(len(name) + len(value)) {
			form, in.ordinal = literalKept, t.last
		}
		t.names[string(name)] = in
	}
	return appendText(appendText(append(dst, form), in.lower), value)
}

// put makes room for an entry with so much text, if there is any.
func (t *table) put(text int) bool {
	if t.off || t.size+text+entrySize > tableSize {
		return false
	}
	t.size += text + entrySize
	t.last++
	return true
}

// index returns what an entry is called now: the last one comes first.
func (t *table) index(ordinal int) int { return staticEntries + 1 + t.last - ordinal }

// appendNumber appends a number of which the first byte, that begins with something else, has some
// bits.
//
// https://www.rfc-editor.org/rfc/rfc7541#section-5.1
func appendNumber(dst []byte, first byte, bits, n int) []byte {
	most := 1<<bits - 1
	if n < most {
		return append(dst, first|byte(n))
	}
	dst = append(dst, first|byte(most))
	for n -= most; n >= 0x80; n >>= 7 {
		dst = append(dst, byte(n)|0x80)
	}
	return append(dst, byte(n))
}

func appendText[T string | []byte](dst []byte, text T) []byte {
	return append(appendNumber(dst, 0, 7, len(text)), text...)
}
