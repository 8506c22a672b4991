package e2e

import (
	"encoding/json"
	"fmt"
)

// letter is a delivery as `hookline deliveries list --json` tells of it.
type letter struct {
	ID, Event, Webhook, State string
	Attempts, Status          int
}

// deliveries returns what `hookline deliveries list` tells of.
func (db *database) deliveries(state string) (letters []letter) {
	db.t.Helper()
	p := run(db.t, db.env(), "deliveries", "list", "--json", "--state", state)
	if code := p.wait(); code != 0 {
		db.t.Fatalf("deliveries list: exit code %d", code)
	}
	if err := json.Unmarshal([]byte(p.out.String()), &letters); err != nil {
		db.t.Fatalf("deliveries list --json: %v:\n%s", err, p.out.String())
	}
	return letters
}

func (db *database) untilDead(n int) []letter {
	db.t.Helper()
	var letters []letter
	eventually(db.t, func() error {
		if letters = db.deliveries("dead"); len(letters) != n {
			return fmt.Errorf("%d dead letters, want %d", len(letters), n)
		}
		return nil
	})
	return letters
}
