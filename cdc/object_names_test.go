package cdc_test

import (
	"maps"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

// TestNotedObjects keeps the name under which a table is announced until the table has another
// name, or it is noted anew; what takes the name of a table over takes that of its object, too.
func TestNotedObjects(t *testing.T) {
	for _, major := range []int{0, 18} {
		p := newPlannedOn(t, major, `CREATE TABLE people (id int PRIMARY KEY)`)
		know := func(table string) {
			p.exec(`INSERT INTO hookline.known_table (slot, relation) VALUES ('` + p.cfg.Slot + `', '` +
				table + `'::regclass)`)
		}
		note := func(table, object string, anew bool) {
			t.Helper()
			names := []cdc.ObjectName{
				{Table: cdc.Table{Schema: "public", Name: table}, Object: object, Anew: anew},
			}
			if err := cdc.NoteObjects(t.Context(), p.conn, p.cfg, names); err != nil {
				t.Fatal(err)
			}
		}
		want := func(noted map[string]string) {
			t.Helper()
			var got map[string]string
			err := pgx.BeginFunc(t.Context(), p.conn, func(tx pgx.Tx) (err error) {
				got, err = cdc.NotedObjects(t.Context(), tx, p.cfg)
				return err
			})
			if err != nil || !maps.Equal(got, noted) {
				t.Errorf("Postgres %d: noted are %v, %v, want %v", major, got, err, noted)
			}
		}
		want(map[string]string{})
		note("people", "person", false) // it is not known yet
		want(map[string]string{})
		know("people")
		note("people", "person", false)
		note("people", "human", false)
		want(map[string]string{"public.people": "person"})
		note("people", "human", true)
		want(map[string]string{"public.people": "human"})

		p.exec(`ALTER TABLE people RENAME TO old_people; CREATE TABLE people (id int PRIMARY KEY)`)
		want(map[string]string{"public.people": "human"})
		note("old_people", "oldPerson", false)
		want(map[string]string{"public.old_people": "oldPerson"})
		know("people")
		note("people", "person", false)
		p.exec(`DROP TABLE old_people; ALTER TABLE people RENAME TO old_people`)
		want(map[string]string{"public.old_people": "oldPerson", "public.people": "person"})
		note("old_people", "formerPerson", false)
		want(map[string]string{"public.old_people": "formerPerson"}) // it is the one that is there
	}

	p := newPlanned(t, `DROP SCHEMA hookline CASCADE`)
	err := pgx.BeginFunc(t.Context(), p.conn, func(tx pgx.Tx) error {
		_, err := cdc.NotedObjects(t.Context(), tx, p.cfg)
		return err
	})
	if err != nil {
		t.Errorf("without Hookline's own tables: %v", err)
	}
}
