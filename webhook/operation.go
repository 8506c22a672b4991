package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"hookline/internal/pg"
	"hookline/mapper"
)

var (
	errOperations = errors.New(
		"want text[], a JSON array of strings, or a list separated by commas or spaces")

	// errMetadata says that an operation is one of Twenty's own, which Hookline has no events for.
	errMetadata = errors.New("metadata operations are not sent")
)

// checkOperation reports whether an operation, without its mark, is a pattern: object.action,
// object.*, *.action or *.*. Any object will do, as it may be made later.
func checkOperation(operation string) error {
	object, action, _ := strings.Cut(operation, ".")
	if object == "metadata" && strings.Contains(action, ".") {
		return errMetadata
	}
	a, known := mapper.ParseAction(action)
	known = known && !a.OfOperator()
	if (object == "*" || isName(object)) && (action == "*" || known) {
		return nil
	}
	return fmt.Errorf(
		"%.64q: want an object or *, a dot, and created, updated, deleted, restored, "+
			"destroyed, "+
			"published, unpublished or *",
		operation,
	)
}

// operatorEvents returns what a pattern such as hookline.* or hookline.failing stands for in
// Hookline's own table; ok is false when it is of records.
func operatorEvents(operation string) (list []mapper.Action, ok bool) {
	name, ok := strings.CutPrefix(operation, mapper.Operator+".")
	if !ok {
		return nil, false
	}
	if name == "*" {
		return mapper.OperatorActions(), true
	}
	a, known := mapper.ParseAction(name)
	return []mapper.Action{a}, known && a.OfOperator()
}

func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// parseOperations reads the text of a column of operations, whatever its type. Where some are null,
// the error is pg.ErrNull, beside the others.
func parseOperations(text string) ([]string, error) {
	text = strings.TrimSpace(text)
	if lower, rest, found := strings.Cut(text, "="); found && strings.HasPrefix(lower, "[") &&
		strings.HasPrefix(rest, "{") {
		text = rest // an array whose first index is not 1: [0:1]={a,b}
	}
	switch {
	case text == "null": // of jsonb
		return []string{"*.*"}, nil
	case strings.HasPrefix(text, "{"):
		list, err := pg.ParseArray(text)
		if err != nil && !errors.Is(err, pg.ErrNull) {
			return nil, errOperations
		}
		return list, err
	case strings.HasPrefix(text, "["):
		var list []string
		if json.Unmarshal([]byte(text), &list) != nil {
			return nil, errOperations
		}
		return list, nil
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }), nil
}
