package cdc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
)

// checked returns the findings by their check. All of those that are not fine have to say what mends them.
func checked(t *testing.T, found []cdc.Finding, err error) map[string]cdc.Finding {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]cdc.Finding{}
	for _, f := range found {
		if f.Level != cdc.Fine && f.Mend == "" {
			t.Errorf("nothing is said that mends %+v", f)
		}
		by[f.Check] = f
	}
	return by
}

func TestCheckServer(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	conn := connect(t, url)
	found, err := cdc.CheckServer(t.Context(), conn, cdc.Config{Slot: slotFor(url)}, 1<<20)
	by := checked(t, found, err)
	for _, check := range []string{"version", "primary", "wal_level", "role", "max_replication_slots", "max_wal_senders"} {
		if by[check].Level != cdc.Fine {
			t.Errorf("%s: %+v", check, by[check])
		}
	}
	if f := by["max_slot_wal_keep_size"]; f.Level != cdc.Warning {
		t.Errorf("a server that keeps any amount of WAL: %+v", f)
	}
	if f, err := cdc.CheckStream(t.Context(), url); err != nil || f.Level != cdc.Fine {
		t.Errorf("a replication connection: %+v, %v", f, err)
	}
}

func TestCheckStreamTellsNoPassword(t *testing.T) {
	f, err := cdc.CheckStream(t.Context(), "postgres://somebody:confidential@127.0.0.1:1/crm?sslmode=disable")
	if err != nil || f.Level != cdc.Wrong || strings.Contains(f.Found+f.Mend, "confidential") {
		t.Errorf("nobody listens: %+v, %v", f, err)
	}
}

func TestCheckTransactions(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	conn, other := connect(t, url), connect(t, url)
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	mine := func() (found []cdc.Finding) { // the server is shared with other tests
		all, err := cdc.CheckTransactions(t.Context(), conn, 0)
		checked(t, all, err)
		pid := fmt.Sprintf("session %d ", other.PgConn().PID())
		return slices.DeleteFunc(all, func(f cdc.Finding) bool { return !strings.HasPrefix(f.Found, pid) })
	}
	if found := mine(); len(found) != 0 {
		t.Errorf("a transaction that has written nothing: %+v", found)
	}
	if _, err := tx.Exec(t.Context(), "CREATE TABLE never (id int)"); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("SELECT pg_terminate_backend(%d)", other.PgConn().PID())
	if found := mine(); len(found) != 1 || found[0].Level != cdc.Warning || found[0].SQL[0] != want {
		t.Errorf("a transaction that has written: %+v, want %s", found, want)
	}
	young, err := cdc.CheckTransactions(t.Context(), conn, time.Hour)
	if f := checked(t, young, err)["open transactions"]; f.Level != cdc.Fine {
		t.Errorf("it has not been open for an hour: %+v", f)
	}
}

