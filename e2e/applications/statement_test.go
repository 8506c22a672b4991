package applications

import (
	"fmt"
	"strings"
)

// statement is one that an application wrote: an INSERT, an UPDATE or a DELETE of a row by its key,
// or what begins or ends a transaction.
type statement struct {
	verb, table string // as they are written; no table in the last case
	set, where  []value
}

// value is what a column is set to, or compared with.
type value struct{ column, literal string }

// parse reads a statement in the form in which the fixtures have them.
func parse(text string) (s statement, err error) {
	rest := text
	for _, verb := range []string{"INSERT INTO ", "UPDATE ", "DELETE FROM "} {
		if after, found := strings.CutPrefix(text, verb); found {
			s.verb, rest = verb, after
		}
	}
	if s.verb == "" {
		return statement{verb: text}, nil
	}
	s.table, rest, _ = strings.Cut(rest, " ")
	switch s.verb {
	case "INSERT INTO ":
		columns, values, _ := strings.Cut(strings.TrimPrefix(rest, "("), ") VALUES (")
		for column := range strings.SplitSeq(columns, ", ") {
			var literal string
			literal, values = cutLiteral(values)
			s.set = append(s.set, value{column, literal})
			values = strings.TrimPrefix(values, ", ")
		}
		rest = strings.TrimPrefix(values, ")")
	case "UPDATE ":
		s.set, rest = assignments(strings.TrimPrefix(rest, "SET "), ", ")
	}
	if after, found := strings.CutPrefix(strings.TrimPrefix(rest, " "), "WHERE "); found {
		s.where, rest = assignments(after, " AND ")
	}
	if rest != "" {
		return s, fmt.Errorf("%q is left of %q", rest, text)
	}
	return s, nil
}

// assignments reads a list of column = literal.
func assignments(text, separator string) (list []value, rest string) {
	for {
		column, after, _ := strings.Cut(text, " = ")
		literal, rest := cutLiteral(after)
		list = append(list, value{column, literal})
		after, more := strings.CutPrefix(rest, separator)
		if !more {
			return list, rest
		}
		text = after
	}
}

// cutLiteral cuts a literal off the beginning: a string in quotes, or what goes on up to a blank, a
// comma or a bracket.
func cutLiteral(text string) (literal, rest string) {
	end := strings.IndexAny(text+" ", " ,)")
	if strings.HasPrefix(text, "'") {
		end = 1
		for {
			end += strings.IndexByte(text[end:], '\'') + 1
			if !strings.HasPrefix(text[end:], "'") {
				break
			}
			end++
		}
	}
	return text[:end], text[end:]
}

// write returns the statement with other literals: set gives those that are set, where those that
// are compared with.
func (s statement) write(set, where func(v value) string) string {
	if s.table == "" {
		return s.verb
	}
	var sql strings.Builder
	sql.WriteString(s.verb + s.table)
	if s.verb == "INSERT INTO " {
		var columns, values []string
		for _, v := range s.set {
			columns, values = append(columns, v.column), append(values, set(v))
		}
		fmt.Fprintf(&sql, " (%s) VALUES (%s)", strings.Join(columns, ", "), strings.Join(values, ", "))
	} else if s.set != nil {
		sql.WriteString(" SET " + joined(s.set, set, ", "))
	}
	if s.where != nil {
		sql.WriteString(" WHERE " + joined(s.where, where, " AND "))
	}
	return sql.String()
}

func joined(list []value, literal func(v value) string, separator string) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = v.column + " = " + literal(v)
	}
	return strings.Join(parts, separator)
}
