package pgtext

import (
	"encoding/binary"
	"encoding/hex"
	"math"
)

// AppendGeometry appends a geometry or geography of PostGIS as GeoJSON, as ST_AsGeoJSON prints it
// but for the name of its reference system. Its text is EWKB in hexadecimal. What GeoJSON has no
// form for, such as curves and what has an M, stays that.
//
// https://github.com/postgis/postgis/blob/master/doc/ZMSgeoms.txt
// https://www.rfc-editor.org/rfc/rfc7946
func AppendGeometry(dst, text []byte) []byte {
	data := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(data, text); err != nil {
		return AppendString(dst, text)
	}
	r := ewkbReader{rest: data, out: dst}
	if !r.geometry(0) || len(r.rest) > 0 {
		return AppendString(dst, text)
	}
	return r.out
}

// The types of geometries that GeoJSON knows, by their numbers in EWKB. A multi-geometry is 3 more
// than what it is made of.
var geometryTypes = [...]string{
	1: "Point", 2: "LineString", 3: "Polygon",
	4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon", 7: "GeometryCollection",
}

const (
	ewkbPoint      = 1
	ewkbMulti      = 3
	ewkbCollection = 7

	ewkbZ    = 0x80000000
	ewkbM    = 0x40000000
	ewkbSRID = 0x20000000
)

// ewkbReader reads EWKB and prints it as it goes. Its methods report whether it is well-formed so
// far.
type ewkbReader struct {
	rest  []byte
	out   []byte
	order binary.ByteOrder
}

func (r *ewkbReader) print(text string) { r.out = append(r.out, text...) }

func (r *ewkbReader) number() (n uint32, ok bool) {
	if len(r.rest) < 4 {
		return 0, false
	}
	n = r.order.Uint32(r.rest)
	r.rest = r.rest[4:]
	return n, true
}

// header reads what stands before every geometry: its type, and how many coordinates a point has.
func (r *ewkbReader) header() (kind uint32, dimensions int, ok bool) {
	if len(r.rest) == 0 || r.rest[0] > 1 {
		return 0, 0, false
	}
	r.order = binary.BigEndian
	if r.rest[0] == 1 {
		r.order = binary.LittleEndian
	}
	r.rest = r.rest[1:]
	flags, ok := r.number()
	if ok && flags&ewkbSRID != 0 {
		_, ok = r.number()
	}
	if dimensions = 2; flags&ewkbZ != 0 {
		dimensions = 3
	}
	kind = flags &^ (ewkbZ | ewkbSRID)
	return kind, dimensions, ok && flags&ewkbM == 0 && kind >= ewkbPoint && kind <= ewkbCollection
}

// geometry reads one with its header. Collections may nest, but not for ever.
func (r *ewkbReader) geometry(depth int) bool {
	const deepest = 100
	kind, dimensions, ok := r.header()
	if !ok || depth > deepest {
		return false
	}
	r.print(`{"type":"` + geometryTypes[kind])
	if kind == ewkbCollection {
		r.print(`","geometries":`)
		ok = r.list(func() bool { return r.geometry(depth + 1) })
	} else {
		r.print(`","coordinates":`)
		ok = r.coordinates(kind, dimensions)
	}
	r.print("}")
	return ok
}

// coordinates reads a geometry of a kind, without its header.
func (r *ewkbReader) coordinates(kind uint32, dimensions int) bool {
	if kind == ewkbPoint {
		return r.point(dimensions)
	}
	return r.list(func() bool {
		if kind <= ewkbMulti {
			return r.coordinates(kind-1, dimensions)
		}
		part, has, ok := r.header()
		return ok && part == kind-ewkbMulti && r.coordinates(part, has)
	})
}

// list reads a number, and so many elements.
func (r *ewkbReader) list(element func() bool) bool {
	n, ok := r.number()
	r.print("[")
	for i := uint32(0); ok && i < n; i++ {
		if i > 0 {
			r.print(",")
		}
		ok = element()
	}
	r.print("]")
	return ok
}

// point reads the coordinates of one; those of an empty one are no numbers.
func (r *ewkbReader) point(dimensions int) bool {
	if len(r.rest) < 8*dimensions {
		return false
	}
	start, empty := len(r.out), 0
	r.print("[")
	for i := range dimensions {
		if i > 0 {
			r.print(",")
		}
		f := math.Float64frombits(r.order.Uint64(r.rest[8*i:]))
		if math.IsInf(f, 0) {
			return false
		}
		if math.IsNaN(f) {
			empty++
		}
		r.out = appendDouble(r.out, f)
	}
	if empty == dimensions {
		r.out = r.out[:start+1]
	}
	r.print("]")
	r.rest = r.rest[8*dimensions:]
	return empty == 0 || empty == dimensions
}
