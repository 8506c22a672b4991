package e2e

import (
	"encoding/json"
	"fmt"
)

// Letter is a delivery as `hookline deliveries list --json` tells of it.
type Letter struct {
	ID, Event, Webhook, State string
	Attempts, Status          int
}

// Deliveries returns what `hookline deliveries list` tells of.
func (db *Database) Deliveries(state string) (letters []Letter) {
	db.T.Helper()
	p := Run(db.T, db.Env(), "deliveries", "list", "--json", "--limit", "1000", "--state", state)
	if code := p.Wait(); code != 0 {
		db.T.Fatalf("deliveries list: exit code %d", code)
	}
	if err := json.Unmarshal([]byte(p.Out.String()), &letters); err != nil {
		db.T.Fatalf("deliveries list --json: %v:\n%s", err, p.Out.String())
	}
	return letters
}

// UntilDead waits for so many dead letters, and returns them.
func (db *Database) UntilDead(n int) []Letter {
	db.T.Helper()
	var letters []Letter
	Eventually(db.T, func() error {
		if letters = db.Deliveries("dead"); len(letters) != n {
			return fmt.Errorf("%d dead letters, want %d", len(letters), n)
		}
		return nil
	})
	return letters
}
