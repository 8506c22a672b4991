package cdc

import (
	"fmt"

	"hookline/internal/pg"
)

// parseRow reads the text of a row and returns its columns, but those whose sent is false. The
// values keep src, which is overwritten.
func parseRow(src []byte, sent []bool) (Tuple, error) {
	if len(src) < 2 || src[0] != '(' || src[len(src)-1] != ')' {
		return nil, pg.ErrText
	}
	src = src[1:]
	row := make(Tuple, 0, len(sent))
	for i, wanted := range sent {
		text, rest, err := pg.CutColumn(src)
		if err != nil {
			return nil, err
		}
		end := byte(',')
		if i == len(sent)-1 {
			end = ')'
		}
		if len(rest) == 0 || rest[0] != end || (end == ')') != (len(rest) == 1) {
			return nil, fmt.Errorf("%w of %d columns", pg.ErrText, len(sent))
		}
		src = rest[1:]
		switch {
		case !wanted:
		case text == nil:
			row = append(row, Value{})
		default:
			row = append(row, Text(text))
		}
	}
	return row, nil
}
