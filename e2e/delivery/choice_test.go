package delivery

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hookline/e2e"
)

// choices are tables of each replica identity.
const choices = `
	CREATE TABLE deals (id text PRIMARY KEY, stage text, amount int, body text, api_key text, version int);
	ALTER TABLE deals ALTER body SET STORAGE EXTERNAL, REPLICA IDENTITY FULL;
	CREATE TABLE notes (id text PRIMARY KEY, stage text);
	CREATE TABLE parts (id text PRIMARY KEY, code text NOT NULL UNIQUE, stage text);
	ALTER TABLE parts REPLICA IDENTITY USING INDEX parts_code_key;
	CREATE TABLE ends (id text PRIMARY KEY, stage text)`

// Webhooks choose which events they get, and what of them: by a filter, with the row before beside
// data, some fields, masked ones. What waits in the spool was chosen when it was told of, and stays
// as it is.
func TestChoices(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres %d", major), func(t *testing.T) {
			t.Parallel()
			testChoices(t, major)
		})
	}
}

func testChoices(t *testing.T, major int) {
	t.Helper()
	db := e2e.NewDatabaseMajor(t, major)
	db.Exec(choices)
	settings := []string{
		"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_REPLICA_IDENTITY=keep", e2e.Often,
		"HOOKLINE_HOLD_MAX=100ms",
	}
	db.SetUp(settings...)
	// a version before has made it
	db.Exec("ALTER TABLE hookline.webhook DROP filter, DROP mask, DROP fields, DROP previous")
	db.SetUp(settings...)
	add := func(columns, values string) *e2e.Inbox {
		box := e2e.NewInbox(t)
		db.Exec("INSERT INTO hookline.webhook (url, secret, "+columns+") VALUES ($1, $2, "+values+")",
			box.URL(), box.Secret)
		return box
	}
	plain := add("per", "'commit'")
	won := add("filter, previous",
		`'object == "end" || object == "deal" && "stage" in changed && data.stage == "WON"', 'changed'`)
	whole := add("format, previous", `'standard', 'all'`)
	some := add("fields, mask, previous", `'{stage,amount}', '{amount}', 'changed'`)
	broken := add("filter", `'object == "end" || data.amount > 5'`)
	secret := add("filter", `'object == "end" || has(data.apiKey) || has(previous.apiKey)'`)
	late := add("filter, previous, fields", `'data.stage != "LOST"', 'changed', '{stage}'`)
	late.Answers(e2e.Always(http.StatusServiceUnavailable))

	sut := e2e.Start(t, db, settings...).Until("active")
	body := strings.Repeat("0123456789", 1000)
	for _, sql := range []string{
		"INSERT INTO deals VALUES ('d1', 'OPEN', 5, '" + body + "', 'canary', 1)",
		"UPDATE deals SET stage = 'WON'",
		"UPDATE deals SET api_key = 'canary2'", // which nobody hears of
		"UPDATE deals SET version = 2",
		"BEGIN; UPDATE deals SET stage = 'LOST', amount = NULL; UPDATE deals SET amount = 7; COMMIT",
		"INSERT INTO notes VALUES ('n1', 'OPEN')",
		"UPDATE notes SET stage = 'WON'", // of which the row before is not known
		"INSERT INTO parts VALUES ('p1', 'c1', 'OPEN')",
		"UPDATE parts SET code = 'c2', stage = 'WON'", // of which the code alone is
		"DELETE FROM deals",
	} {
		db.Exec(sql)
	}
	e2e.Eventually(t, func() error { // all of it waits in the spool
		if n := len(db.Deliveries("waiting")); n < 6 {
			return fmt.Errorf("%d deliveries wait", n)
		}
		return nil
	})
	sut.Stop()
	// what waits was chosen when it was told of
	db.Exec("UPDATE hookline.webhook SET filter = 'false', previous = NULL, fields = NULL WHERE url = $1",
		late.URL())
	late.Answers(nil)
	sut = e2e.Start(t, db, settings...).Until("active")
	late.UntilAccepted(6)
	db.Exec("INSERT INTO ends VALUES ('e1', 'OPEN')")

	const all = "deal.created d1 ; deal.updated d1 stage; deal.updated d1 version; " +
		"deal.updated d1 stage,amount; note.created n1 ; note.updated n1 ; part.created p1 ; " +
		"part.updated p1 ; deal.deleted d1 ; end.created e1 "
	deal := func(stage, amount, version string) string {
		return `{"id":"d1","stage":"` + stage + `","amount":` + amount + `,"body":"BODY","version":` +
			version + `}`
	}
	for box, want := range map[*e2e.Inbox][]string{
		won: {`deal.updated ` + deal("WON", "5", "1") + ` {"stage":"OPEN"}`, `end.created`},
		whole: {
			`deal.created ` + deal("OPEN", "5", "1"),
			`deal.updated ` + deal("WON", "5", "1") + ` ` + deal("OPEN", "5", "1"),
			`deal.updated ` + deal("WON", "5", "2") + ` ` + deal("WON", "5", "1"),
			`deal.updated ` + deal("LOST", "7", "2") + ` ` + deal("WON", "5", "2"),
			`note.created`, `note.updated {"id":"n1","stage":"WON"}`,
			`part.created`, `part.updated {"id":"p1","code":"c2","stage":"WON"}`,
			`deal.deleted ` + deal("LOST", "7", "2"), `end.created`,
		},
		some: {
			`deal.created {"id":"d1","stage":"OPEN","amount":"***"}`,
			`deal.updated {"id":"d1","stage":"WON","amount":"***"} {"stage":"OPEN"} stage`,
			`deal.updated {"id":"d1","stage":"LOST","amount":"***"} ` +
				`{"stage":"WON","amount":"***"} stage,amount`,
			`note.created`, `note.updated {"id":"n1","stage":"WON"}`,
			`part.created {"id":"p1","stage":"OPEN"}`, `part.updated {"id":"p1","stage":"WON"}`,
			`deal.deleted {"id":"d1","stage":"LOST","amount":"***"}`, `end.created`,
		},
		// a filter that cannot be evaluated withholds nothing
		broken: {
			`deal.updated ` + deal("LOST", "7", "2"), `note.created`, `note.updated`, `part.created`,
			`part.updated`, `deal.deleted`, `end.created`,
		},
		// what is known of the row before of nothing is no answer either
		secret: {`note.updated`, `part.updated`, `end.created`},
		late: {
			`deal.created {"id":"d1","stage":"OPEN"}`,
			`deal.updated {"id":"d1","stage":"WON"} {"stage":"OPEN"} stage`,
			`note.created`, `note.updated {"id":"n1","stage":"WON"}`, `part.created`,
			`part.updated {"id":"p1","stage":"WON"}`,
		},
	} {
		if box != late {
			box.UntilAccepted(len(want))
		}
		got := chosen(t, box, body)
		if len(got) != len(want) {
			t.Errorf("%d events, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
			continue
		}
		slices.Sort(want) // records do not wait for each other
		for i := range want {
			if got[i] != want[i] && !strings.HasPrefix(got[i], want[i]+" ") {
				t.Errorf("got  %s\nwant %s", got[i], want[i])
			}
		}
	}
	plain.UntilAccepted(10)
	var heard []string
	for _, r := range plain.All() {
		entry, _ := e2e.Read(r)
		_, updated := e2e.DataOf(t, r)
		heard = append(heard, entry.Event+" "+entry.Record+" "+strings.Join(updated, ","))
		if strings.Contains(string(r.Body), `"previous"`) {
			t.Errorf("who asks for nothing gets %s", r.Body)
		}
	}
	want := strings.Split(all, "; ")
	if slices.Sort(want); !slices.Equal(sorted(heard), want) {
		t.Errorf("plain: %q\nwant   %q", sorted(heard), want)
	}
	log := sut.Log.String()
	sut.Stop()
	if strings.Contains(log, "canary") || strings.Contains(log, "WON") {
		t.Error("the log tells of the records")
	}
}

// chosen returns what a receiver has got: the event, data, previous and updatedFields.
func chosen(t *testing.T, box *e2e.Inbox, large string) (list []string) {
	t.Helper()
	for _, r := range box.All() {
		if r.Status != http.StatusOK && r.Status != 0 {
			continue
		}
		var body struct {
			Data, Previous json.RawMessage
			UpdatedFields  []string
		}
		if err := json.Unmarshal(r.Body, &body); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%s %s %s %s", r.Event, body.Data, body.Previous,
			strings.Join(body.UpdatedFields, ","))
		text = strings.TrimSpace(strings.ReplaceAll(text, large, "BODY"))
		text = regexp.MustCompile(` +`).ReplaceAllString(text, " ")
		if strings.Contains(string(r.Body), "canary") {
			t.Errorf("a credential: %s", r.Body)
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return list
}
