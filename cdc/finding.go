package cdc

import (
	"fmt"
	"strings"
)

// Level says how much a finding matters.
type Level string

const (
	Fine    Level = "ok"
	Warning Level = "warning" // it works, and somebody should know
	Wrong   Level = "problem" // it does not work, or not for long
)

// Finding is the answer of one check: how one thing stands, and what mends it unless it is fine.
type Finding struct {
	Level Level    `json:"level"`
	Check string   `json:"check"`          // what was looked at
	Found string   `json:"found"`          // how it stands
	Mend  string   `json:"mend,omitempty"` // what to do: a setting, or who has to run SQL
	SQL   []string `json:"sql,omitempty"`  // statements that mend it, in order, without semicolons
}

// OK returns a finding of which nothing is to be mended.
func OK(check, format string, args ...any) Finding {
	return Finding{Level: Fine, Check: check, Found: fmt.Sprintf(format, args...)}
}

// Finding returns the problem as what a check has found.
func (p *Problem) Finding(check string) Finding {
	return Finding{Level: Wrong, Check: check, Found: p.What, Mend: p.Mend}
}

// problems returns what is wrong of what was found.
func problems(findings []Finding) (list Problems) {
	for _, f := range findings {
		if f.Level == Wrong {
			list = append(list, &Problem{What: f.Found, Mend: f.remedy()})
		}
	}
	return list
}

// remedy is Mend and SQL in one text.
func (f *Finding) remedy() string {
	if len(f.SQL) == 0 {
		return f.Mend
	}
	return strings.TrimPrefix(f.Mend+":\n", ":\n") + strings.Join(f.SQL, ";\n") + ";"
}
