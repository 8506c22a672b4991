package pgtext

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendString appends s as JavaScript's JSON.stringify quotes it: only what JSON demands is
// escaped, in its shortest form.
//
// Bytes that are no UTF-8, which a database of encoding SQL_ASCII may hold, become U+FFFD.
//
// https://tc39.es/ecma262/#sec-quotejsonstring
func AppendString[S ~string | ~[]byte](dst []byte, s S) []byte {
	begin := len(dst)
	dst = append(dst, '"')
	start := 0
	i, high := plain(s, 0)
	for i < len(s) {
		dst = append(dst, s[start:i]...)
		switch c := s[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		start = i + 1
		var more bool
		i, more = plain(s, start)
		high = high || more
	}
	dst = append(dst, s[start:]...)
	if high && !utf8.Valid(dst[begin:]) {
		valid := strings.ToValidUTF8(string(dst[begin:]), "\uFFFD")
		dst = append(dst[:begin], valid...)
	}
	return append(dst, '"')
}

// plain returns the index of the first byte of s, from i on, that a JSON string has to escape,
// len(s) when there is none; and whether bytes beyond ASCII come before it, or shortly after.
//
// It looks at eight bytes at a time, by the arithmetic of
// https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord.
func plain[S ~string | ~[]byte](s S, i int) (end int, high bool) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	var seen uint64
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, backslash := w^ones*'"', w^ones*'\\'
		seen |= w
		low := (w - ones*0x20) &^ w
		if found := (low | (quote-ones)&^quote | (backslash-ones)&^backslash) & tops; found != 0 {
			return i + bits.TrailingZeros64(found)/8, seen&tops != 0
		}
	}
	for ; i < len(s); i++ {
		c := s[i]
		seen |= uint64(c)
		if c < 0x20 || c == '"' || c == '\\' {
			break
		}
	}
	return i, seen&tops != 0
}

// JSONKey returns a key of a JSON object, with the colon behind it.
func JSONKey(name string) []byte { return append(AppendString(nil, name), ':') }

// AppendPadded appends n with zeros before it to at least width digits, 6 at most.
func AppendPadded(dst []byte, n, width int) []byte {
	for limit := [...]int{1, 10, 100, 1e3, 1e4, 1e5}[width-1]; limit > 1 && n < limit; limit /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(n), 10)
}
