package tenants

import (
	"slices"
	"strings"

	"hookline/e2e"
)

// chooser is a webhook of a tenant that chooses at random what it gets: a filter, the row before,
// some fields.
type chooser struct {
	*e2e.Inbox
	tenant  string
	updates bool // it hears of nothing but updates
}

// newChoosers gives each tenant one. Hookline's own table has to be there.
func newChoosers(w *world) (list []*chooser) {
	for _, tenant := range w.tenants {
		c := &chooser{Inbox: e2e.NewInbox(w.T), tenant: tenant, updates: w.random.IntN(2) == 0}
		filter := []string{"true", "has(data.id)", "previous == {} || data.id == previous.id"}[w.random.IntN(3)]
		if c.updates {
			filter = "action == 'updated' && changed != []"
		}
		var fields []string // all that is written to is among them
		if w.random.IntN(2) == 0 {
			fields = []string{"id", "note", "version", "jobTitle", "name"}
		}
		previous := []string{"changed", "all"}[w.random.IntN(2)]
		w.T.Logf("a webhook of %s: filter %s, previous %s, fields %v", tenant, filter, previous, fields)
		w.Exec(`INSERT INTO hookline.webhook (url, secret, workspace_id, filter, previous, fields)
			VALUES ($1, $2, $3, $4, $5, $6)`, c.URL(), c.Secret, tenant, filter, previous, fields)
		list = append(list, c)
	}
	return list
}

// due returns what a chooser is to get of what its tenant hears of.
func (c *chooser) due(heard []e2e.Entry) []e2e.Entry {
	return slices.DeleteFunc(slices.Clone(heard), func(e e2e.Entry) bool {
		return c.updates && !strings.HasSuffix(e.Event, ".updated")
	})
}

// inspectChooser looks at what came, as at that of the tenant's other webhook; and whether there is
// a row before.
func (w *world) inspectChooser(c *chooser) {
	w.T.Helper()
	w.inspect(c.Inbox, c.tenant)
	for _, r := range c.All() {
		has := strings.Contains(string(r.Body), `,"previous":{"`)
		if has != strings.HasSuffix(r.Event, ".updated") {
			w.T.Errorf("%s: %s", r.Event, r.Body)
		}
	}
}
