package https

import "encoding/binary"

// The HTTP/2 frames that tell what becomes of a request.
//
// https://www.rfc-editor.org/rfc/rfc9113#name-frame-definitions
const (
	frameHeaders  = 0x1
	frameReset    = 0x3
	frameSettings = 0x4
	frameGoAway   = 0x7

	flagAck              = 0x1
	settingMaxConcurrent = 0x3
	codeRefused          = 0x7
)

const (
	prefaceLength = 24 // of what a client sends before its first frame
	headLength    = 9
	maxSettings   = 100 * 6 // bytes of SETTINGS that are looked at
)

// frame is the head of an HTTP/2 frame, and the beginning of what it holds.
type frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte // of SETTINGS, GOAWAY and RST_STREAM; valid during the call
}

// frames follows one direction of an HTTP/2 connection.
type frames struct {
	skip    int // bytes until the next head
	head    []byte
	payload []byte
	missing int // of payload
	rest    int // of the frame, behind payload
}

// follow takes the next piece, of any size, and calls each with every frame that is there now.
func (f *frames) follow(piece []byte, each func(frame)) {
	for len(piece) > 0 {
		switch {
		case f.skip > 0:
			n := min(f.skip, len(piece))
			f.skip, piece = f.skip-n, piece[n:]
			continue
		case len(f.head) < headLength:
			n := min(headLength-len(f.head), len(piece))
			f.head, piece = append(f.head, piece[:n]...), piece[n:]
			if len(f.head) < headLength {
				return
			}
			f.begin()
		default:
			n := min(f.missing, len(piece))
			f.payload, piece = append(f.payload, piece[:n]...), piece[n:]
			f.missing -= n
		}
		if f.missing == 0 {
			each(frame{
				kind: f.head[3], flags: f.head[4], payload: f.payload,
				stream: binary.BigEndian.Uint32(f.head[5:]) &^ (1 << 31),
			})
			f.skip, f.head, f.payload = f.rest, f.head[:0], f.payload[:0]
		}
	}
}

// begin takes a head that is complete.
func (f *frames) begin() {
	length := int(f.head[0])<<16 | int(f.head[1])<<8 | int(f.head[2])
	switch f.head[3] {
	case frameSettings:
		f.missing = min(length, maxSettings)
	case frameGoAway, frameReset:
		f.missing = min(length, 8)
	}
	f.rest = length - f.missing
}
