package generic

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hookline/mapper/mappertest"
)

// TestAttachedRows has a table attached and looked at before the stream is read. What it brings is
// announced once: not at all when the rows were moved from another partition by the transaction
// that attached it, and as created when they were made.
func TestAttachedRows(t *testing.T) {
	const move = `
		CREATE TABLE deals_lost (LIKE deals INCLUDING ALL);
		WITH gone AS (DELETE FROM deals_others WHERE stage = 'lost' RETURNING *)
		INSERT INTO deals_lost SELECT id, stage, CASE id WHEN 4 THEN 'D' ELSE name END FROM gone;`
	const attach = `ALTER TABLE deals ATTACH PARTITION deals_lost FOR VALUES IN ('lost')`
	updated, made := `deal.updated name {"id":4,"stage":"lost","name":"D"}`,
		`deal.created  {"id":6,"stage":"lost","name":"f"}`
	for _, test := range []struct {
		name, sql string
		want      []string
	}{
		{"Moved", move + attach, []string{updated}},
		{
			"Made",
			`CREATE TABLE deals_lost (LIKE deals INCLUDING ALL); DELETE FROM deals_others; INSERT INTO deals_lost VALUES (6, 'lost', 'f');` + attach,
			[]string{
				`deal.deleted  {"id":3,"stage":"lost","name":"c"}`,
				`deal.deleted  {"id":4,"stage":"lost","name":"d"}`,
				`deal.deleted  {"id":5,"stage":"lost","name":"e"}`,
				`deal.created  {"id":6,"stage":"lost","name":"f"}`,
			},
		},
		{
			"Both", move + `INSERT INTO deals_lost VALUES (6, 'lost', 'f');` + attach,
			[]string{updated, made},
		},
		{"Savepoint", `BEGIN; SAVEPOINT s;` + move + `RELEASE s; SAVEPOINT t;` + attach +
			`; RELEASE t; COMMIT`, []string{updated}},
		{
			"SavepointBoth", `BEGIN; SAVEPOINT s;` + move +
				`SAVEPOINT t; INSERT INTO deals_lost VALUES (6, 'lost', 'f'); RELEASE s; SAVEPOINT u; ` +
				attach + `; COMMIT`,
			[]string{updated, made},
		},
		{"SavepointBefore", `BEGIN;` + move +
			`SAVEPOINT s; INSERT INTO deals_lost VALUES (6, 'lost', 'f'); RELEASE s;` + attach +
			`; COMMIT; INSERT INTO deals VALUES (7, 'lost', 'g')`, []string{
			updated, `deal.created  {"id":7,"stage":"lost","name":"g"}`, made,
		}},
		{"Later", move + `; COMMIT;` + attach, []string{updated}},
		{
			"Again", move + attach + `; COMMIT; ALTER TABLE deals DETACH PARTITION deals_lost;` + attach,
			[]string{updated},
		},
		{
			"Renamed", `BEGIN;` + move + attach + `; COMMIT; ALTER TABLE deals RENAME TO sales`,
			[]string{updated},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, major := range []int{0, 18} {
				t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
					f := newCRM(t, major, stages)
					mappertest.RunSQL(t, f.pool, test.sql)
					f.prepare()
					if got := f.announced(); !slices.Equal(got, test.want) {
						t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(test.want, "\n\t"))
					}
				})
			}
		})
	}
}
