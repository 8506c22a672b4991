package tenants

import (
	"fmt"
	"strings"

	"hookline/e2e"
)

// chooser is a webhook of a tenant that chooses at random what it gets: a filter, the row before,
// some fields, some of them masked, no annotated changes.
type chooser struct {
	*e2e.Inbox
	tenant  string
	updates bool // it hears of nothing but updates
	masks   bool // the notes
	ignores bool // what is annotated
}

// newChoosers gives each tenant one. Hookline's own table has to be there.
func newChoosers(w *world) (list []*chooser) {
	coin := func() bool { return w.random.IntN(2) == 0 }
	for _, tenant := range w.tenants {
		c := &chooser{e2e.NewInbox(w.T), tenant, coin(), coin(), coin()}
		filter := []string{"true", "has(data.id)", "previous == {} || data.id == previous.id"}[w.random.IntN(3)]
		if c.updates {
			filter = "action == 'updated' && changed != []"
		}
		var fields, mask, ignore []string
		if coin() { // all that is written to
			fields = []string{"id", "note", "version", "jobTitle", "name"}
		}
		if c.masks {
			mask = []string{"note", "jobTitle", "name"}
		}
		if c.ignores {
			ignore = []string{"annotation:source=world"}
		}
		previous := []string{"changed", "all"}[w.random.IntN(2)]
		w.T.Logf("a webhook of %s: filter %s, previous %s, fields %v, mask %v, ignore %v", tenant, filter,
			previous, fields, mask, ignore)
		w.Exec(`INSERT INTO hookline.webhook
			(url, secret, workspace_id, filter, previous, fields, mask, ignore)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, c.URL(), c.Secret, tenant, filter, previous, fields,
			mask, ignore)
		list = append(list, c)
	}
	return list
}

// due returns what a chooser is to get of what its tenant hears of.
func (c *chooser) due(w *world) (due []e2e.Entry) {
	for i, e := range w.heard[c.tenant] {
		if c.updates && !strings.HasSuffix(e.Event, ".updated") ||
			c.ignores && w.annotated[c.tenant][i] {
			continue
		}
		due = append(due, e)
	}
	return due
}

// inspectChooser looks at what came, as at that of the tenant's other webhook; and whether there is
// a row before, and a note.
func (w *world) inspectChooser(c *chooser) {
	w.T.Helper()
	w.inspect(c.Inbox, c.tenant)
	for _, r := range c.All() {
		body := string(r.Body)
		has := strings.Contains(body, `,"previous":{"`)
		if has != strings.HasSuffix(r.Event, ".updated") ||
			c.masks == strings.Contains(body, e2e.Confidential) {
			w.T.Errorf("%s: %s", r.Event, body)
		}
	}
}

// settler is a webhook of a tenant whose records settle.
type settler struct {
	*e2e.Inbox
	tenant string
}

// newSettler gives one to a tenant.
func newSettler(w *world) *settler {
	s := &settler{e2e.NewInbox(w.T), w.tenants[w.random.IntN(len(w.tenants))]}
	settle := []string{"", "30ms", "1s"}[w.random.IntN(3)]
	w.T.Logf("records of %s settle: %q", s.tenant, settle)
	w.Exec(`INSERT INTO hookline.webhook (url, secret, workspace_id, settle, catch_up)
		VALUES ($1, $2, $3, nullif($4, '')::interval, 'latest')`, s.URL(), s.Secret, s.tenant, settle)
	return s
}

// told returns an error while not every record was told as it was left. How many events of it
// became one, is left to the sender; one that has come and gone is not told.
func (s *settler) told(w *world) error {
	last := map[string]e2e.Entry{}
	for _, e := range w.heard[s.tenant] {
		last[e.Key()] = e
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	for _, a := range s.Accepted {
		if last[a.Key()] == (e2e.Entry{}) {
			return fmt.Errorf("unexpected: %+v", a.Entry)
		}
	}
	came := e2e.Newest(s.Accepted)
	deleted := func(e e2e.Entry) bool { return e.Event == "" || strings.HasSuffix(e.Event, ".deleted") }
	for key, e := range last {
		if got := came[key]; deleted(got) != deleted(e) || !deleted(e) && got.Version != e.Version {
			var story []string
			for _, a := range s.Accepted {
				if a.Key() == key {
					story = append(story, a.Event+" "+a.ID)
				}
			}
			return fmt.Errorf("the last that came is %+v, want %+v: %q", got, e, story)
		}
	}
	return nil
}
