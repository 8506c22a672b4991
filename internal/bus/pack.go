package bus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
)

// A pack is a message of several deliveries to one webhook, in order: a byte, and each as a message
// of its own would have it, behind its length. What it costs to store, bring and acknowledge a
// message is then for all of them. It is acknowledged once all of them are settled, so it is small:
// when a sender is killed, those of its deliveries that were settled come again.
const (
	packFormat = 2
	packMost   = 16       // deliveries
	packSize   = 16 << 10 // bytes, at most
)

// deliveriesHeader has the ids of a pack's events but the first one's, which is in its own id: who
// takes a partition reads headers alone. Each is what differs from the one before, behind how many
// bytes do not.
const deliveriesHeader = "Hookline-Deliveries"

// packMark is between the first event of a pack and the number of the others, in its id. What has
// the same id has the same deliveries.
const packMark = "+"

func isPack(data []byte) bool { return len(data) > 0 && data[0] == packFormat }

// packed returns the message of deliveries to one webhook, without a subject. There are several.
func packed(list []*outgoing) *nats.Msg {
	size := 1
	for _, o := range list {
		size += binary.MaxVarintLen32 + len(o.data)
	}
	data := append(make([]byte, 0, size), packFormat)
	var others strings.Builder
	for n, o := range list {
		data = binary.AppendUvarint(data, uint64(len(o.data)))
		data = append(data, o.data...)
		if n == 0 {
			continue
		}
		before, event := list[n-1].at.Event, o.at.Event
		same := 0
		for same < min(len(before), len(event)) && before[same] == event[same] {
			same++
		}
		if n > 1 {
			others.WriteByte(' ')
		}
		others.WriteString(strconv.Itoa(same))
		others.WriteByte(':')
		others.WriteString(event[same:])
	}
	first := list[0].at
	return &nats.Msg{Data: data, Header: nats.Header{
		idHeader:         {first.Event + packMark + strconv.Itoa(len(list)-1) + " " + first.Webhook},
		deliveriesHeader: {others.String()},
	}}
}

// KeysOf returns the deliveries that a message of the stream with these headers has: one at least.
func KeysOf(headers nats.Header) []Key {
	first := keyOf(headers.Get(idHeader))
	keys := []Key{first}
	others := headers.Get(deliveriesHeader)
	if others == "" {
		return keys
	}
	before := first.Event
	for other := range strings.SplitSeq(others, " ") {
		length, rest, _ := strings.Cut(other, ":")
		same, err := strconv.Atoi(length)
		if err != nil || same < 0 || same > len(before) {
			break // it is nobody's of this form
		}
		before = before[:same] + rest
		keys = append(keys, Key{before, first.Webhook})
	}
	return keys
}

// keyOf returns the delivery, the first one of a pack, that is in a message with an id.
func keyOf(id string) (k Key) {
	k.Event, k.Webhook, _ = strings.Cut(id, " ")
	k.Event, _, _ = strings.Cut(k.Event, packMark)
	return k
}

// decodeAll returns the deliveries of a message: one, or those of a pack. They keep nothing of src,
// of which all would stay in memory for the last one of them.
func decodeAll(src []byte) ([]Message, error) {
	if !isPack(src) {
		m, err := decode(src)
		return []Message{m}, err
	}
	list := make([]Message, 0, packMost)
	r := reader{rest: src[1:]}
	for len(r.rest) > 0 {
		one := r.bytes(r.number())
		if r.cut {
			break
		}
		m, err := decode(append(make([]byte, 0, len(one)), one...))
		if err != nil {
			return nil, fmt.Errorf("number %d of a pack: %w", len(list)+1, err)
		}
		list = append(list, m)
	}
	switch {
	case r.cut:
		return nil, errCut
	case len(list) == 0:
		return nil, errors.New("it is a pack of nothing")
	}
	return list, nil
}
