package delivery

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/webhook"
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

// formed are webhooks, by what they choose of the forms that events have: columns of Hookline's own
// table, and their values.
var formed = [][2]string{
	{"format", "'event'"},
	{"format", "'twenty'"},
	{"format", "'standard'"},
	{"format", "'cloudevents'"},
	{"format", "'cloudevents-binary'"},
	{"previous, rekey", "'changed', 'split'"},
	{"previous, fields", "'all', '{word}'"},
	{"format, previous", "'standard', 'all'"},
	{"format, previous, fields, mask", "'cloudevents', 'changed', '{word,moods}', '{word,id,a}'"},
	{"fields, per", "'{}', 'change'"},
	{"thin, operations", "true, '{*.updated}'"},
	{"thin, mask, format", "true, '{id}', 'twenty'"},
	{"batch, previous, operations", "3, 'all', '{*.*,hookline.*}'"},
	{"batch, format, settle", "100, 'twenty', '10ms'"},
	{"batch, format, secret", "2, 'standard', '" + string(webhook.NewKeyPair()) + "'"},
	{"batch, format, operations", "50, 'cloudevents', '{hookline.*,thing.*}'"},
	{"format, operations", "'twenty', '{hookline.*,pair.*}'"},
	{"format, operations", "'cloudevents-binary', '{hookline.*}'"},
	{"format, operations, batch", "'slack', '{hookline.schemaChanged}', NULL"},
}

// Every body is what the schema says, which names all that there is: of values of all kinds, in all
// forms that a webhook can choose, of operator events and of those that webhooks are tested with.
func TestEventSchema(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	db.Exec(typedTable)
	settings := []string{"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook"}
	db.SetUp(settings...)
	boxes, keys := make([]*e2e.Inbox, len(formed)), make([]string, len(formed))
	for i, c := range formed {
		if _, key, found := strings.Cut(c[1], "'whsk_"); found {
			boxes[i] = e2e.NewInboxWith(t, "whsk_"+strings.TrimSuffix(key, "'"))
		} else {
			boxes[i] = e2e.NewInboxWith(t, "")
			c = [2]string{c[0] + ", secret", c[1] + ", ''"}
		}
		id := e2e.Value[string](db, "INSERT INTO hookline.webhook (url, "+c[0]+
			") VALUES ($1, "+c[1]+") RETURNING id::text", boxes[i].URL())
		keys[i] = "hookline.webhook/" + id
		boxes[i].Validates(db, keys[i], settings...)
	}
	sut := e2e.Start(t, db, settings...).Until("active")
	db.Exec(things)
	db.Exec("UPDATE things SET word = 'other', doc = '[]', one = 'fine'")
	db.Exec("INSERT INTO pairs VALUES (1, 'x', 'pair', 1)")
	db.Exec("UPDATE pairs SET a = 2; DELETE FROM things WHERE id = 'odd'")
	db.Exec("UPDATE things SET deleted_at = now()")
	for i, c := range formed {
		// of two things and a pair: created, updated, one deleted, one soft-deleted
		n := 8
		switch {
		case strings.Contains(c[0], "rekey"): // the pair has another key
			n = 9
		case strings.Contains(c[1], "'{}'"): // updates of things are of nothing that is sent
			n = 6
		case strings.Contains(c[0], "settle"), !strings.Contains(c[1], "*.*") &&
			strings.Contains(c[0], "operations"):
			n = 0
		}
		boxes[i].UntilAccepted(n)
	}
	e2e.Eventually(t, func() error {
		if n := e2e.Value[int](db, "SELECT count(*) FROM hookline.described"); n < 2 {
			return fmt.Errorf("%d tables are known as they are", n)
		}
		return nil
	})
	types := make([]string, len(keys)) // before there is more
	for i, key := range keys {
		types[i] = db.EventSchema([]string{"--format", "typescript", "--webhook", key}, settings...)
	}
	db.Exec("ALTER TABLE things ADD more text")
	for i, c := range formed {
		if strings.Contains(c[1], "hookline.") {
			e2e.Eventually(t, func() error {
				for _, r := range boxes[i].All() {
					if r.Event == "hookline.schemaChanged" ||
						strings.Contains(string(r.Body), `{"text":"Events of thing (table`) {
						return nil
					}
				}
				return fmt.Errorf("%s has not heard that the table is another one", c)
			})
		}
		if p := e2e.Run(t, db.Env(settings...), "webhooks", "test", keys[i]); p.Wait() != 0 {
			t.Errorf("a test of %s ends with: %s", c, p.Log.String())
		}
	}
	e2e.Finish(t, sut)

	for format, file := range map[string]string{"typescript": "events.ts", "openapi": "openapi.json"} {
		text := db.EventSchema([]string{"--format", format}, settings...)
		golden(t, filepath.Join("testdata", "schema", file), []byte(text))
	}
	t.Run("TypeScript", func(t *testing.T) { typeCheck(t, types, boxes) })
	var doc struct{ Webhooks map[string]any }
	text := db.EventSchema([]string{"--format", "openapi"}, settings...)
	if err := json.Unmarshal([]byte(text), &doc); err != nil || len(doc.Webhooks) != 9 {
		t.Errorf("%d webhooks, %v", len(doc.Webhooks), err)
	}
}
