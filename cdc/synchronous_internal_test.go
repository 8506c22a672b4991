package cdc

import (
	"fmt"
	"testing"
)

// TestParseStandbyNames reads values that servers accept.
func TestParseStandbyNames(t *testing.T) {
	for _, test := range []struct{ setting, want string }{
		{"", " 0 []"},
		{" \t\n", " 0 []"},
		{"a", `FIRST 1 ["a"]`},
		{"a, b", `FIRST 1 ["a" "b"]`},
		{"*", `FIRST 1 ["*"]`},
		{"1", `FIRST 1 ["1"]`},
		{"1, 2", `FIRST 1 ["1" "2"]`},
		{"2 (a, b,c)", `FIRST 2 ["a" "b" "c"]`},
		{"first 2(a,b)", `FIRST 2 ["a" "b"]`},
		{"ANY 1 (*)", `ANY 1 ["*"]`},
		{"aNy 02 (3, 4)", `ANY 2 ["3" "4"]`},
		{`"a, b", "say ""hi""", ""`, `FIRST 1 ["a, b" "say \"hi\"" ""]`},
		{`"any", "first"`, `FIRST 1 ["any" "first"]`},
		{`anyone, firsts, a$1, _x, été`, `FIRST 1 ["anyone" "firsts" "a$1" "_x" "été"]`},
		{`FIRST 1 ("*")`, `FIRST 1 ["*"]`},
	} {
		s := parseStandbyNames(test.setting)
		if s == nil {
			t.Errorf("%q is not understood", test.setting)
			continue
		}
		if got := fmt.Sprintf("%s %d %q", s.method, s.count, s.names); got != test.want {
			t.Errorf("%q reads %s, want %s", test.setting, got, test.want)
		}
	}
	for _, setting := range []string{
		",", "a,", "a b", "(a)", "any (a)", "first 1", "2 (a", "2 a)",
		"any", `"a`, "a-b", "any 0 (a)", "2 ()", "a, (b)", "1 (any)",
	} {
		if s := parseStandbyNames(setting); s != nil {
			t.Errorf("%q reads %+v, want nothing: no server accepts it", setting, s)
		}
		if !parseStandbyNames(setting).matches("hookline") {
			t.Errorf("%q is not understood, and matches nothing", setting)
		}
	}
}

// TestWithoutHookline proposes a setting that goes on to name the standbys.
func TestWithoutHookline(t *testing.T) {
	connected := []string{"s1", "s2"}
	for _, test := range []struct{ setting, want string }{
		{"*", `FIRST 1 ("s1", "s2")`},
		{"ANY 2 (*)", `ANY 2 ("s1", "s2")`},
		{"3 (*)", `FIRST 2 ("s1", "s2")`},
		{"S2, *", `FIRST 1 ("S2", "s1")`},
		{"HOOKLINE, other", `FIRST 1 ("other")`},
		{"ANY 1 (hookline)", `ANY 1 ("s1", "s2")`},
	} {
		if got := parseStandbyNames(test.setting).without("hookline", connected); got != test.want {
			t.Errorf("in place of %q it proposes %q, want %q", test.setting, got, test.want)
		}
	}
	if got, want := parseStandbyNames("*").without("hookline", nil),
		`FIRST 1 ("name of the standby")`; got != want {
		t.Errorf("without a standby it proposes %q, want %q", got, want)
	}
}
