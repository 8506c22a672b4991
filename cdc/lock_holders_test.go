package cdc_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
)

// asOwner makes a role that is no superuser, and has the plan made and applied by it. The role owns
// the database's tables, Hookline's among them.
func (p *planned) asOwner() {
	p.t.Helper()
	role := "owner_" + p.conn.Config().Database
	p.exec(`CREATE ROLE ` + role + ` LOGIN REPLICATION`)
	database := pg.Identifier(p.conn.Config().Database)
	p.exec(fmt.Sprintf(`ALTER DATABASE %s OWNER TO %s; ALTER SCHEMA public OWNER TO %[2]s;
		ALTER SCHEMA hookline OWNER TO %[2]s`, database, role))
	p.exec(`DO $$ DECLARE t regclass; BEGIN
		FOR t IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384
		    AND relnamespace::regnamespace::text IN ('public', 'hookline')
		LOOP EXECUTE format('ALTER TABLE %s OWNER TO ` + role + `', t); END LOOP; END $$`)
	p.conn = connect(p.t, strings.Replace(p.cfg.URL, "postgres@", role+"@", 1))
	url := p.cfg.URL
	p.t.Cleanup(func() {
		execBehind(p.t, url, fmt.Sprintf(`ALTER DATABASE %s OWNER TO postgres;
			REASSIGN OWNED BY %s TO postgres; DROP ROLE %[2]s`, database, role))
	})
}

// execBehind is for what is cleaned up, when the test's own connections and context are gone.
func execBehind(t *testing.T, url, sql string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err == nil {
		_, err = conn.PgConn().Exec(ctx, sql).ReadAll()
		_ = conn.Close(ctx)
	}
	if err != nil {
		t.Error(err)
	}
}

func (p *planned) prepared() *cdc.Plan {
	p.t.Helper()
	plan, err := cdc.Prepare(p.t.Context(), p.conn, p.cfg, p.tables, nil,
		slog.New(slog.DiscardHandler))
	if err != nil {
		p.t.Fatal(err)
	}
	return plan
}

func (p *planned) published() string {
	p.t.Helper()
	return p.query(`SELECT coalesce(string_agg(c.relname, ' ' ORDER BY c.relname), '')
		FROM pg_publication_rel r
		JOIN pg_class c ON c.oid = r.prrelid WHERE c.relname <> 'backfill'`)
}

