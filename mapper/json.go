package mapper

import (
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendString appends s as JavaScript's JSON.stringify quotes it: only what JSON demands is escaped, in its shortest form.
//
// Bytes that are no UTF-8, which a database of encoding SQL_ASCII may hold, become U+FFFD.
//
// https://tc39.es/ecma262/#sec-quotejsonstring
func appendString[S ~string | ~[]byte](dst []byte, s S) []byte {
	begin := len(dst)
	dst = append(dst, '"')
	start := 0
	var high byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		high |= c
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
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
	}
	dst = append(dst, s[start:]...)
	if high >= utf8.RuneSelf && !utf8.Valid(dst[begin:]) {
		valid := strings.ToValidUTF8(string(dst[begin:]), "\uFFFD")
		dst = append(dst[:begin], valid...)
	}
	return append(dst, '"')
}
