package cdc_test

import (
	"log/slog"
	"testing"
)

// TestPlanWhileATableIsDropped drops a table after the snapshot in which the plan looks for tables: it is
// left alone, and the others are published.
func TestPlanWhileATableIsDropped(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE passing (id int PRIMARY KEY); CREATE TABLE lasting (id int PRIMARY KEY)`, "passing", "lasting")
		crm := connect(t, p.cfg.URL)
		p.exec(`BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class`)
		if _, err := crm.Exec(t.Context(), `DROP TABLE passing`); err != nil {
			t.Fatal(err)
		}
		plan := p.plan()
		p.exec(`COMMIT`)
		if err := plan.Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		if got := p.query(`SELECT string_agg(tablename, ' ' ORDER BY 1) FROM pg_publication_tables WHERE schemaname = 'public'`); got != "lasting" {
			t.Errorf("published is %q, want lasting", got)
		}
		if len(plan.Skipped) > 0 {
			t.Errorf("skipped: %v", plan.Skipped)
		}
	})
}
