package campaign

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/e2e"
	"hookline/internal/receiver"
	"hookline/webhook"
)

// choice is what a webhook chooses of the events that it asks for. The zero choice is all of them.
type choice struct {
	passes  func(e2e.Entry) bool // what its filter says; nil without
	ignores bool                 // transactions that writers have annotated
	told    *campaign            // which knows what was annotated; nil for who chooses nothing
}

// chooses tells whether an event is among what the webhook chooses.
func (c *choice) chooses(e e2e.Entry) bool {
	return (c.passes == nil || c.passes(e)) && (!c.ignores || !c.told.ignored[versionOf(e)])
}

// filters are some that the judge can follow: by what an Entry has.
var filters = []struct {
	text   string // "" for none
	passes func(e2e.Entry) bool
}{
	{"", nil},
	{"previous == {} || data.version != previous.version", nil},
	{"action == 'created' || 'version' in changed", func(e e2e.Entry) bool {
		return !strings.HasSuffix(e.Event, ".deleted")
	}},
	{"data.version % 3 != 0", func(e e2e.Entry) bool { return e.Version%3 != 0 }},
}

// annotate is what writers begin some transactions with. The diary notes it, too.
const annotate = `SELECT set_config('diary.annotated', '1', true),
	hookline.annotate('{"source": "campaign"}')`

const annotatedSQL = `ALTER TABLE diary.entries ADD COLUMN annotated bool NOT NULL
	DEFAULT coalesce(current_setting('diary.annotated', true), '') = '1'`

// newChoices has some of the webhooks that fall ill be in Hookline's own table, and choose at
// random what they get, and adds one whose records settle. What is chosen of a body leaves all that
// the judge reads: key and version.
func (c *campaign) newChoices(seed uint64) {
	c.t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	forms := []string{"event", "cloudevents", "cloudevents-binary"}
	oneOf := func(list ...string) *string {
		if chosen := list[random.IntN(len(list))]; chosen != "" {
			return &chosen
		}
		return nil
	}
	c.db.Exec(webhook.SchemaSQL("hookline"))
	c.db.Exec(annotatedSQL)
	c.db.Exec(`DELETE FROM webhooks WHERE id = ANY ($1)`,
		[]string{c.frail[1].id, c.frail[2].id, c.frail[3].id})
	for _, h := range c.frail[1:] {
		filter := filters[random.IntN(len(filters))]
		h.choice = choice{filter.passes, random.IntN(2) == 0, c}
		ignore := []string{""}
		if h.ignores {
			ignore = []string{"{annotation:source=campaign}"}
		}
		columns := []*string{
			oneOf(filter.text), oneOf("", "changed", "all"), oneOf("", "{version}", "{version,note}"),
			oneOf("", "{note}"), oneOf(ignore...),
		}
		h.own(columns)
		form, rate := forms[random.IntN(len(forms))], []int{500, 100000}[random.IntN(2)]
		c.t.Logf("in the form %s, at a rate of %d", form, rate)
		c.db.Exec(`UPDATE hookline.webhook SET format = $2, rate = $3 WHERE id = $1`, h.id, form, rate)
	}
	c.merging = c.newHook("contact")
	c.db.Exec(`DELETE FROM webhooks WHERE id = $1`, c.merging.id)
	c.merging.told = c
	c.merging.own([]*string{nil, oneOf("", "changed"), oneOf("", "{version}"), nil, nil})
	batch, form := []int{2, 7, 50}[random.IntN(3)], forms[random.IntN(2)]
	c.t.Logf("what settles comes in batches of %d, in the form %s", batch, form)
	c.db.Exec(`UPDATE hookline.webhook SET settle = $2::text::interval, catch_up = $3,
		batch = $4, format = $5 WHERE id = $1`,
		c.merging.id, oneOf("", "50ms", "200ms", "1s"), "latest", batch, form)
	c.merging.Answers(func(r receiver.Request) receiver.Answer { // until the end
		if dice(r, 3) > 0 {
			return receiver.Answer{Status: http.StatusServiceUnavailable}
		}
		return receiver.Answer{}
	})
}

