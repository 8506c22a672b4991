package cdc_test

import (
	"testing"

	"hookline/cdc"
)

// TestVirtualColumnComesAndGoes: with the plan of the next catalog scan the CRM's updates work, and
// tell less; when the column is gone they tell all again.
func TestVirtualColumnComesAndGoes(t *testing.T) {
	p := newPlannedOn(t, 18, `CREATE TABLE done (id int PRIMARY KEY);
		CREATE TABLE people (id int PRIMARY KEY, first text, last text); INSERT INTO people VALUES (1,
		    'Ada', 'L.')`, "done", "people")
	p.apply()
	p.open()
	p.exec(`ALTER TABLE people ADD COLUMN full_name text GENERATED ALWAYS AS (first || last)`)
	if _, err := p.conn.Exec(t.Context(), `UPDATE people SET first = 'A.'`); err == nil {
		t.Error("the CRM's update works, so there is nothing to mend")
	}
	p.expect(`ALTER TABLE public.people REPLICA IDENTITY DEFAULT`)
	if s := wantSkipped(t, p.apply(), "people", cdc.GeneratedColumns); !s.Published ||
		s.Finding().Check != "table tells less" {
		t.Errorf("%+v, want it published, telling less", s)
	}
	p.exec(`UPDATE people SET first = 'A.'; DELETE FROM people; INSERT INTO people VALUES (2, 'Bo',
		'D.')`)
	p.exec(`ALTER TABLE people DROP COLUMN full_name`)
	p.expect(`ALTER TABLE public.people REPLICA IDENTITY FULL`)
	wantSkipped(t, p.apply(), "people", "")
	p.exec(`UPDATE people SET first = 'B.'; INSERT INTO done VALUES (1)`)
	expect(t, p.takeUntilDone(), "update people -→(1,A.,L.)", "delete people key(1,~,~)→-",
		"insert people -→(2,Bo,D.)", "update people (2,Bo,D.)→(2,B.,D.)")
}
