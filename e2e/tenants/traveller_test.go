package tenants

import (
	"strings"

	"hookline/e2e"
)

// A traveller is a webhook that belongs to one tenant after the other.
type traveller struct {
	*world
	inbox *e2e.Inbox
	key   string
	stays []stay
}

type stay struct {
	tenant string
	since  string // position of the log, as ids of events have it
}

func newTraveller(w *world) *traveller {
	t := &traveller{world: w, inbox: e2e.NewInbox(w.T), stays: []stay{{tenant: w.tenants[0]}}}
	t.inbox.Answers(failing(len(w.tenants), 1))
	t.key = w.hook(t.inbox, w.tenants[0], "*.*")
	return t
}

// move has it belong to the next tenant. Nobody else writes to the database meanwhile.
func (t *traveller) move() {
	t.T.Helper()
	next := stay{tenant: t.tenants[len(t.stays)%len(t.tenants)]}
	next.since = e2e.Value[string](t.Database,
		`SELECT lpad(to_hex((pg_current_wal_insert_lsn() - '0/0')::bigint), 16, '0')`)
	t.give(t.inbox, next.tenant)
	t.stays = append(t.stays, next)
}

// inspect checks that all it got is of a tenant that it belonged to when the change was committed,
// or afterwards: what comes late goes to webhooks as they are by then.
func (t *traveller) inspect() {
	t.T.Helper()
	for _, r := range t.inbox.All() {
		e, err := e2e.Read(r)
		if err != nil {
			t.T.Fatal(err)
		}
		commit := strings.Split(r.ID, "_")[2]
		may := map[string]bool{}
		for i, s := range t.stays {
			if i == len(t.stays)-1 || commit < t.stays[i+1].since {
				may[s.tenant] = true
			}
		}
		if strings.HasPrefix(r.Event, "country.") {
			continue
		}
		if !may[e.Workspace] {
			t.T.Errorf("%s %s of %q has come to a webhook that was not its, nor has become so: %+v", r.Event,
				r.ID, e.Workspace, t.stays)
		}
	}
	if len(t.inbox.All()) == 0 {
		t.T.Error("nothing has come to the webhook that travels")
	}
}
