package pgtext

import (
	"bytes"
	"slices"
)

// Encoder appends to dst, as one JSON value, what text says: a value that is not null, as its
// type's output function prints it. It never fails: text that it cannot read becomes a JSON string.
type Encoder func(dst, text []byte) []byte

// Attribute is one attribute of a composite type.
type Attribute struct {
	Key     []byte // `"name":`
	Encode  Encoder
	Omitted bool // it is left out
}

// AppendText appends a text as a JSON string.
func AppendText(dst, text []byte) []byte { return AppendString(dst, text) }

// AppendBool appends a boolean as JSON.
func AppendBool(dst, text []byte) []byte {
	switch string(text) {
	case "t":
		return append(dst, "true"...)
	case "f":
		return append(dst, "false"...)
	}
	return AppendString(dst, text)
}

// AppendNumber appends integers, floats and numerics; NaN and Infinity, which JSON lacks, are
// strings.
func AppendNumber(dst, text []byte) []byte {
	if !isNumber(text) {
		return AppendString(dst, text)
	}
	return append(dst, text...)
}

// isNumber reports whether b is a number of JSON.
//
// https://www.rfc-editor.org/rfc/rfc8259#section-6
func isNumber(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte("-"))
	whole := digits(b)
	if whole == 0 || whole > 1 && b[0] == '0' {
		return false
	}
	b = b[whole:]
	if len(b) > 0 && b[0] == '.' {
		fraction := digits(b[1:])
		if fraction == 0 {
			return false
		}
		b = b[1+fraction:]
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		exponent := digits(b)
		if exponent == 0 {
			return false
		}
		b = b[exponent:]
	}
	return len(b) == 0
}

// digits returns how many digits b begins with.
func digits(b []byte) int {
	for i, c := range b {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(b)
}

// AppendTimestamp appends a timestamp without time zone, taken as UTC.
func AppendTimestamp(dst, text []byte) []byte { return appendMoment(dst, text, "", "Z") }

// AppendPlainTimestamp appends a timestamp without time zone as one that has none.
func AppendPlainTimestamp(dst, text []byte) []byte { return appendMoment(dst, text, "", "") }

// AppendTimestamptz appends a timestamp with time zone, printed by a session whose time zone is
// UTC.
func AppendTimestamptz(dst, text []byte) []byte { return appendMoment(dst, text, "+00", "Z") }

// appendMoment turns 2025-02-10 15:30:45.5<offset> into 2025-02-10T15:30:45.5<zone>. Postgres has
// trimmed the fraction already. What RFC 3339 cannot say stays as near to it as possible: infinity,
// years of five digits, and BC after the zone.
//
// https://www.rfc-editor.org/rfc/rfc3339#section-5.6
func appendMoment(dst, text []byte, offset, zone string) []byte {
	body, era := text, ""
	if bytes.HasSuffix(body, []byte(" BC")) {
		era = " BC"
		body = body[:len(body)-len(era)]
	}
	body, utc := bytes.CutSuffix(body, []byte(offset))
	day, clock, found := bytes.Cut(body, []byte(" "))
	if !utc || !found || !made(day, '-') || !made(clock, ':') {
		return AppendString(dst, text)
	}
	dst = append(dst, '"')
	dst = append(dst, day...)
	dst = append(dst, 'T')
	dst = append(dst, clock...)
	dst = append(dst, zone...)
	dst = append(dst, era...)
	return append(dst, '"')
}

// made reports whether b is made of digits, points and separator alone.
func made(b []byte, separator byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && c != separator && c != '.' {
			return false
		}
	}
	return len(b) > 0
}

// appendVector appends an int2vector or oidvector: elements with a space between.
func appendVector(dst, text []byte, element Encoder) []byte {
	dst = append(dst, '[')
	first := true
	for part := range bytes.FieldsSeq(text) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = element(dst, part)
	}
	return append(dst, ']')
}

// AppendArray appends an array as nested JSON arrays; the bounds that go before one with unusual
// subscripts are dropped.
//
// https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
func AppendArray(dst, text []byte, delimiter byte, element Encoder) []byte {
	start, rest := len(dst), text
	if len(rest) > 0 && rest[0] == '[' {
		_, rest, _ = bytes.Cut(rest, []byte("="))
	}
	const (
		wantValue = iota
		wantValueOrEnd
		wantDelimiterOrEnd
	)
	var scratch []byte
	want, depth := wantValue, 0
	for len(rest) > 0 {
		c := rest[0]
		switch {
		case c == '}' && want != wantValue:
			dst = append(dst, ']')
			rest = rest[1:]
			if depth--; depth == 0 && len(rest) == 0 {
				return dst
			}
			want = wantDelimiterOrEnd
		case depth == 0 && (c != '{' || want != wantValue): // before the array, or after it
			return AppendString(dst[:start], text)
		case c == delimiter && want == wantDelimiterOrEnd:
			dst = append(dst, ',')
			rest = rest[1:]
			want = wantValue
		case c == '{' && want != wantDelimiterOrEnd:
			dst = append(dst, '[')
			rest = rest[1:]
			depth++
			want = wantValueOrEnd
		case c == '"' && want != wantDelimiterOrEnd:
			var value []byte
			var ok bool
			if value, rest, ok = unquote(rest, &scratch); !ok {
				return AppendString(dst[:start], text)
			}
			dst = element(dst, value)
			want = wantDelimiterOrEnd
		default:
			n := unquoted(rest, delimiter)
			if n == 0 || n == len(rest) || want == wantDelimiterOrEnd {
				return AppendString(dst[:start], text)
			}
			if value := rest[:n]; string(value) == "NULL" {
				dst = append(dst, "null"...)
			} else {
				dst = element(dst, value)
			}
			rest = rest[n:]
			want = wantDelimiterOrEnd
		}
	}
	return AppendString(dst[:start], text)
}

