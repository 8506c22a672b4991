package mapper

import (
	"encoding/binary"
	"math/bits"

	"hookline/cdc"
)

// A row is packed as the values of its columns, each behind a number: 0 is null, 1 is unchanged,
// else the length of the text and 2.

// packedSize is how many bytes a packed row takes.
func packedSize(row cdc.Tuple) (n int) {
	for i := range row {
		n += uvarintSize(len(row[i].Bytes())+2) + len(row[i].Bytes())
	}
	return n
}

// uvarintSize is how many bytes a number takes in binary.AppendUvarint.
func uvarintSize(n int) int { return (bits.Len(uint(n)|1) + 6) / 7 }

// pack appends a packed row to dst.
func pack(dst []byte, row cdc.Tuple) []byte {
	for i := range row {
		switch v := row[i]; {
		case v.IsNull():
			dst = append(dst, 0)
		case v.IsUnchanged():
			dst = append(dst, 1)
		default:
			dst = binary.AppendUvarint(dst, uint64(len(v.Bytes()))+2)
			dst = append(dst, v.Bytes()...)
		}
	}
	return dst
}

// unpack appends the columns of a packed row, which they keep, to dst.
func unpack(dst cdc.Tuple, src []byte) cdc.Tuple {
	for len(src) > 0 {
		n, width := binary.Uvarint(src)
		src = src[width:]
		switch n {
		case 0:
			dst = append(dst, cdc.Value{})
		case 1:
			dst = append(dst, cdc.Unchanged())
		default:
			length := n - 2
			dst = append(dst, cdc.Text(src[:length:length]))
			src = src[length:]
		}
	}
	return dst
}
