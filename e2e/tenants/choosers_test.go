package tenants

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hookline/e2e"
	"hookline/webhook"
)

// chooser is a webhook of a tenant that chooses at random what it gets: a filter, the row before,
// some fields, some of them masked, or keys alone; no changes of some kinds; and in which form, how
// many at once, how fast, and signed with what.
type chooser struct {
	*e2e.Inbox
	tenant   string
	updates  bool // it hears of nothing but updates
	masks    bool // the notes
	ignores  int  // changes of these kinds
	thin     bool // it gets keys in place of records
	previous bool // it gets the row before
	nobodys  bool // its form does not say whose a record is
}

// newChoosers gives each tenant one. Hookline's own table has to be there.
func newChoosers(w *world) (list []*chooser) {
	w.newOrigin()
	coin := func() bool { return w.random.IntN(2) == 0 }
	oneOf := func(texts ...string) string { return texts[w.random.IntN(len(texts))] }
	for _, tenant := range w.tenants {
		c := &chooser{tenant: tenant, updates: coin(), masks: coin(), ignores: w.random.IntN(8)}
		if c.Inbox = e2e.NewInbox(w.T); coin() {
			c.Inbox = e2e.NewInboxWith(w.T, string(webhook.NewKeyPair()))
		}
		columns := map[string]any{"url": c.URL(), "secret": c.Secret, "workspace_id": tenant}
		columns["filter"] = oneOf("true", "has(data.id)", "previous == {} || data.id == previous.id")
		if c.updates {
			columns["filter"] = "action == 'updated' && changed != []"
		}
		form := oneOf("event", "cloudevents", "cloudevents-binary", "standard", "twenty")
		if form == "twenty" && strings.HasPrefix(c.Secret, "whsk_") { // it has no such signature
			form = "standard"
		}
		columns["format"], c.nobodys = form, form == "standard"
		if c.thin = w.random.IntN(4) == 0; c.thin {
			columns["thin"] = true
		} else {
			if c.previous = form != "twenty"; c.previous {
				columns["previous"] = oneOf("changed", "all")
			}
			if coin() { // all that is written to
				columns["fields"] = []string{"id", "note", "version", "jobTitle", "name"}
			}
		}
		if c.masks {
			columns["mask"] = []string{"note", "jobTitle", "name"}
		}
		for i, entry := range []string{"annotation:source=world", "origin:" + w.origin(), "actor:API"} {
			if ignored, _ := columns["ignore"].([]string); c.ignores&(1<<i) != 0 {
				columns["ignore"] = append(ignored, entry)
			}
		}
		if form != "cloudevents-binary" && coin() {
			columns["batch"], columns["batch_wait"] = 2+w.random.IntN(99), oneOf("1ms", "50ms")
		}
		if coin() {
			columns["rate"], columns["timeout"] = 500+w.random.IntN(500), "30s"
		}
		var names, places []string
		var values []any
		for _, name := range slices.Sorted(maps.Keys(columns)) {
			if values = append(values, columns[name]); name != "secret" {
				w.T.Logf("a webhook of %s: %s %v", tenant, name, columns[name])
			}
			names, places = append(names, name), append(places, fmt.Sprintf("$%d", len(values)))
		}
		key := "hookline.webhook/" + e2e.Value[string](w.Database, fmt.Sprintf(
			"INSERT INTO hookline.webhook (%s) VALUES (%s) RETURNING id::text",
			strings.Join(names, ", "), strings.Join(places, ", ")), values...)
		c.Validates(w.Database, key, w.settings...)
		list = append(list, c)
	}
	return list
}

// due returns what a chooser is to get of what its tenant hears of.
func (c *chooser) due(w *world) (due []e2e.Entry) {
	for i, e := range w.heard[c.tenant] {
		if c.updates && !strings.HasSuffix(e.Event, ".updated") ||
			c.ignores&w.kinds[c.tenant][i] != 0 {
			continue
		}
		if c.thin {
			e.Version = 0
		}
		if c.nobodys {
			e.Workspace = ""
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
		if has != (c.previous && strings.HasSuffix(r.Event, ".updated")) ||
			(c.masks || c.thin) == strings.Contains(body, e2e.Confidential) {
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
	most := []string{"", "1s", "3s"}[w.random.IntN(3)]
	if settle == "" {
		most = ""
	}
	w.T.Logf("records of %s settle: %q, at most %q", s.tenant, settle, most)
	w.Exec(`INSERT INTO hookline.webhook (url, secret, workspace_id, settle, settle_max, catch_up)
		VALUES ($1, $2, $3, nullif($4, '')::interval, nullif($5, '')::interval, 'latest')`, s.URL(),
		s.Secret, s.tenant, settle, most)
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
