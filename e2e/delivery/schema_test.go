package delivery

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"hookline/e2e"
)

// typedTable has columns of all kinds that values can be of.
const typedTable = `CREATE TYPE mood AS ENUM ('fine', 'so so');
	CREATE DOMAIN grade AS mood NOT NULL;
	CREATE TYPE spot AS (x int, y float8, moods mood[]);
	CREATE TABLE things (id text PRIMARY KEY, version int, yes bool NOT NULL, small int2,
		large int8 NOT NULL, real float4, exact numeric, word varchar(10) NOT NULL, raw bytea,
		uid uuid, day date, clock time, local timestamp, moment timestamptz, span interval,
		doc jsonb, moods mood[], one mood, graded grade, place spot, places spot[],
		grid int[], words text[], range int4range, address inet, deleted_at timestamptz,
		"Odd name*/ " text);
	CREATE TABLE pairs (a int, b text, id text, version int, PRIMARY KEY (a, b))`

const things = `INSERT INTO things VALUES
	('full', 1, true, 1, 2, 1.5, 12345678901234567890.5, 'w', '\x00ff',
		'0d0e0f00-0000-4000-8000-000000000000', '2026-01-02', '03:04', '2026-01-02 03:04',
		'2026-01-02 03:04+00', '1 day', '{"a": [1, null]}', '{fine,NULL}', 'so so', 'fine',
		'(1,2.5,{fine})', '{"(1,,)",NULL}', '{{1,2},{3,4}}', '{a,NULL}', '[1,2)', '::1', NULL, 'x'),
	('odd', 2, false, NULL, -1, 'NaN', 'NaN', '', NULL, NULL, 'infinity', NULL, 'infinity',
		'-infinity', NULL, 'null', '{}', NULL, 'so so', NULL, '{}', '{}', '{}', 'empty', NULL, NULL,
		NULL)`

// Every body is what the schema says, which names all that there is: of values of all kinds, in all
// forms of bodies, before and after the schema has other columns.
func TestEventSchema(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	db.Exec(typedTable)
	settings := []string{"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook"}
	db.SetUp(settings...)
	boxes := map[string]*e2e.Inbox{}
	for _, form := range []string{"event", "twenty", "standard"} {
		boxes[form] = e2e.NewInbox(t)
		boxes[form].Validates(db, form, settings...)
		db.AddOwnWebhook(boxes[form], form, "*.*")
	}
	sut := e2e.Start(t, db, settings...).Until("active")
	db.Exec(things)
	db.Exec("UPDATE things SET word = 'other', doc = '[]', one = 'fine'")
	db.Exec("INSERT INTO pairs VALUES (1, 'x', 'pair', 1)")
	db.Exec("UPDATE pairs SET a = 2; DELETE FROM things WHERE id = 'odd'")
	db.Exec("UPDATE things SET deleted_at = now()")
	for _, box := range boxes {
		box.UntilAccepted(8)
	}
	e2e.Finish(t, sut)
	for form, box := range boxes {
		var events []string
		for _, a := range box.Accepted {
			events = append(events, a.Event)
		}
		if got := fmt.Sprint(len(events)); got != "8" {
			t.Errorf("%s: %s events came: %q", form, got, events)
		}
	}
	for format, file := range map[string]string{"typescript": "events.ts", "openapi": "openapi.json"} {
		got := db.EventSchema([]string{"--format", format}, settings...)
		golden := filepath.Join("testdata", "schema", file)
		want, err := os.ReadFile(golden)
		if got != string(want) {
			t.Errorf("schema --format %s prints another text than %s, %v:\n%s", format, golden, err, got)
		}
	}
	var doc struct{ Webhooks map[string]any }
	text := db.EventSchema([]string{"--format", "openapi"}, settings...)
	if err := json.Unmarshal([]byte(text), &doc); err != nil || len(doc.Webhooks) != 8 {
		t.Errorf("%d webhooks, %v", len(doc.Webhooks), err)
	}
}
