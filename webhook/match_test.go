package webhook_test

import (
	"fmt"
	"testing"

	"hookline/internal/migrate"
	"hookline/internal/twentydb"
	"hookline/mapper"
	"hookline/webhook"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		operations string
		matches    []string
		passes     []string
	}{
		{
			"{*.*}",
			[]string{"person.created", "person.destroyed", "workflowRun.created"},
			[]string{"workflowRun.updated"},
		},
		{
			"{person.*}",
			[]string{"person.created", "person.updated"},
			[]string{"company.created", "personNote.created", "Person.created"},
		},
		{"{*.created}", []string{"person.created", "company.created"}, []string{"person.updated"}},
		{
			"{person.created}",
			[]string{"person.created"},
			[]string{"person.updated", "company.created", "person2.created"},
		},
		{
			"{person.created,person.*,*.created,*.*,person.created}",
			[]string{"person.created", "note.deleted"},
			nil,
		},
		{
			"{person.restored,*.deleted}",
			[]string{"person.restored", "note.deleted"},
			[]string{"person.updated", "note.restored"},
		},
		{
			"{workflowRun.*,*.updated,*.*}",
			[]string{"workflowRun.created", "workflowRun.deleted"},
			[]string{"workflowRun.updated"},
		},
		{
			"{workflowRun.updated}",
			[]string{"workflowRun.updated"},
			[]string{"workflowRun.created", "workflow.updated"},
		},
		{"{hookline:workflowRun.updated}", []string{"workflowRun.updated"}, nil},
		{
			"{hookline:workflowRun.*,hookline:*.updated,hookline:*.*}",
			[]string{"workflowRun.deleted"},
			[]string{"workflowRun.updated"},
		},
		{"{metadata.*.*,note.*}", []string{"note.created"}, []string{"metadata.created", "view.created"}},
		{"{PERSON.created}", nil, []string{"person.created"}},
	}
	d := newTwenty(t, twenty)
	key := d.hook(twentydb.Webhook{URL: "http://example.com", Secret: "s"})
	d.stream()
	for _, test := range tests {
		d.commit("UPDATE core.webhook SET operations = '" + test.operations + "'")
		for range 2 { // the second time from memory
			for _, name := range test.matches {
				equal(t, test.operations+" "+name, d.matchedIn(twentydb.Workspace, name), []string{key})
			}
			for _, name := range test.passes {
				equal(t, test.operations+" "+name, d.matchedIn(twentydb.Workspace, name), nil)
			}
		}
	}
}

func TestMatchWorkflowRunOfAnotherCRM(t *testing.T) {
	d := newDatabase(t, generic, table, "INSERT INTO webhooks VALUES (1, 'http://one.example')")
	d.load()
	equal(t, "matched", d.matched("workflowRun.updated"), []string{"public.webhooks/1"})
}

// What Match returned stays as it is while webhooks come and go.
func TestMatchIsShared(t *testing.T) {
	d := newDatabase(t, generic, table,
		"INSERT INTO webhooks SELECT i, 'http://example.com' FROM generate_series(1, 3) i")
	d.stream()
	before := d.Match(event(t, "", "person.created"))
	keys := d.matched("person.created")
	d.commit("DELETE FROM webhooks WHERE id = 1",
		"INSERT INTO webhooks VALUES (0, 'http://example.com')")
	for i, sub := range before {
		if sub.Key != keys[i] {
			t.Errorf("%d: %s was %s", i, sub.Key, keys[i])
		}
	}
	equal(t, "now", d.matched("person.created"),
		[]string{"public.webhooks/0", "public.webhooks/2", "public.webhooks/3"})
}

// many opens a registry of n webhooks, of which a few hear of each event.
func many(t testing.TB, n int) *database {
	d := newDatabase(t, generic, table, fmt.Sprintf(`INSERT INTO webhooks
		SELECT i, 'http://example.com/' || i, 's', ARRAY['object' || i %% 100 || '.*', 'note.created'] FROM generate_series(1, %d) i`, n))
	d.stream()
	return d
}

func TestMatchAllocatesNothing(t *testing.T) {
	d := many(t, 1000)
	e := event(t, "", "object7.updated")
	if n := len(d.Match(e)); n != 10 {
		t.Fatalf("matched %d, want 10", n)
	}
	if n := testing.AllocsPerRun(100, func() { d.Match(e) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := many(b, n)
			events := make([]mapper.Subject, 100)
			for i := range events {
				events[i] = event(b, "", fmt.Sprintf("object%d.updated", i))
			}
			b.ReportAllocs()
			matched := 0
			for i := 0; b.Loop(); i++ {
				matched += len(d.Match(events[i%len(events)]))
			}
			if matched == 0 && b.N >= len(events) {
				b.Fatal("nothing matched")
			}
		})
	}
}

