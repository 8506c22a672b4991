package pg

import (
	"bytes"
	"errors"
	"strings"
)

// ErrText says that a text is not what the server prints for a row, or an array.
var ErrText = errors.New("the text is not one of a row or an array")

// ErrNull says that an array has an element that is null.
var ErrNull = errors.New("the array has a null")

// CutColumn splits the text of a row, behind its opening bracket, after the first column. The value
// is nil for null. It is part of src, which is overwritten where the value has escapes. What is
// left begins with the comma or the bracket that follows.
//
// https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX
func CutColumn(src []byte) (value, rest []byte, err error) {
	if len(src) > 0 && src[0] == '"' {
		return cutQuoted(src)
	}
	n := bytes.IndexAny(src, ",)")
	if n <= 0 { // an empty column without quotes
		return nil, src, nil
	}
	return src[:n:n], src[n:], nil
}

// ParseArray reads the text of an array of one dimension: {a,"b \"c\"",NULL}. Bounds that stand
// before it are passed over. Where some elements are null, the error is ErrNull, beside the others.
//
// The array types of pgtype would flatten an array of two dimensions, and take {a,} for one.
//
// https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
func ParseArray(text string) (elements []string, err error) {
	if bounds, rest, found := strings.Cut(text, "="); found && strings.HasPrefix(bounds, "[") {
		text = rest
	}
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return nil, ErrText
	}
	if text == "{}" {
		return nil, nil
	}
	var null error
	for rest := []byte(text[1 : len(text)-1]); ; rest = rest[1:] {
		var element []byte
		quoted := len(rest) > 0 && rest[0] == '"'
		if element, rest, err = cutElement(rest); err != nil {
			return nil, err
		}
		if !quoted && string(element) == "NULL" { // the text is quoted
			null = ErrNull
		} else {
			elements = append(elements, string(element))
		}
		if len(rest) == 0 {
			return elements, null
		}
		if rest[0] != ',' {
			return nil, ErrText
		}
	}
}

// cutElement splits the inside of an array after its first element.
func cutElement(src []byte) (element, rest []byte, err error) {
	if len(src) > 0 && src[0] == '"' {
		return cutQuoted(src)
	}
	n := bytes.IndexAny(src, `,{}"\`)
	if n < 0 {
		n = len(src)
	}
	if n == 0 {
		return nil, nil, ErrText
	}
	return src[:n], src[n:], nil
}

// cutQuoted splits src after the quoted text that it begins with. A backslash makes the next
// character an ordinary one, and a doubled quote is a quote. The text is written over src.
func cutQuoted(src []byte) (text, rest []byte, err error) {
	n := 0
	for i := 1; i < len(src); i++ {
		c := src[i]
		if c == '"' && (i+1 == len(src) || src[i+1] != '"') {
			return src[:n:n], src[i+1:], nil
		}
		if c == '"' || c == '\\' {
			if i++; i == len(src) {
				break
			}
		}
		src[n] = src[i]
		n++
	}
	return nil, nil, ErrText
}
