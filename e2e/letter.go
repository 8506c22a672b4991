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

// Deliveries returns what `hookline deliveries list` tells of.
func (db *Database) Deliveries(state string) (letters []letter) {
	db.T.Helper()
	p := Run(db.T, db.Env(), "deliveries", "list", "--json", "--state", state)
	if code := p.Wait(); code != 0 {
		db.T.Fatalf("deliveries list: exit code %d", code)
	}
	if err := json.Unmarshal([]byte(p.Out.String()), &letters); err != nil {
		db.T.Fatalf("deliveries list --json: %v:\n%s", err, p.Out.String())
	}
	return letters
}

func (db *Database) UntilDead(n int) []letter {
	db.T.Helper()
	var letters []letter
	Eventually(db.T, func() error {
		if letters = db.Deliveries("dead"); len(letters) != n {
			return fmt.Errorf("%d dead letters, want %d", len(letters), n)
		}
		return nil
	})
	return letters
}
