package cdc

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// annotationPrefix is the prefix of the logical messages that hold annotations. Those of others are
// passed over.
const annotationPrefix = "hookline.annotation"

// MaxAnnotation is how many bytes an annotation may have, as the server prints it.
const MaxAnnotation = 8 << 10

// Annotation is what a writer has said of its changes: a JSON object, without insignificant blanks.
// It is immutable. Changes that were made under one share it.
type Annotation struct {
	JSON []byte

	text []byte // as it came
}

// message decodes a Message message: type, flags, position, prefix, length of the content, content.
// An annotation holds for the changes of its transaction that come behind it, up to the next one.
// It takes no index: it is sent again with its transaction, in the same place.
//
// What a subtransaction has said that was rolled back is not sent.
func (d *decoder) message(message []byte) error {
	const head, transactional = 1 + 1 + 8, 1
	if len(message) < head {
		return errShort
	}
	if message[1]&transactional == 0 || d.tx == nil {
		return nil
	}
	content, ours := bytes.CutPrefix(message[head:], []byte(annotationPrefix+"\x00"))
	if !ours {
		return nil
	}
	if len(content) < 4 || int(binary.BigEndian.Uint32(content)) != len(content)-4 {
		return errShort
	}
	content = content[4:]
	if d.annotation != nil && bytes.Equal(content, d.annotation.text) {
		return nil
	}
	var err error
	d.annotation, err = newAnnotation(content)
	if err != nil && d.rejected != nil {
		d.rejected(err)
	}
	return nil
}

// newAnnotation returns the annotation of that text, nil for an empty object. The error tells why
// it is none, without anything of it.
func newAnnotation(text []byte) (*Annotation, error) {
	if len(text) > MaxAnnotation {
		return nil, fmt.Errorf("it has %d bytes, and may have %d", len(text), MaxAnnotation)
	}
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, errors.New("it is not JSON")
	}
	switch object := compact.Bytes(); {
	case object[0] != '{':
		return nil, errors.New("it is not a JSON object")
	case len(object) == len("{}"):
		return nil, nil
	default:
		return &Annotation{JSON: object, text: bytes.Clone(text)}, nil
	}
}

// cameFrom decodes an Origin message, which comes right behind the Begin of a transaction that was
// replicated: type, position there, name. Once a change was returned, the transaction is the
// pump's.
func (d *decoder) cameFrom(message []byte) error {
	const head = 1 + 8
	name, terminated := bytes.CutSuffix(message[min(head, len(message)):], []byte{0})
	if len(message) < head || !terminated {
		return errShort
	}
	if d.tx == nil || d.index > 0 {
		return nil
	}
	if d.replicated != string(name) { // most come from one
		d.replicated = string(name)
	}
	d.tx.Origin = d.replicated
	d.tx.Time = d.timeOfOrigin(d.tx.Time)
	return nil
}

// timeOfOrigin returns the time of a transaction with an origin. The server sends the one that its
// writer gave for the origin: that may be any, and where it gave none it is the server's epoch, or
// that of an earlier commit of the session. One that cannot be is replaced by that of the last
// transaction without an origin before: dead letters are sorted by it, and lag is told by it.
//
// It has to be the same for whoever reads the transaction again, a little later and from another
// place on: an event is known by its time, too. So it follows from the stream and the checkpoint,
// and what a clock that is ahead of this one has given stays.
func (d *decoder) timeOfOrigin(given time.Time) time.Time {
	if given.UnixMicro() < d.latest || given.After(time.Now().Add(mostAhead)) {
		return time.UnixMicro(d.latest).UTC()
	}
	return given
}

// mostAhead is how far the clock of another server may be ahead.
const mostAhead = time.Hour

// warnAnnotation tells once that an annotation is not taken for one.
func (s *Source) warnAnnotation(err error) {
	s.annotations.Do(func() {
		s.log.Warn("an annotation of a transaction (hookline.annotation) is left out, and nothing "+
			"is known of its changes; later ones are not told of", "error", err)
	})
}
