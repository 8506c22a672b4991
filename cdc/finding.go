package cdc

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Level says how much a finding matters.
type Level string

const (
	Fine    Level = "ok"
	Warning Level = "warning" // it works, and somebody should know
	Wrong   Level = "problem" // it does not work, or not for long
)

// Finding is the answer of one check: how one thing stands, and what fixes it unless it is fine.
type Finding struct {
	Level Level    `json:"level"`
	Check string   `json:"check"`          // what was looked at
	Found string   `json:"found"`          // how it stands
	Hint  string   `json:"mend,omitempty"` // what to do: a setting, or who has to run SQL
	SQL   []string `json:"sql,omitempty"`  // statements that fix it, in order, without semicolons
}

// OK returns a finding of which nothing is to be fixed.
func OK(check, format string, args ...any) Finding {
	return Finding{Level: Fine, Check: check, Found: fmt.Sprintf(format, args...)}
}

// Finding returns the problem as what a check has found.
func (p *Problem) Finding(check string) Finding {
	return Finding{Level: Wrong, Check: check, Found: p.What, Hint: p.Hint}
}

// problems returns what is wrong of what was found.
func problems(findings []Finding) (list Problems) {
	for _, f := range findings {
		if f.Level == Wrong {
			list = append(list, &Problem{What: f.Found, Hint: f.hintWithSQL()})
		}
	}
	return list
}

// hintWithSQL is Hint and SQL in one text.
func (f *Finding) hintWithSQL() string {
	if len(f.SQL) == 0 {
		return f.Hint
	}
	return strings.TrimPrefix(f.Hint+":\n", ":\n") + strings.Join(f.SQL, ";\n") + ";"
}

// AsFindings returns what err tells of a check: each of Problems, a Gap, or what the server has
// refused. Others are returned as they are.
func AsFindings(check string, err error) ([]Finding, error) {
	if err == nil {
		return nil, nil
	}
	if many, ok := errors.AsType[Problems](err); ok {
		var found []Finding
		for _, p := range many {
			found = append(found, p.Finding(check))
		}
		return found, nil
	}
	if one, ok := errors.AsType[*Problem](err); ok {
		return []Finding{one.Finding(check)}, nil
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return []Finding{{
			Level: Wrong, Check: check, Found: refused.Error(),
			Hint: "the message names what is missing. If it tells of time or of a lock, try again later",
		}}, nil
	}
	return nil, err
}
