package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"hookline/mapper"
)

// mark is the prefix that tells Hookline's operations from those that Twenty serves itself. Twenty stores such an operation and never
// matches it.
const mark = "hookline:"

var (
	errOperations = errors.New("want text[], a JSON array of strings, or a list separated by commas or spaces")

	// errMetadata says that an operation is one of Twenty's own, which Hookline has no events for.
	errMetadata = errors.New("metadata operations are not sent")
)

// checkOperation reports whether an operation, without its mark, is a pattern: object.action, object.*, *.action or *.*. Any object will
// do, as it may be made later.
func checkOperation(operation string) error {
	object, action, _ := strings.Cut(operation, ".")
	if object == "metadata" && strings.Contains(action, ".") {
		return errMetadata
	}
	_, known := mapper.ParseAction(action)
	if (object == "*" || isName(object)) && (action == "*" || known) {
		return nil
	}
	return fmt.Errorf("operation %.64q: want an object or *, a dot, and created, updated, deleted, restored, destroyed, "+
		"published, unpublished or *", operation)
}

func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// parseOperations reads the text of a column of operations, whatever its type.
func parseOperations(text string) ([]string, error) {
	text = strings.TrimSpace(text)
	if lower, rest, found := strings.Cut(text, "="); found && strings.HasPrefix(lower, "[") && strings.HasPrefix(rest, "{") {
		text = rest // an array whose first index is not 1: [0:1]={a,b}
	}
	switch {
	case text == "null": // of jsonb
		return []string{"*.*"}, nil
	case strings.HasPrefix(text, "{"):
		return parseArray(text)
	case strings.HasPrefix(text, "["):
		var list []string
		if json.Unmarshal([]byte(text), &list) != nil {
			return nil, errOperations
		}
		return list, nil
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }), nil
}

// parseArray reads the text form of a one-dimensional array: {a,"b \"c\"",NULL}. A null element reads as "NULL".
//
// https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
func parseArray(text string) ([]string, error) {
	if !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") || len(text) < 2 {
		return nil, errOperations
	}
	rest := text[1 : len(text)-1]
	if rest == "" {
		return nil, nil
	}
	for list := []string(nil); ; {
		var element string
		var err error
		if element, rest, err = cutElement(rest); err != nil {
			return nil, err
		}
		list = append(list, element)
		if rest == "" {
			return list, nil
		}
		if rest[0] != ',' {
			return nil, errOperations
		}
		rest = rest[1:]
	}
}

// cutElement returns the first element of an array's text, and what follows it.
func cutElement(text string) (element, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, `,{}"\`)
		if end < 0 {
			end = len(text)
		}
		if end == 0 {
			return "", "", errOperations
		}
		return text[:end], text[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], nil
		case '\\':
			if i++; i == len(text) {
				return "", "", errOperations
			}
		}
		b.WriteByte(text[i])
	}
	return "", "", errOperations
}