// The first Match after a webhook has changed searches them all.
func BenchmarkMatchAfterChange(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := many(b, n)
			d.exec("UPDATE webhooks SET secret = 't' WHERE id = 1",
				"UPDATE webhooks SET secret = 's' WHERE id = 1", "INSERT INTO marker VALUES (-1)")
			changes := d.observe()
			e := event(b, "", "object7.updated")
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				d.Observe(changes[i%2])
				d.Match(e)
			}
		})
	}
}

// TestMatchChangedKeys tells a changed key to each webhook in its own way, and everything else to
// all. A version of Hookline's own table that has no such column takes it later.
func TestMatchChangedKeys(t *testing.T) {
	d := newDatabase(t, webhook.Config{Profile: "generic", Table: "hookline.webhook"},
		webhook.SchemaSQL("hookline"),
		"ALTER TABLE hookline.webhook DROP rekey", migrate.SQL("hookline", migrate.Webhooks, "rekey"),
		`INSERT INTO hookline.webhook (id, url, rekey) VALUES
			('11111111-1111-1111-1111-111111111111', 'http://one.example', NULL),
			('22222222-2222-2222-2222-222222222222', 'http://two.example', 'split')`)
	d.stream()
	whole, split := "hookline.webhook/11111111-1111-1111-1111-111111111111",
		"hookline.webhook/22222222-2222-2222-2222-222222222222"
	check := func(telling mapper.Telling, want ...string) {
		t.Helper()
		e := event(t, "", "person.updated")
		e.Telling = telling
		var got []string
		for _, sub := range d.Match(e) {
			got = append(got, sub.Key)
		}
		equal(t, "matched", got, want)
	}
	check(mapper.ToAll, whole, split)
	check(mapper.ToWhole, whole)
	check(mapper.ToSplit, split)
	version := d.Get(split).Version()
	d.commit("UPDATE hookline.webhook SET rekey = NULL")
	check(mapper.ToWhole, whole, split)
	check(mapper.ToSplit)
	if d.Get(split).Version() == version {
		t.Error("it is the same version as before")
	}
}

// TestMatchPer tells of changes and of commits to those who hear of them, and what is told to all
// to all; and says who there is. Of a version of Hookline's own table that has no such column all
// hear as the profile has it.
func TestMatchPer(t *testing.T) {
	d := newDatabase(t, webhook.Config{Profile: "generic", Table: "hookline.webhook"},
		webhook.SchemaSQL("hookline"),
		"ALTER TABLE hookline.webhook DROP per", migrate.SQL("hookline", migrate.Webhooks, "per"))
	d.stream()
	audience := func(changes, commits bool) {
		t.Helper()
		if got := d.Audience(); got != (mapper.Audience{Changes: changes, Commits: commits}) {
			t.Errorf("the audience is %+v, want changes: %t, commits: %t", got, changes, commits)
		}
	}
	audience(false, true)
	d.commit(`INSERT INTO hookline.webhook (id, url, per) VALUES
			('11111111-1111-1111-1111-111111111111', 'http://one.example', 'change')`)
	audience(true, false)
	d.commit(`INSERT INTO hookline.webhook (id, url) VALUES
			('22222222-2222-2222-2222-222222222222', 'http://two.example')`)
	audience(true, true)
	changes := "hookline.webhook/11111111-1111-1111-1111-111111111111"
	commits := "hookline.webhook/22222222-2222-2222-2222-222222222222"
	check := func(telling mapper.Telling, want ...string) {
		t.Helper()
		e := event(t, "", "person.updated")
		e.Telling = telling
		var got []string
		for _, sub := range d.Match(e) {
			got = append(got, sub.Key)
		}
		equal(t, "matched", got, want)
	}
	check(mapper.ToAll, changes, commits)
	check(mapper.ToChanges, changes)
	check(mapper.ToCommits|mapper.ToWhole, commits)
	check(mapper.ToCommits | mapper.ToSplit)
	version := d.Get(changes).Version()
	d.commit("UPDATE hookline.webhook SET per = 'commit'")
	audience(false, true)
	check(mapper.ToCommits, changes, commits)
	if d.Get(changes).Version() == version {
		t.Error("it is the same version as before")
	}
	d.commit("DELETE FROM hookline.webhook")
	audience(false, true)
}

// A webhook hears of its tenant's objects, of those that several share, and of everybody's.
func TestHearsOf(t *testing.T) {
	for _, c := range []struct {
		webhook, object, tenant string
		want                    bool
	}{
		{"a", "deal", "a", true},
		{"a", "deal", "b", false},
		{"a", "deal", "", true},
		{"a", "deal", mapper.Everyone, true},
		{"a", "note", "a", false},
		{mapper.Everyone, "deal", "b", true},
		{"", "deal", "", true},
	} {
		sub := &webhook.Subscription{Workspace: c.webhook, Operations: []string{"deal.*"}}
		if got := sub.HearsOf(c.object, c.tenant); got != c.want {
			t.Errorf("a webhook of %q hears of %s of %q: %t", c.webhook, c.object, c.tenant, got)
		}
	}
}