// begin opens a transaction of the CRM's.
func (p *planned) begin(sql string) pgx.Tx {
	p.t.Helper()
	tx, err := connect(p.t, p.cfg.URL).Begin(p.t.Context())
	if err == nil {
		_, err = tx.Exec(p.t.Context(), sql)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return tx
}

func (p *planned) rollback(tx pgx.Tx) {
	p.t.Helper()
	if err := tx.Rollback(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// TestOneTableHoldsNoOther has new tables that cannot be published now, each for a reason of its
// own. It is told, the others are published, and so are these once it is over, with the rows that
// they have.
func TestOneTableHoldsNoOther(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE done (id int PRIMARY KEY)`, "done")
		p.asOwner()
		p.apply()
		p.open()
		const tables = "dumped forced free imported promised"
		for _, name := range strings.Fields(tables) {
			p.exec(fmt.Sprintf(`CREATE TABLE %s (id int PRIMARY KEY); INSERT INTO %[1]s VALUES (1)`, name))
		}
		p.exec(`ALTER TABLE forced ENABLE ROW LEVEL SECURITY; ALTER TABLE forced FORCE ROW LEVEL SECURITY;
			CREATE POLICY "of the Tenant" ON forced USING (id > 1)`)
		dump := p.begin(`SET LOCAL application_name = 'pg_dump'; SELECT FROM dumped`)
		imported := p.begin(`INSERT INTO imported VALUES (2)`)
		gid := "two-phase of " + p.cfg.Slot
		p.begin(`INSERT INTO promised VALUES (2); PREPARE TRANSACTION '` + gid + `'`)
		p.want(append([]string{"done"}, strings.Fields(tables)...)...)

		began := time.Now()
		plan := p.prepared()
		if got := p.published(); got != "done dumped free imported promised" {
			t.Errorf("%q are published, want all that can be", got)
		}
		if !plan.Pending() {
			t.Error("nothing is to be tried again")
		}
		if s := wantSkipped(t, plan, "dumped", cdc.Locked); !s.Published ||
			!strings.Contains(s.Why, "(pg_dump)") {
			t.Errorf("%+v, want it published, and pg_dump named", s)
		}
		pid := imported.Conn().PgConn().PID()
		s := wantSkipped(t, plan, "imported", cdc.Locked)
		if !s.Published || !strings.Contains(s.Why, fmt.Sprintf("session %d of role postgres", pid)) ||
			strings.Join(s.SQL, ";") != fmt.Sprintf("SELECT pg_terminate_backend(%d)", pid) {
			t.Errorf("%+v, want the session %d named", s, pid)
		}
		s = wantSkipped(t, plan, "promised", cdc.Locked)
		if !s.Published || !strings.Contains(s.Why, "prepared transaction '"+gid+"'") ||
			strings.Join(s.SQL, ";") != "ROLLBACK PREPARED '"+gid+"'" {
			t.Errorf("%+v, want the prepared transaction named", s)
		}
		if s = wantSkipped(t, plan, "forced", cdc.HiddenRows); !strings.Contains(s.Why,
			`policy "of the Tenant"`) ||
			len(s.SQL) != 1 {
			t.Errorf("%+v, want the policy named", s)
		}
		t.Logf("it took %s", time.Since(began))

		p.rollback(dump)
		p.rollback(imported)
		p.exec(`ALTER TABLE forced NO FORCE ROW LEVEL SECURITY`)
		admin := connect(t, p.cfg.URL)
		if _, err := admin.Exec(t.Context(), `ROLLBACK PREPARED '`+gid+`'`); err != nil {
			t.Fatal(err)
		}
		if plan = p.prepared(); len(plan.Skipped) > 0 || plan.Pending() || !p.plan().Ready() {
			t.Errorf("afterwards %v are skipped", plan.Skipped)
		}
		p.exec(`INSERT INTO done VALUES (1)`)
		expect(t, p.takeUntilDone(), "insert dumped -→(1)", "insert free -→(1)", "insert forced -→(1)",
			"insert imported -→(1)", "insert promised -→(1)")
	})
}

// TestWhatOthersMustWithdraw is in a publication that belongs to somebody else: the start goes on.
func TestWhatOthersMustWithdraw(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE done (id int PRIMARY KEY);
			CREATE TABLE extra (id int PRIMARY KEY); CREATE TABLE bad (id int);
			CREATE PUBLICATION hookline FOR TABLE done, extra, bad, hookline.backfill
			    WITH (publish_via_partition_root = true)`, "done")
		if major >= 18 {
			p.exec(`ALTER PUBLICATION hookline SET (publish_generated_columns = stored)`)
		}
		admin := *p.stream
		p.asOwner()
		admin.exec(`ALTER PUBLICATION hookline OWNER TO postgres`)
		plan := p.prepared()
		if s := wantSkipped(t, plan, "extra", cdc.NotOwned); !s.Published || s.Harms ||
			s.SQL[0] != `ALTER PUBLICATION "hookline" DROP TABLE ONLY "public"."extra"` {
			t.Errorf("%+v, want it told", s)
		}
		if s := wantSkipped(t, plan, "bad", cdc.NotOwned); !s.Harms || s.Finding().Level != cdc.Wrong {
			t.Errorf("%+v, want it told as what harms the CRM", s)
		}
		if n := p.query(`SELECT count(*)::text FROM pg_replication_slots WHERE slot_name = $1`,
			p.cfg.Slot); n != "1" {
			t.Error("the slot is not made")
		}
	})
}
