package main

import (
	"strings"
	"testing"
	"time"

	"hookline/internal/crm"
	"hookline/internal/operate"
)

func TestPercentage(t *testing.T) {
	for text, want := range map[string]float64{"0%": 0, "20%": 0.2, "12.5%": 0.125, "100%": 1} {
		var p percentage
		if err := p.UnmarshalText([]byte(text)); err != nil || float64(p) != want {
			t.Errorf("%s is %v, %v, want %v", text, p, err, want)
		}
	}
	for _, text := range []string{"", "20", "%", "-1%", "101%", "NaN%", "many%"} {
		var p percentage
		if err := p.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(),
			"such as 20%") {
			t.Errorf("%q is %v, %v, want an error that tells what it takes", text, p, err)
		}
	}
}

// What is wrong is told in full.
func TestStatusPrintsProblems(t *testing.T) {
	for _, problem := range []string{
		`nobody reads slot "s", and it keeps 3.0 MiB`, "blocked: name the standbys",
		"gap (slot_lost): it is lost; accept it", "gap (other_system): a clone",
		"slot \"s\" does not exist yet", "gap (slot_missing): it is gone",
		"no table of the CRM is published",
	} {
		s := operate.Status{
			Slot:     crm.SlotStatus{Name: "s", Exists: true, WALStatus: "reserved"},
			Problems: []string{problem},
		}
		var out strings.Builder
		if err := printStatus(&out, &s, time.Now()); err != nil ||
			!strings.Contains(out.String(), problem) {
			t.Errorf("prints %q, %v; want to hear %q", out.String(), err, problem)
		}
	}
}

func TestDemoCompares(t *testing.T) {
	expected := []demoEvent{{"person.created", "a"}, {"person.updated", "a"}, {"company.created", "b"}}
	receiver := func(operations string, seen ...demoEvent) *demoReceiver {
		return &demoReceiver{name: "r", operations: []string{operations}, seen: seen}
	}
	for _, test := range []struct {
		name     string
		receiver *demoReceiver
		missing  bool
		wrong    bool
	}{
		{"all", receiver("*.*", expected...), false, false},
		{
			"another order of records", receiver("*.*", expected[2], expected[0], expected[1]), false,
			false,
		},
		{"only what it wants", receiver("company.*", expected[2]), false, false},
		{"not all yet", receiver("*.*", expected[0]), true, false},
		{"another order within a record", receiver("*.*", expected[1]), false, true},
		{"twice", receiver("*.*", expected[2], expected[2]), false, true},
		{"what it does not want", receiver("company.*", expected[0]), false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			missing, err := test.receiver.compare(expected)
			if (missing != "") != test.missing && err == nil || (err != nil) != test.wrong {
				t.Errorf("missing %q, error %v", missing, err)
			}
		})
	}
}