// unquoted returns how long the element of an array is that text begins with.
func unquoted(text []byte, delimiter byte) int {
	for i, c := range text {
		switch c {
		case delimiter, '{', '}', '"', '\\':
			return i
		}
	}
	return len(text)
}

// AppendComposite appends a row as a JSON object. What is no row, or has not as many fields as
// there are attributes, is appended as a string.
//
// https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX
func AppendComposite(dst, text []byte, attributes []Attribute) []byte {
	start := len(dst)
	inner, ok := bytes.CutPrefix(text, []byte("("))
	rest, closed := bytes.CutSuffix(inner, []byte(")"))
	if !ok || !closed {
		return asText(dst, text, attributes)
	}
	dst = append(dst, '{')
	if len(attributes) == 0 && len(rest) == 0 {
		return append(dst, '}')
	}
	var scratch []byte
	for i := 0; ; i++ {
		if i == len(attributes) {
			return asText(dst[:start], text, attributes)
		}
		before := len(dst)
		if before > start+1 {
			dst = append(dst, ',')
		}
		dst = append(dst, attributes[i].Key...)
		var value []byte
		switch {
		case len(rest) == 0 || rest[0] == ',':
			dst = append(dst, "null"...)
		case rest[0] == '"':
			if value, rest, ok = unquote(rest, &scratch); !ok {
				return asText(dst[:start], text, attributes)
			}
			dst = attributes[i].Encode(dst, value)
		default:
			n := bytes.IndexByte(rest, ',')
			if n < 0 {
				n = len(rest)
			}
			dst = attributes[i].Encode(dst, rest[:n])
			rest = rest[n:]
		}
		if attributes[i].Omitted {
			dst = dst[:before]
		}
		if len(rest) == 0 {
			if i+1 < len(attributes) {
				return asText(dst[:start], text, attributes)
			}
			return append(dst, '}')
		}
		if rest[0] != ',' {
			return asText(dst[:start], text, attributes)
		}
		rest = rest[1:]
	}
}

// asText appends a row that cannot be read with these attributes: as a string, or as null where
// some of it would have to be left out.
func asText(dst, text []byte, attributes []Attribute) []byte {
	if slices.ContainsFunc(attributes, func(a Attribute) bool { return a.Omitted }) {
		return append(dst, "null"...)
	}
	return AppendString(dst, text)
}

// AppendHstore appends an hstore as a JSON object of strings and nulls.
//
// https://www.postgresql.org/docs/current/hstore.html
func AppendHstore(dst, text []byte) []byte {
	return printHstore(dst, text, func([]byte) bool { return false })
}

// printHstore leaves out the pairs whose key hides them.
func printHstore(dst, text []byte, hides func(key []byte) bool) []byte {
	start, rest := len(dst), text
	var scratch []byte
	dst = append(dst, '{')
	for len(rest) > 0 {
		if len(rest) < len(text) {
			if !bytes.HasPrefix(rest, []byte(", ")) {
				return AppendString(dst[:start], text)
			}
			rest = rest[len(", "):]
		}
		key, value, ok := unquote(rest, &scratch)
		if !ok || !bytes.HasPrefix(value, []byte("=>")) {
			return AppendString(dst[:start], text)
		}
		before, hidden := len(dst), hides(key)
		if before > start+1 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, key), ':')
		rest = value[len("=>"):]
		if after, null := bytes.CutPrefix(rest, []byte("NULL")); null {
			dst = append(dst, "null"...)
			rest = after
		} else {
			if value, rest, ok = unquote(rest, &scratch); !ok {
				return AppendString(dst[:start], text)
			}
			dst = AppendString(dst, value)
		}
		if hidden {
			dst = dst[:before]
		}
	}
	return append(dst, '}')
}

// unquote splits text after the quoted string that it begins with. Inside, a backslash makes the
// next character ordinary and a doubled quote is a quote: arrays and hstore escape the one way,
// rows both. The value is part of text, or of scratch when it had escapes.
func unquote(text []byte, scratch *[]byte) (value, rest []byte, ok bool) {
	if len(text) == 0 || text[0] != '"' {
		return nil, nil, false
	}
	plain, escaped, start := (*scratch)[:0], false, 1
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			if i+1 == len(text) || text[i+1] != '"' {
				if !escaped {
					return text[start:i], text[i+1:], true
				}
				*scratch = append(plain, text[start:i]...)
				return *scratch, text[i+1:], true
			}
		case '\\':
		default:
			continue
		}
		plain = append(plain, text[start:i]...)
		escaped = true
		i++ // the character after is ordinary
		start = i
	}
	return nil, nil, false
}

// VectorOf encodes an int2vector or oidvector by its elements.
func VectorOf(element Encoder) Encoder {
	return func(dst, text []byte) []byte { return appendVector(dst, text, element) }
}

// ArrayOf encodes an array by its elements.
func ArrayOf(element Encoder, delimiter byte) Encoder {
	return func(dst, text []byte) []byte { return AppendArray(dst, text, delimiter, element) }
}
