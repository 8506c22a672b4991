package cdc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/cdc"
)

// TestKnownTablesAreKept has somebody delete what is known of tables. The server refuses, and says
// why: the rows of tables that are new would be taken for old ones.
func TestKnownTablesAreKept(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		p.scan()
		p.open()
		p.exec(`CREATE TABLE fresh (id int PRIMARY KEY); INSERT INTO fresh VALUES (1)`)
		for _, sql := range []string{
			`DELETE FROM hookline.known_table`, `TRUNCATE hookline.known_table`,
			`DELETE FROM hookline.known_table WHERE relation = 'log'::regclass`,
		} {
			_, err := p.conn.Exec(t.Context(), sql)
			refused, ok := errors.AsType[*pgconn.PgError](err)
			if !ok || !strings.Contains(refused.Message, "which tables have been announced") ||
				!strings.Contains(refused.Hint, "by itself") {
				t.Errorf("%s: %v", sql, err)
			}
		}
		p.scan()
		expect(t, p.brought(), "insert fresh -→(1)")
		p.exec(`DROP SCHEMA hookline CASCADE`)
	})
}

// TestIdentityNothing takes the replica identity from a published table. Until the catalog scan the
// CRM's updates of it fail; then it is as it should be, or, under keep, left out.
func TestIdentityNothing(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL+`; CREATE TABLE a (id int PRIMARY KEY, n int); INSERT INTO a
			VALUES (1, 1)`)
		p.scan()
		p.open()
		for _, keep := range []bool{false, true} {
			p.exec(`ALTER TABLE a REPLICA IDENTITY NOTHING`)
			if _, err := p.conn.Exec(t.Context(), `UPDATE a SET n = n + 1`); err == nil {
				t.Error("the update does not fail")
			}
			if p.want("done", "log", "a"); keep {
				p.want("done", "log", "-a")
			}
			plan := p.apply()
			p.exec(`UPDATE a SET n = n + 1`)
			if keep {
				wantSkipped(t, plan, "a", cdc.NoIdentity)
				expect(t, p.brought())
			} else {
				expect(t, p.brought(), "update a (1,1)→(1,2)")
			}
		}
	})
}
