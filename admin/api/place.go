package api

import (
	"strings"
	"time"

	"hookline/mapper"
)

// Place is where a delivery stands among all, newest first: by the time of its commit and the ID of
// its event, both falling, and the key of its webhook. IDs are in the order of mapper.CompareIDs.
// The zero Place is before all of them.
type Place struct {
	Committed time.Time
	Event     string
	Webhook   string
}

// Place returns where the delivery stands.
func (d *Delivery) Place() Place { return Place{d.Committed, d.ID, d.Webhook} }

// Compare is negative when p comes before q.
func (p Place) Compare(q Place) int {
	if c := q.Committed.Compare(p.Committed); c != 0 {
		return c
	}
	if c := mapper.CompareIDs(q.Event, p.Event); c != 0 {
		return c
	}
	return strings.Compare(p.Webhook, q.Webhook)
}

// String is what a Filter's After has; "" for the zero Place.
func (p Place) String() string {
	if p == (Place{}) {
		return ""
	}
	return p.Committed.UTC().Format(time.RFC3339Nano) + "~" + p.Event + "~" + p.Webhook
}

// parsePlace reads what String has written.
func parsePlace(text string) (p Place, ok bool) {
	if text == "" {
		return p, true
	}
	parts := strings.SplitN(text, "~", 3)
	if len(parts) != 3 {
		return p, false
	}
	at, err := time.Parse(time.RFC3339Nano, parts[0])
	return Place{at, parts[1], parts[2]}, err == nil
}

// Page is some of the deliveries that a filter picks.
type Page struct {
	List []Delivery
	More Place // after which there may be further ones; zero when there are none
}