func TestCheckTables(t *testing.T) {
	const schema = `CREATE TABLE mine (id int PRIMARY KEY); CREATE TABLE theirs (id int PRIMARY KEY); CREATE TABLE keyless (id int);
		CREATE TABLE bare (id int PRIMARY KEY); ALTER TABLE bare REPLICA IDENTITY NOTHING`
	p := newPlanned(t, schema, "mine", "theirs", "keyless", "-bare")
	check := func(conn *pgx.Conn) map[string]cdc.Finding {
		t.Helper()
		found, err := cdc.CheckTables(t.Context(), conn, p.cfg, p.tables)
		return checked(t, found, err)
	}
	want := func(by map[string]cdc.Finding, check string, level cdc.Level, text string) {
		t.Helper()
		f := by[check]
		if all := f.Found + "\n" + f.Mend + "\n" + strings.Join(f.SQL, "\n"); f.Level != level || !strings.Contains(all, text) {
			t.Errorf("%s: %+v, want it %s, with %q", check, f, level, text)
		}
	}
	by := check(p.conn)
	want(by, "ownership", cdc.Fine, "owns all")
	want(by, "publication", cdc.Fine, "not made yet")
	want(by, "replica identity", cdc.Fine, "on 2 tables")
	want(by, "table left out", cdc.Warning, `ALTER TABLE "public"."bare" REPLICA IDENTITY DEFAULT`) // the last of them

	// A role that owns one of two tables, and may not make publications.
	role := "role_" + slotFor(p.cfg.URL)
	p.exec("CREATE ROLE " + role + " LOGIN REPLICATION")
	dropRole(t, role)
	defer p.exec("DROP OWNED BY " + role)
	p.exec("ALTER TABLE mine OWNER TO " + role)
	p.admit(role)
	p.want("mine")
	conn := connect(t, strings.Replace(p.cfg.URL, "postgres@", role+"@", 1))
	want(check(conn), "ownership", cdc.Wrong, `ALTER PUBLICATION "hookline" ADD TABLE ONLY "hookline"."backfill"`)
	p.exec("ALTER TABLE hookline.backfill OWNER TO " + role)
	want(check(conn), "ownership", cdc.Fine, "owns all")
	want(check(conn), "publication", cdc.Wrong, "GRANT CREATE ON DATABASE")
	p.want("mine", "theirs")
	by = check(conn)
	want(by, "replica identity", cdc.Fine, "on 1 table; of 1 table others own")
	want(by, "ownership", cdc.Wrong, `the role does not own 1 table, of postgres, which is not prepared: "public"."theirs"`)
	want(by, "ownership", cdc.Wrong, `CREATE PUBLICATION "hookline" WITH`)
	want(by, "ownership", cdc.Wrong, `ALTER PUBLICATION "hookline" ADD TABLE ONLY "public"."theirs"`)
	want(by, "ownership", cdc.Wrong, "OWNER TO "+role)

	// A publication that somebody else has made of what is not the role's.
	p.exec(`CREATE PUBLICATION hookline FOR TABLE theirs WITH (publish_via_partition_root = true)`)
	p.exec(`ALTER TABLE theirs REPLICA IDENTITY FULL`)
	by = check(conn)
	want(by, "ownership", cdc.Fine, "1 table, owned by postgres, is prepared")
	want(by, "publication", cdc.Wrong, "ALTER PUBLICATION \"hookline\" OWNER TO "+role)
	p.exec(`ALTER PUBLICATION hookline ADD TABLE mine, hookline.backfill`)
	want(check(conn), "publication", cdc.Warning, "tables that come later")
	for _, sql := range check(conn)["publication"].SQL {
		p.exec(sql)
	}
	want(check(conn), "publication", cdc.Fine, "lists 3 tables")

	// The role that migrates owns a table, and not the publication.
	if f, told := check(conn)["migrations"]; told {
		t.Errorf("every owner may change the publication, and there is found %+v", f)
	}
	migrator := "migrator_" + slotFor(p.cfg.URL)
	p.exec("CREATE ROLE " + migrator)
	dropRole(t, migrator)
	defer p.exec("DROP OWNED BY " + migrator)
	p.exec("ALTER TABLE theirs OWNER TO " + migrator)
	want(check(conn), "migrations", cdc.Warning, `as `+role+` or a superuser: ALTER PUBLICATION "hookline" DROP TABLE ONLY "public"."theirs"`)
	want(check(conn), "migrations", cdc.Warning, "1 table of "+migrator+" is published")
	p.exec("SET ROLE " + migrator)
	if _, err := p.conn.Exec(t.Context(), `ALTER PUBLICATION hookline DROP TABLE ONLY theirs`); err == nil {
		t.Error("the role may take its table out")
	}
	p.exec("RESET ROLE")
	p.exec("GRANT " + role + " TO " + migrator)
	if f, told := check(conn)["migrations"]; told {
		t.Errorf("the owner may change the publication, and there is found %+v", f)
	}
}

// TestOneLockIsToldOnce has a session lock a partitioned table and its partitions, of which several steps wait.
func TestOneLockIsToldOnce(t *testing.T) {
	p := newPlanned(t, logSQL)
	p.look()
	p.open()
	p.exec(`CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
		CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2)`)
	lock := p.begin(`LOCK TABLE parted IN ACCESS EXCLUSIVE MODE`)
	p.want("done", "log", "parted")
	found, err := cdc.CheckTables(t.Context(), p.conn, p.cfg, p.tables)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, f := range found {
		if f.Check == "preparation waits" {
			told += strings.Count(f.Found, fmt.Sprintf("session %d ", lock.Conn().PgConn().PID()))
		}
	}
	if told != 1 {
		t.Errorf("the session is named %d times, want once: %+v", told, found)
	}
}
