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
	ignores int                  // transactions of these kinds
	told    *campaign            // which knows of what kinds they were; nil for who chooses nothing
	thin    bool                 // bodies have the key alone
	form    string               // of bodies; "" for event
}

// The kinds of transactions that webhooks may ignore.
const (
	annotated = 1 << iota // writers have said so
	imported              // they came from a replication origin
)

// chooses tells whether an event is among what the webhook chooses.
func (c *choice) chooses(e e2e.Entry) bool {
	return (c.passes == nil || c.passes(e)) &&
		(c.ignores == 0 || c.told.ignored[versionOf(e)]&c.ignores == 0)
}

// entryOf returns what an event is that came to the webhook as e. A thin one has no version: it is
// what the first webhook, which is always well and hears of everything, was told under that ID. ok
// is false as long as it was told of none.
func (c *choice) entryOf(e e2e.Entry, id string) (whole e2e.Entry, ok bool) {
	if !c.thin {
		return e, true
	}
	for _, a := range c.told.hooks[0].arrivals(c.told.named) {
		c.told.names[a.ID] = a.Entry
		c.told.named++
	}
	if whole, ok = c.told.names[id]; !ok {
		return e, false
	}
	if bare := (e2e.Entry{Event: whole.Event, Record: whole.Record}); e != bare {
		e.Version = -1 // which no record has: the judge finds it
		return e, true
	}
	return whole, true
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

// comeFrom has what a session commits from now on come from a replication origin, which one session
// has at a time. The diary notes it, too.
const comeFrom = `SELECT pg_replication_origin_session_setup($1), set_config('diary.imported', '1',
	false)`

const comeFromHere = `SELECT pg_replication_origin_session_reset(), set_config('diary.imported', '',
	false)`

// origin is that of a writer. Their names belong to the server.
func (c *campaign) origin(writer int) string { return fmt.Sprintf("%s_%d", c.db.Name, writer) }

const ignoredSQL = `ALTER TABLE diary.entries
	ADD COLUMN annotated bool NOT NULL
		DEFAULT coalesce(current_setting('diary.annotated', true), '') = '1',
	ADD COLUMN imported bool NOT NULL
		DEFAULT coalesce(current_setting('diary.imported', true), '') = '1'`

// newChoices has some of the webhooks that fall ill be in Hookline's own table, and choose at
// random what they get, and adds one whose records settle. What is chosen of a body leaves all that
// the judge reads: key and version.
func (c *campaign) newChoices(seed uint64) {
	c.t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	forms := []string{"event", "cloudevents", "cloudevents-binary", "standard", "twenty"}
	oneOf := func(list ...string) *string {
		if chosen := list[random.IntN(len(list))]; chosen != "" {
			return &chosen
		}
		return nil
	}
	c.db.Exec(webhook.SchemaSQL("hookline"))
	c.db.Exec(ignoredSQL)
	for i := range writers {
		c.db.Exec(`SELECT pg_replication_origin_create($1)`, c.origin(i))
	}
	c.db.Exec(`DELETE FROM webhooks WHERE id = ANY ($1)`,
		[]string{c.frail[1].id, c.frail[2].id, c.frail[3].id})
	for _, h := range c.frail[1:] {
		filter := filters[random.IntN(len(filters))]
		h.choice = choice{
			passes: filter.passes, ignores: random.IntN(4), told: c,
			thin: random.IntN(4) == 0, form: forms[random.IntN(len(forms))],
		}
		if h.form == "twenty" && h.isKeyPair() {
			h.form = "standard"
		}
		previous, fields := oneOf("", "changed", "all"), oneOf("", "{version}", "{version,note}")
		if h.form == "twenty" || h.thin {
			previous = nil
		}
		if h.thin {
			fields = nil
		}
		h.own([]*string{oneOf(filter.text), previous, fields, oneOf("", "{note}"), h.ignoring()})
		rate := []int{500, 100000}[random.IntN(2)]
		timeout, per := oneOf("", "600ms", "1500ms"), oneOf("", "commit")
		c.t.Logf("in the form %s, thin: %t, at a rate of %d", h.form, h.thin, rate)
		c.db.Exec(`UPDATE hookline.webhook SET format = $2, rate = $3, thin = $4,
			timeout = $5::text::interval, per = $6 WHERE id = $1`, h.id, h.form, rate, h.thin, timeout, per)
	}
	c.merging = c.newHook("contact")
	c.db.Exec(`DELETE FROM webhooks WHERE id = $1`, c.merging.id)
	c.merging.choice = choice{told: c, form: forms[random.IntN(2)]}
	c.merging.own([]*string{nil, oneOf("", "changed"), oneOf("", "{version}"), nil, nil})
	batch := []int{2, 7, 50}[random.IntN(3)]
	settle := oneOf("", "50ms", "200ms", "1s")
	longest := oneOf("", "1s", "3s")
	if settle == nil {
		longest = nil
	}
	c.t.Logf("what settles comes in batches of %d, in the form %s", batch, c.merging.form)
	c.db.Exec(`UPDATE hookline.webhook SET settle = $2::text::interval, catch_up = $3,
		batch = $4, format = $5, settle_max = $6::text::interval WHERE id = $1`,
		c.merging.id, settle, "latest", batch, c.merging.form, longest)
	c.batched = c.newHook("")
	c.db.Exec(`DELETE FROM webhooks WHERE id = $1`, c.batched.id)
	c.batched.choice = choice{ignores: random.IntN(4), told: c, form: forms[random.IntN(2)]}
	c.batched.own([]*string{nil, nil, nil, nil, c.batched.ignoring()})
	batch = []int{2, 7, 50}[random.IntN(3)]
	c.t.Logf("others come in batches of %d, in the form %s", batch, c.batched.form)
	c.db.Exec(`UPDATE hookline.webhook SET batch = $2, batch_wait = $3::text::interval, format = $4
		WHERE id = $1`, c.batched.id, batch, oneOf("", "1ms", "300ms"), c.batched.form)
	for _, h := range []*hook{c.merging, c.batched} { // one by one, until the end
		h.Answers(func(r receiver.Request) receiver.Answer {
			if dice(r, 3) > 0 {
				return receiver.Answer{Status: http.StatusServiceUnavailable}
			}
			return receiver.Answer{}
		})
	}
}

// ignoring is what the column of the webhook says of what it ignores.
func (h *hook) ignoring() *string {
	var list []string
	if h.ignores&annotated != 0 {
		list = append(list, "annotation:source=campaign")
	}
	for i := range writers {
		if h.ignores&imported != 0 {
			list = append(list, "origin:"+h.told.origin(i))
		}
	}
	if list == nil {
		return nil
	}
	return new("{" + strings.Join(list, ",") + "}")
}

// isKeyPair reports whether a key pair signs, which makes no signature of Twenty's.
func (h *hook) isKeyPair() bool { return strings.HasPrefix(h.Secret, "whsk_") }

// validate has every body be held against what `hookline schema` prints of its webhook.
func (c *campaign) validate() {
	c.t.Helper()
	for _, h := range append([]*hook{c.merging}, c.hooks...) {
		key := "public.webhooks/" + h.id
		if h.told != nil {
			key = "hookline.webhook/" + h.id
		}
		h.Validates(c.db, key, c.settings...)
	}
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

// readIgnored reads what came of transactions that webhooks may ignore. Of one that has changed a
// record several times the diary tells less than is read here.
func (c *campaign) readIgnored() {
	c.t.Helper()
	rows, err := c.db.Conn.Query(c.t.Context(), `SELECT split_part(event, '.', 1), event, record,
		version, coalesce(former, record), coalesce(was, version),
		annotated::int * $1::int + imported::int * $2::int
		FROM diary.entries WHERE annotated OR imported`, annotated, imported)
	if err != nil {
		c.t.Fatal(err)
	}
	c.ignored = map[version]int{}
	var object, event, record, former string
	var number, was, kinds int
	_, err = pgx.ForEachRow(rows, []any{&object, &event, &record, &number, &former, &was, &kinds},
		func() error {
			if !strings.HasSuffix(event, ".deleted") {
				c.ignored[version{false, object + " " + record, number}] |= kinds
			}
			if !strings.HasSuffix(event, ".created") {
				c.ignored[version{true, object + " " + former, was}] |= kinds
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
