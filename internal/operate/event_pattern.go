package operate

import (
	"fmt"
	"strings"

	"hookline/mapper"
	"hookline/spool"
)

// EventPattern is the name of events, or the ID of one. "" stands for any. The zero value was not
// said.
type EventPattern struct {
	ID, Object, Action string
	said               bool
}

// UnmarshalText reads person.created, person.*, *.created, *.*, or an ID.
func (p *EventPattern) UnmarshalText(text []byte) error {
	if s := string(text); strings.HasPrefix(s, "evt_") {
		*p = EventPattern{ID: s, said: true}
		return nil
	}
	object, action, _ := strings.Cut(string(text), ".")
	_, known := mapper.ParseAction(action)
	if object == "" || action != "*" && !known {
		return fmt.Errorf("event %q: want person.created, person.*, *.created, *.*, "+
			"or an ID such as evt_0badcafe_0000000001a2b3c4_0", text)
	}
	*p = EventPattern{
		Object: strings.TrimPrefix(object, "*"), Action: strings.TrimPrefix(action, "*"), said: true,
	}
	return nil
}

// Narrow has a filter pick what the pattern does.
func (p *EventPattern) Narrow(f *spool.Filter) {
	f.Object, f.Action = p.Object, p.Action
	if p.ID != "" {
		f.Events = append(f.Events, p.ID)
	}
}
