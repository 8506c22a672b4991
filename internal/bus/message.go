package bus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"hookline/mapper"
)

// Message is a delivery in the stream.
type Message struct {
	Webhook string // Subscription.Key
	Version string // Subscription.Version, as the reader knew it
	Seen    uint32 // transaction that was the last to change webhooks when it was told; 0 for none
	Event   *mapper.Event
}

// format is the first byte of a message that is one delivery. A pack has another one: see pack.
const format = 1

var errCut = errors.New("it ends too early")

// encode appends m to dst: numbers as uvarints, texts behind their lengths, and what can be missing
// behind its length and one.
func (m *Message) encode(dst []byte) []byte {
	e := m.Event.Parts()
	dst = append(dst, format)
	dst = appendText(dst, m.Webhook)
	dst = appendText(dst, m.Version)
	dst = binary.AppendUvarint(dst, uint64(m.Seen))
	for _, text := range []string{
		e.ID, e.Object, e.Action.String(), e.Workspace, e.ObjectID, e.Member, e.Format.String(),
	} {
		dst = appendText(dst, text)
	}
	dst = binary.AppendUvarint(dst, e.Record)
	dst = binary.AppendUvarint(dst, e.Former)
	dst = binary.AppendVarint(dst, e.Position)
	dst = binary.AppendVarint(dst, e.Time.UnixMicro())
	if e.Updated == nil {
		dst = append(dst, 0)
	} else {
		dst = binary.AppendUvarint(dst, uint64(len(e.Updated))+1)
	}
	for _, name := range e.Updated {
		dst = appendText(dst, name)
	}
	for _, json := range [][]byte{e.Key, e.PreviousKey, e.Context, e.Previous, e.Data} {
		if json == nil {
			dst = append(dst, 0)
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(len(json))+1)
		dst = append(dst, json...)
	}
	return dst
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// decode is the reverse of encode. The error says what is wrong, and quotes nothing.
func decode(src []byte) (m Message, err error) {
	if len(src) == 0 || src[0] != format {
		return m, errors.New("it is of a form that this version of Hookline does not know")
	}
	r := reader{rest: src[1:]}
	r.head = string(src[1 : 1+headLength(src[1:])])
	m.Webhook, m.Version, m.Seen = r.text(), r.text(), uint32(r.number()) //nolint:gosec // of 32 bits
	e := mapper.Parts{ID: r.text(), Object: r.text()}
	action := r.text()
	e.Workspace, e.ObjectID, e.Member = r.text(), r.text(), r.text()
	form := r.text()
	e.Record, e.Former, e.Position = r.number(), r.number(), r.signed()
	e.Time = time.UnixMicro(r.signed())
	if n := r.number(); n > 0 && r.holds(n-1) {
		e.Updated = make([]string, 0, n-1)
		for range n - 1 {
			e.Updated = append(e.Updated, r.text())
		}
	}
	e.Key, e.PreviousKey, e.Context, e.Previous, e.Data = r.json(), r.json(), r.json(), r.json(),
		r.json()
	switch {
	case r.cut:
		return m, errCut
	case len(r.rest) > 0:
		return m, fmt.Errorf("%d bytes are left behind it", len(r.rest))
	}
	var known bool
	if e.Action, known = mapper.ParseAction(action); !known {
		return m, fmt.Errorf("event %s has the unknown action %q", e.ID, action)
	}
	if err := e.Format.UnmarshalText([]byte(form)); err != nil {
		return m, fmt.Errorf("event %s: %w", e.ID, err)
	}
	m.Event = mapper.NewEvent(e)
	return m, nil
}

// headLength returns how long the texts are that a message begins with.
func headLength(src []byte) int {
	r := reader{rest: src}
	for n := range headFields {
		if length := r.number(); n != seenField {
			r.bytes(length)
		}
	}
	return len(src) - len(r.rest)
}

// The fields that a message begins with are texts, but for one number.
const (
	headFields = 10
	seenField  = 2
)

// reader takes a message apart. Once it is cut, all that it returns is empty.
type reader struct {
	rest []byte
	head string // a copy of what a message begins with, of which its texts are parts
	read int    // bytes that were taken
	cut  bool
}

func (r *reader) number() uint64 {
	n, width := binary.Uvarint(r.rest)
	r.advance(width)
	return n
}

func (r *reader) signed() int64 {
	n, width := binary.Varint(r.rest)
	r.advance(width)
	return n
}

func (r *reader) advance(width int) {
	if width <= 0 {
		r.cut, r.rest = true, nil
		return
	}
	r.rest = r.rest[width:]
	r.read += width
}

// holds reports whether there can be so many bytes, or values, still.
func (r *reader) holds(n uint64) bool {
	if n > uint64(len(r.rest)) {
		r.cut, r.rest = true, nil
		return false
	}
	return true
}

func (r *reader) bytes(n uint64) []byte {
	if !r.holds(n) {
		return nil
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	r.read += int(n) //nolint:gosec // no more than there are
	return taken
}

func (r *reader) text() string {
	text := r.bytes(r.number())
	if r.read > len(r.head) {
		return string(text)
	}
	return r.head[r.read-len(text) : r.read]
}

func (r *reader) json() []byte {
	n := r.number()
	if n == 0 {
		return nil
	}
	return r.bytes(n - 1)
}
