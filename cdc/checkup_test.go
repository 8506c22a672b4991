package cdc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

// checked returns the findings by their check. All of those that are not fine have to say what
// mends them.
func checked(t *testing.T, found []cdc.Finding, err error) map[string]cdc.Finding {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]cdc.Finding{}
	for _, f := range found {
		if f.Level != cdc.Fine && f.Hint == "" {
			t.Errorf("nothing is said that mends %+v", f)
		}
		by[f.Check] = f
	}
	return by
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
		if all := f.Found + "\n" + f.Hint + "\n" + strings.Join(f.SQL, "\n"); f.Level != level ||
			!strings.Contains(all, text) {
			t.Errorf("%s: %+v, want it %s, with %q", check, f, level, text)
		}
	}
	by := check(p.conn)
	want(by, "ownership", cdc.Fine, "owns all")
	want(by, "publication", cdc.Fine, "not made yet")
	want(by, "replica identity", cdc.Fine, "on 2 tables")
	// the last of them
	want(by, "table left out", cdc.Warning, `ALTER TABLE "public"."bare" REPLICA IDENTITY DEFAULT`)

	// A role that owns one of two tables, and may not make publications.
	role := "role_" + slotFor(p.cfg.URL)
	p.exec("CREATE ROLE " + role + " LOGIN REPLICATION")
	dropRole(t, role)
	defer p.exec("DROP OWNED BY " + role)
	p.exec("ALTER TABLE mine OWNER TO " + role)
	p.admit(role)
	p.want("mine")
	conn := connect(t, strings.Replace(p.cfg.URL, "postgres@", role+"@", 1))
	want(check(conn), "ownership", cdc.Wrong,
		`ALTER PUBLICATION "hookline" ADD TABLE ONLY "hookline"."backfill"`)
	p.exec("ALTER TABLE hookline.backfill OWNER TO " + role)
	want(check(conn), "ownership", cdc.Fine, "owns all")
	want(check(conn), "publication", cdc.Wrong, "GRANT CREATE ON DATABASE")
	p.want("mine", "theirs")
	by = check(conn)
	want(by, "replica identity", cdc.Fine, "on 1 table; of 1 table others own")
	want(by, "ownership", cdc.Wrong,
		`the role does not own 1 table, of postgres, which is not prepared: "public"."theirs"`)
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
	want(check(conn), "migrations", cdc.Warning,
		`as `+role+` or a superuser: ALTER PUBLICATION "hookline" DROP TABLE ONLY "public"."theirs"`)
	want(check(conn), "migrations", cdc.Warning, "1 table of "+migrator+" is published")
	p.exec("SET ROLE " + migrator)
	if _, err := p.conn.Exec(t.Context(),
		`ALTER PUBLICATION hookline DROP TABLE ONLY theirs`); err == nil {
		t.Error("the role may take its table out")
	}
	p.exec("RESET ROLE")
	p.exec("GRANT " + role + " TO " + migrator)
	if f, told := check(conn)["migrations"]; told {
		t.Errorf("the owner may change the publication, and there is found %+v", f)
	}
}

// TestOneLockIsToldOnce has a session lock a partitioned table and its partitions, of which several
// steps wait.
func TestOneLockIsToldOnce(t *testing.T) {
	p := newPlanned(t, logSQL)
	p.scan()
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
