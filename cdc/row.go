package cdc

import (
	"bytes"
	"errors"
	"fmt"
)

var errRow = errors.New("the text is not one of a row")

// parseRow reads the text of a row and returns its columns, those without that are not sent. The values keep src, which is overwritten.
//
// https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX
func parseRow(src []byte, sent []bool) (Tuple, error) {
	if len(src) < 2 || src[0] != '(' || src[len(src)-1] != ')' {
		return nil, errRow
	}
	src = src[1:]
	row := make(Tuple, 0, len(sent))
	for i, wanted := range sent {
		v, rest, err := parseColumn(src)
		if err != nil {
			return nil, err
		}
		end := byte(',')
		if i == len(sent)-1 {
			end = ')'
		}
		if len(rest) == 0 || rest[0] != end || (end == ')') != (len(rest) == 1) {
			return nil, fmt.Errorf("%w of %d columns", errRow, len(sent))
		}
		if src = rest[1:]; wanted {
			row = append(row, v)
		}
	}
	return row, nil
}

// parseColumn reads one column's text, up to the comma or bracket that follows. An empty one without quotes is null.
func parseColumn(src []byte) (v Value, rest []byte, err error) {
	if len(src) == 0 || src[0] != '"' {
		n := bytes.IndexAny(src, ",)")
		if n <= 0 {
			return Value{}, src, nil
		}
		return Text(src[:n:n]), src[n:], nil
	}
	n := 0 // of the text, which is written over what was read of src
	for i := 1; i+1 < len(src); i++ {
		c := src[i]
		if c == '"' || c == '\\' {
			if c == '"' && src[i+1] != '"' {
				return Text(src[:n:n]), src[i+1:], nil
			}
			i++
		}
		src[n] = src[i]
		n++
	}
	return Value{}, nil, errRow
}
