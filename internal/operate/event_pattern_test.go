package operate

import (
	"strings"
	"testing"
)

func TestEventPattern(t *testing.T) {
	for text, want := range map[string]EventPattern{
		"person.created": {Object: "person", Action: "created", said: true},
		"person.*":       {Object: "person", said: true},
		"*.deleted":      {Action: "deleted", said: true}, "*.*": {said: true},
		"evt_0badcafe_0000000000000001_0": {ID: "evt_0badcafe_0000000000000001_0", said: true},
	} {
		var p EventPattern
		if err := p.UnmarshalText([]byte(text)); err != nil || p != want {
			t.Errorf("%s is %+v, %v, want %+v", text, p, err, want)
		}
	}
	for _, text := range []string{"", "person", "person.", ".created", "person.creates", "*"} {
		var p EventPattern
		if err := p.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(),
			"want person.created") {
			t.Errorf("%q is %+v, %v, want an error that tells what it takes", text, p, err)
		}
	}
}