// own adds the webhook to Hookline's table: with filter, previous, fields, mask and ignore.
func (h *hook) own(columns []*string) {
	db, text := h.told.db, []string{}
	for _, c := range columns {
		if c == nil {
			text = append(text, "-")
		} else {
			text = append(text, *c)
		}
	}
	h.T.Logf("a webhook for %s chooses %q", h.operation(), text)
	h.id = e2e.Value[string](db, `INSERT INTO hookline.webhook
		(url, secret, operations, filter, previous, fields, mask, ignore) VALUES
		($1, $2, ARRAY[$3], $4, $5, $6::text::text[], $7::text::text[], $8::text::text[])
		RETURNING id::text`, h.URL(), h.Secret, h.operation(), columns[0], columns[1], columns[2],
		columns[3], columns[4])
}

// version is how a record was made, or found by who has deleted it.
type version struct {
	deleted bool
	record  string // with its object
	number  int
}

func versionOf(e e2e.Entry) version {
	return version{strings.HasSuffix(e.Event, ".deleted"), e.Key(), e.Version}
}

// readIgnored reads what came of transactions that were annotated. Of one that has changed a record
// several times the diary tells less than is read here.
func (c *campaign) readIgnored() {
	c.t.Helper()
	rows, err := c.db.Conn.Query(c.t.Context(), `SELECT split_part(event, '.', 1), event, record,
		version, coalesce(former, record), coalesce(was, version) FROM diary.entries WHERE annotated`)
	if err != nil {
		c.t.Fatal(err)
	}
	c.ignored = map[version]bool{}
	var object, event, record, former string
	var number, was int
	_, err = pgx.ForEachRow(rows, []any{&object, &event, &record, &number, &former, &was},
		func() error {
			if !strings.HasSuffix(event, ".deleted") {
				c.ignored[version{false, object + " " + record, number}] = true
			}
			if !strings.HasSuffix(event, ".created") {
				c.ignored[version{true, object + " " + former, was}] = true
			}
			return nil
		})
	if err != nil {
		c.t.Fatal(err)
	}
}

// judgeMerged checks what has come to the webhook whose records settle: nothing but what was
// committed, and of each record how it was left. How many events became one, and in which order
// they came to a receiver whose sender was killed, the diary does not tell. Nor is anything said of
// records of which commits were lost: they may be merged with what was not.
func (c *campaign) judgeMerged(diary []e2e.Entry) error {
	lost := map[string]bool{}
	for e := range c.lost {
		lost[e.Key()] = true
	}
	committed, last := map[version]bool{}, map[string]e2e.Entry{}
	for _, e := range diary {
		v := versionOf(e)
		v.deleted = false // what is created and updated is told as created
		committed[v], last[e.Key()] = true, e
	}
	var errs []error
	arrived := c.merging.arrivals(0)
	for _, a := range arrived {
		v := versionOf(a.Entry)
		if v.deleted = false; !committed[v] && !lost[a.Key()] {
			errs = append(errs, fmt.Errorf("%+v has come, which was not committed", a.Entry))
		}
	}
	came := e2e.Newest(arrived)
	deleted := func(e e2e.Entry) bool { return e == e2e.Entry{} || strings.HasSuffix(e.Event, ".deleted") }
	for key, e := range last {
		if lost[key] || c.merging.object != "" && !strings.HasPrefix(e.Event, c.merging.object+".") {
			continue
		}
		// one that has come and gone is not told
		if got := came[key]; deleted(got) != deleted(e) || !deleted(e) && got.Version != e.Version {
			errs = append(errs, fmt.Errorf("the last that came is %+v, want %+v", got, e))
		}
	}
	return errors.Join(errs...)
}
