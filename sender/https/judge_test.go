package https

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"hookline/sender/http1"
)

// known is what was seen of a connection.
type known struct {
	http1                       bool
	received, sent              int64 // since the request began
	used                        bool
	stream, highest             uint32
	unsent, accepted            uint32 // 0 stands for none
	leaving, over, broken, shut bool
	reset                       bool
	code                        uint32
}

// What has become of a request is told by what has passed over its connection.
func TestJudge(t *testing.T) {
	type lost struct{ again, sent, leaving, suspect bool }
	failed, notTaken, perhaps := lost{}, lost{again: true}, lost{again: true, sent: true}
	suspect := lost{true, true, false, true}
	leaving, lastOfAll := lost{true, true, true, false}, lost{true, true, true, true}
	for name, test := range map[string]struct {
		known
		want lost
	}{
		"never begun, and gone":        {known{over: true, highest: 9}, notTaken},
		"never begun, and all is well": {known{highest: 9}, failed},
		"its head did not leave": {
			known{stream: 9, unsent: 9, highest: 9, over: true, broken: true}, notTaken,
		},
		"above the last stream": {
			known{stream: 9, accepted: 7, leaving: true, highest: 9}, notTaken,
		},
		"below the last stream, still open": {
			known{stream: 5, accepted: 7, leaving: true, highest: 9}, failed,
		},
		"below the last stream, over": {
			known{stream: 5, accepted: 7, leaving: true, highest: 9, over: true}, leaving,
		},
		"the last stream, over": {
			known{stream: 7, accepted: 7, leaving: true, highest: 9, over: true}, lastOfAll,
		},
		"all streams accepted, over": {
			known{stream: 7, accepted: math.MaxInt32, leaving: true, highest: 9, over: true}, leaving,
		},
		"over":                          {known{stream: 7, highest: 9, over: true}, perhaps},
		"over right behind it":          {known{stream: 9, highest: 9, over: true}, suspect},
		"closed, as no ping came back":  {known{stream: 7, highest: 9, shut: true}, perhaps},
		"over, and it was the only one": {known{stream: 1, highest: 1, over: true}, failed},
		"over after GOAWAY, the only one": {
			known{stream: 1, highest: 1, accepted: 1, leaving: true, over: true}, lastOfAll,
		},
		"refused": {
			known{stream: 7, highest: 9, reset: true, code: codeRefused}, notTaken,
		},
		"reset": {
			known{stream: 7, highest: 9, reset: true, code: 2},
			failed,
		},
		"reset with NO_ERROR": {known{stream: 7, highest: 9, reset: true}, failed},
		"reset after GOAWAY": {
			known{stream: 7, accepted: 9, highest: 9, leaving: true, reset: true, code: 1}, leaving,
		},
		"of a connection in order": {known{stream: 7, highest: 9}, failed},
		"HTTP/1.1, used, over": {
			known{http1: true, used: true, sent: 9, over: true},
			perhaps,
		},
		"HTTP/1.1, used, over, part of it came": {
			known{http1: true, used: true, sent: 9, received: 1, over: true}, failed,
		},
		"HTTP/1.1, used, could not be written": {
			known{http1: true, used: true, broken: true},
			notTaken,
		},
		"HTTP/1.1, new, over":                    {known{http1: true, sent: 9, over: true}, failed},
		"HTTP/1.1, new, over before it was sent": {known{http1: true, over: true}, notTaken},
		"HTTP/1.1, in order":                     {known{http1: true, used: true, sent: 9}, failed},
		"HTTP/1.1, closed by us": {
			known{http1: true, used: true, sent: 9, shut: true},
			failed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := test.known
			w := &wire{
				http2:    !k.http1,
				received: 100 + k.received,
				sent:     100 + k.sent,
				highest:  k.highest,
				unsent:   math.MaxUint32,
				accepted: math.MaxUint32,
				leaving:  k.leaving,
				over:     k.over,
				broken:   k.broken,
				closed:   k.shut,
				streams:  map[uint32]reset{k.stream: {k.reset, k.code}},
			}
			if k.unsent > 0 {
				w.unsent = k.unsent
			}
			if k.accepted > 0 {
				w.accepted = k.accepted
			}
			e := &exchange{conn: &conn{wire: w}, used: k.used, received: 100, sent: 100}
			e.stream.Store(k.stream)
			cause := errors.New("why")
			err := e.judge(cause)
			var got lost
			if l, ok := errors.AsType[*http1.LostError](err); ok {
				got = lost{true, l.Sent, l.Leaving, l.Suspect}
			}
			if got != test.want || !errors.Is(err, cause) {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

// frameOf returns a frame.
func frameOf(kind, flags byte, stream uint32, payload ...byte) []byte {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	return append(binary.BigEndian.AppendUint32(b, stream), payload...)
}

func uint32s(values ...uint32) (b []byte) {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// What a receiver tells of its connection is noted, in whatever pieces it comes.
func TestNotes(t *testing.T) {
	text := frameOf(frameSettings, 0, 0, 0, 4, 0, 1, 0, 0, 0, settingMaxConcurrent, 0, 0, 0, 8)
	text = append(text, frameOf(frameSettings, flagAck, 0)...)
	text = append(text, frameOf(0, 0, 3, make([]byte, 1000)...)...)
	text = append(text, frameOf(frameGoAway, 0, 0, uint32s(math.MaxInt32, 0)...)...)
	text = append(text, frameOf(frameReset, 0, 3, uint32s(7)...)...)
	text = append(text, frameOf(frameReset, 0, 3, uint32s(5)...)...)
	text = append(text, frameOf(frameReset, 0, 99, uint32s(7)...)...)
	text = append(
		text,
		frameOf(frameGoAway, 0, 0, append(uint32s(5, 0xfffffc7a), "debug data"...)...)...)
	text = append(text, frameOf(frameGoAway, 0, 0, uint32s(9, 0)...)...)
	for size := 1; size <= len(text); size++ {
		w := &wire{http2: true, accepted: math.MaxUint32, streams: map[uint32]reset{3: {}, 5: {}}}
		for rest := text; len(rest) > 0; {
			n := min(size, len(rest))
			w.read(rest[:n])
			rest = rest[n:]
		}
		if w.most != 8 || !w.leaving || w.accepted != 5 || w.streams[3] != (reset{true, 7}) ||
			w.streams[5].told ||
			len(w.streams) != 2 {
			t.Fatalf("in pieces of %d bytes: %d at once, leaving %t after %d, streams %v", size, w.most,
				w.leaving, w.accepted, w.streams)
		}
	}
}

// The streams that are begun are noted, in whatever pieces they are written.
func TestStreams(t *testing.T) {
	text := bytes.Repeat([]byte{0}, prefaceLength)
	text = append(text, frameOf(frameSettings, 0, 0, make([]byte, 700)...)...)
	text = append(text, frameOf(frameHeaders, 4, 1, make([]byte, 50)...)...)
	text = append(text, frameOf(0, 1, 1, make([]byte, 50)...)...)
	text = append(text, frameOf(frameHeaders, 4, 3, make([]byte, 50)...)...)
	for size := 1; size <= len(text); size++ {
		w := &wire{http2: true, out: frames{skip: prefaceLength}, streams: map[uint32]reset{}}
		for rest := text; len(rest) > 0; {
			n := min(size, len(rest))
			w.begin(rest[:n])
			rest = rest[n:]
		}
		if w.highest != 3 || len(w.streams) != 2 {
			t.Fatalf("in pieces of %d bytes: highest stream %d, %d streams", size, w.highest, len(w.streams))
		}
	}
}

// FuzzNotes: whatever a receiver sends, it is followed without a panic, and pieces make no
// difference.
func FuzzNotes(f *testing.F) {
	f.Add(frameOf(frameGoAway, 0, 0, uint32s(5, 0)...), 3)
	f.Add(frameOf(frameSettings, 0, 0, 1, 2, 3), 1)
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		whole := &wire{http2: true, accepted: math.MaxUint32, streams: map[uint32]reset{1: {}}}
		whole.read(text)
		pieces := &wire{http2: true, accepted: math.MaxUint32, streams: map[uint32]reset{1: {}}}
		for rest := text; len(rest) > 0; {
			n := min(max(1, size), len(rest))
			pieces.read(rest[:n])
			rest = rest[n:]
		}
		if whole.most != pieces.most || whole.accepted != pieces.accepted ||
			whole.streams[1] != pieces.streams[1] {
			t.Errorf("%x: at once %+v, in pieces %+v", text, whole, pieces)
		}
	})
}
