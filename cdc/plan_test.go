package cdc_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/migrate"
	"hookline/internal/pg"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
)

// planned is a database to plan for.
type planned struct {
	*stream
	tables []cdc.Table
}

func newPlanned(t *testing.T, schema string, tables ...string) *planned {
	t.Helper()
	return newPlannedOn(t, 0, schema, tables...)
}

// newPlannedOn is newPlanned on a server of one major version; 0 is the default one.
func newPlannedOn(t *testing.T, major int, schema string, tables ...string) *planned {
	t.Helper()
	url := postgrestest.NewDatabaseMajor(t, major)
	p := &planned{
		stream: &stream{t: t, cfg: cdc.Config{URL: url, Slot: slotFor(url)}, conn: connect(t, url)},
	}
	p.exec(migrate.Script("hookline", migrate.Stream))
	p.exec(schema)
	p.want(tables...)
	return p
}

// want sets the tables to publish; a name that begins with - is one whose identity is to be left
// alone.
func (p *planned) want(tables ...string) {
	p.tables = nil
	for _, name := range tables {
		bare := strings.TrimPrefix(name, "-")
		p.tables = append(p.tables, cdc.Table{Schema: "public", Name: bare, Full: name == bare})
	}
}

func (p *planned) version() int {
	p.t.Helper()
	n, err := strconv.Atoi(
		p.query(`SELECT (current_setting('server_version_num')::int / 10000)::text`))
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

func (p *planned) plan() *cdc.Plan {
	p.t.Helper()
	plan, err := cdc.NewPlan(p.t.Context(), p.conn, p.cfg, p.tables, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return plan
}

func (p *planned) apply() *cdc.Plan {
	p.t.Helper()
	plan := p.plan()
	if err := plan.Apply(p.t.Context(), p.conn, slog.New(slog.DiscardHandler)); err != nil {
		p.t.Fatal(err)
	}
	if again := p.plan(); !again.Ready() {
		p.t.Errorf("after Apply there is still to do: %v; skipped: %v", again.SQL(), plan.Skipped)
	}
	return plan
}

func (p *planned) expect(want ...string) {
	p.t.Helper()
	slot := fmt.Sprintf("SELECT pg_create_logical_replication_slot('%s', 'pgoutput')", p.cfg.Slot)
	options := "publish_via_partition_root = true"
	if p.version() >= 17 {
		slot = strings.Replace(slot, ")", ", failover => true)", 1)
	}
	if p.version() >= 18 {
		options += ", publish_generated_columns = stored"
	}
	var statements []string
	for _, sql := range want {
		if sql == "SLOT" {
			statements = append(statements, fmt.Sprintf("INSERT INTO \"hookline\".\"known_table\" (slot, "+
				"relation, schema_name, table_name, root, attached_x)\n"+
				"SELECT '%[1]s', c.oid, n.nspname, c.relname, CASE WHEN c.relispartition THEN "+
				"pg_partition_root(c.oid) END,\n"+
				"    CASE WHEN c.relispartition THEN (WITH RECURSIVE chain (parent, x, c) AS (\n"+
				"    SELECT inhparent, xmin, cmin::text::bigint FROM pg_inherits WHERE inhrelid = c.oid\n"+
				"    UNION ALL SELECT i.inhparent, i.xmin, i.cmin::text::bigint FROM pg_inherits i JOIN "+
				"chain ON i.inhrelid = chain.parent\n"+
				"  ), mark AS (SELECT x, c FROM chain ORDER BY "+pg.XIDAge("x")+", c DESC LIMIT 1) SELECT x "+
				"FROM mark) END\n"+
				"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', "+
				"'p') AND c.oid >= 16384\n"+
				"ON CONFLICT (slot, relation) DO UPDATE SET attached_x = EXCLUDED.attached_x;\n"+
				"INSERT INTO \"hookline\".\"listing\" (slot, relation, entry, made_by, whole_from)\n"+
				"SELECT '%[1]s', relation, entry, made_by,\n    pg_current_wal_insert_lsn()\n"+
				"  FROM (SELECT r.prrelid AS relation, r.oid AS entry, r.xmin AS made_by\n"+
				"    FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid\n"+
				"    WHERE p.pubname = 'hookline'\n"+
				"      AND to_jsonb(r)->>'prqual' IS NULL AND to_jsonb(r)->>'prattrs' IS NULL\n"+
				"  UNION ALL SELECT 0, oid, xmin FROM pg_publication\n"+
				"    WHERE pubname = 'hookline' AND puballtables) l\n"+
				"ON CONFLICT (slot, relation) DO UPDATE SET\n"+
				"  entry = EXCLUDED.entry, made_by = EXCLUDED.made_by, whole_from = EXCLUDED.whole_from",
				p.cfg.Slot), slot)
			continue
		}
		if sql == "PUBLICATION" {
			statements = append(statements, `CREATE PUBLICATION "hookline" WITH (`+options+`)`,
				`ALTER PUBLICATION "hookline" ADD TABLE ONLY "hookline"."backfill"`)
			continue
		}
		if rest, ok := strings.CutPrefix(sql, "ADD "); ok {
			sql = `ALTER PUBLICATION "hookline" ADD TABLE ONLY ` + rest
		}
		statements = append(statements, strings.Replace(sql, "OPTIONS", options, 1))
	}
	plan := p.plan()
	got := plan.SQL()
	for i, s := range plan.Steps {
		if s.Kind == cdc.Attach {
			got[i] = "ATTACH " + s.Part
		}
	}
	first := func(kind cdc.StepKind) int {
		return slices.IndexFunc(plan.Steps, func(s cdc.Step) bool { return s.Kind == kind })
	}
	notes, sets := first(cdc.NoteIdentities), first(cdc.SetIdentity)
	if (notes < 0) != (sets < 0) || notes > sets {
		p.t.Errorf("identities are set in step %d, and noted in step %d", sets, notes)
	}
	if notes >= 0 {
		got = slices.Delete(got, notes, notes+1)
	}
	if !slices.Equal(got, statements) {
		p.t.Errorf("plan\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(statements, "\n\t"))
	}
}

func TestPlanOfAFreshDatabase(t *testing.T) {
	p := newPlanned(t, `
		CREATE TABLE people (id int PRIMARY KEY);
		CREATE TABLE "Odd ""Name" (id int PRIMARY KEY);
		CREATE TABLE settings (id int PRIMARY KEY);
		CREATE TABLE logs (line text);
		CREATE TABLE nothing (id int PRIMARY KEY); ALTER TABLE nothing REPLICA IDENTITY NOTHING;
		CREATE TABLE parted (id int, y int, PRIMARY KEY (id, y)) PARTITION BY LIST (y);
		CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
		CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);`,
		"people", `Odd "Name`, "-settings", "-nothing", "logs", "parted", "absent")
	p.expect(`ALTER TABLE public.people REPLICA IDENTITY FULL`,
		`ALTER TABLE public."Odd ""Name" REPLICA IDENTITY FULL`,
		`ALTER TABLE public.parted_1 REPLICA IDENTITY FULL`,
		`ALTER TABLE public.parted_2 REPLICA IDENTITY FULL`,
		`ALTER TABLE public.parted REPLICA IDENTITY FULL`, `PUBLICATION`, `ADD "public"."people"`,
		`ADD "public"."Odd ""Name"`, `ADD "public"."settings"`, `ADD "public"."parted"`, `SLOT`)
	plan := p.apply()
	wantSkipped(t, plan, "logs", cdc.NoKey)
	wantSkipped(t, plan, "nothing", cdc.NoIdentity)
	p.exec(`INSERT INTO logs VALUES ('a'); UPDATE logs SET line = 'b'; DELETE FROM logs; UPDATE nothing
		SET id = 2`)
}

func TestPlanFollowsTheTables(t *testing.T) {
	p := newPlanned(t, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
		CREATE TABLE c (id int PRIMARY KEY)`, "a", "b")
	p.apply()
	p.want("b", "c")
	p.expect(`ALTER PUBLICATION "hookline" DROP TABLE ONLY "public"."a"`,
		`ALTER TABLE public.c REPLICA IDENTITY FULL`, `ADD "public"."c"`)
	p.apply()
	p.exec(`ALTER PUBLICATION hookline SET (publish = 'insert')`)
	p.expect(
		`ALTER PUBLICATION "hookline" SET (publish = 'insert, update, delete, truncate', OPTIONS)`)
	p.apply()
}

func TestPlanUnderKeep(t *testing.T) {
	p := newPlanned(t, `
		CREATE TABLE a (id int PRIMARY KEY);
		CREATE TABLE b (id int PRIMARY KEY, x int NOT NULL UNIQUE);
		    ALTER TABLE b REPLICA IDENTITY USING INDEX b_x_key;
		CREATE TABLE c (id int PRIMARY KEY); ALTER TABLE c REPLICA IDENTITY NOTHING`, "a", "b", "c")
	p.cfg.Identity = cdc.IdentityKeep
	p.expect(`PUBLICATION`, `ADD "public"."a"`, `ADD "public"."b"`, `SLOT`)
}

func TestPlanLeavesAPublicationOfAllTables(t *testing.T) {
	p := newPlanned(t, `CREATE TABLE a (id int PRIMARY KEY);
		CREATE PUBLICATION hookline FOR ALL TABLES WITH (publish_via_partition_root = true)`, "a")
	if p.version() >= 18 {
		p.exec(`ALTER PUBLICATION hookline SET (publish_generated_columns = stored)`)
	}
	p.expect(`ALTER TABLE public.a REPLICA IDENTITY FULL`, `SLOT`)
	p.apply()
}

func TestPlanOfManyTables(t *testing.T) {
	const tables = 1000
	p := newPlanned(
		t,
		fmt.Sprintf(
			`DO $$ BEGIN FOR i IN 1..%d LOOP EXECUTE format('CREATE TABLE t%%s (id int PRIMARY KEY)', i);
				END LOOP; END $$`,
			tables,
		),
	)
	var names []string
	for i := range tables {
		names = append(names, fmt.Sprintf("-t%d", i+1))
	}
	p.want(names...)
	p.apply()
	if n := p.query(
		`SELECT count(*)::text FROM pg_publication_tables WHERE pubname = 'hookline'`); n != fmt.Sprint(
		tables+1) {
		t.Errorf("%s tables are published, want %d and the backfill", n, tables)
	}
}

func TestSlotOlderThanPublication(t *testing.T) {
	p := newPlanned(t, `CREATE TABLE a (id int PRIMARY KEY)`, "a")
	p.apply()
	p.exec(`DROP PUBLICATION hookline`)
	_, err := cdc.NewPlan(t.Context(), p.conn, p.cfg, p.tables, nil)
	wantGap(t, err, cdc.PublicationMissing, p.cfg.Slot, `publication "hookline" does not`,
		"--accept-gap")
}

func TestSlotOfAnotherPlugin(t *testing.T) {
	p := newPlanned(t, `CREATE TABLE a (id int PRIMARY KEY)`, "a")
	p.exec(`SELECT pg_create_logical_replication_slot('` + p.cfg.Slot + `', 'test_decoding')`)
	_, err := cdc.NewPlan(t.Context(), p.conn, p.cfg, p.tables, nil)
	wantProblem(t, err, "test_decoding", "HOOKLINE_SLOT")
}

// TestRoleWithoutRights is told what the owner has to run, and nothing has been done by then.
func TestRoleWithoutRights(t *testing.T) {
	p := newPlanned(t, `CREATE TABLE a (id int PRIMARY KEY)`, "a")
	role := "guest_" + p.conn.Config().Database
	p.exec(`CREATE ROLE ` + role + ` LOGIN REPLICATION`)
	dropRole(t, role)
	guest := connect(t, strings.Replace(p.cfg.URL, "postgres@", role+"@", 1))
	_, err := cdc.NewPlan(t.Context(), guest, p.cfg, p.tables, nil)
	wantProblem(t, err, "permission denied for schema hookline", "GRANT USAGE, CREATE ON SCHEMA "+
		"\"hookline\" TO \""+role)
	p.admit(role)
	_, err = cdc.Prepare(t.Context(), guest, p.cfg, p.tables, nil, slog.New(slog.DiscardHandler))
	wantProblem(t, err, `does not own table "public"."a"`, "ALTER TABLE public.a REPLICA IDENTITY "+
		"FULL", "may not make a publication")
	if identity := p.query(
		`SELECT relreplident::text FROM pg_class WHERE relname = 'a'`); identity != "d" {
		t.Errorf("replica identity is %q, want d as before", identity)
	}
	p.apply() // the owner does it
	plan, err := cdc.Prepare(t.Context(), guest, p.cfg, p.tables, nil, slog.New(slog.DiscardHandler))
	if err != nil || !plan.Ready() {
		t.Errorf("with everything prepared: %v, %v", plan, err)
	}
}

// TestRoleThatOwnsSomeTables announces those, and names the others; what was prepared for it stays.
func TestRoleThatOwnsSomeTables(t *testing.T) {
	p := newPlanned(t, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
		CREATE TABLE c (id int PRIMARY KEY)`, "a", "b", "c")
	role := "part_" + p.conn.Config().Database
	p.exec(`CREATE ROLE ` + role + ` LOGIN REPLICATION`)
	dropRole(t, role)
	t.Cleanup(func() {
		_, _ = p.conn.Exec(context.Background(), `REASSIGN OWNED BY `+role+` TO postgres`)
	})
	p.admit(role)
	p.exec(fmt.Sprintf(`DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %%I TO %s',
		current_database()); END $$`, role))
	p.exec(`ALTER TABLE a OWNER TO ` + role + `; ALTER TABLE b OWNER TO ` + role +
		`; ALTER TABLE hookline.backfill OWNER TO ` + role)
	part := connect(t, strings.Replace(p.cfg.URL, "postgres@", role+"@", 1))
	prepare := func() *cdc.Plan {
		t.Helper()
		plan, err := cdc.Prepare(t.Context(), part, p.cfg, p.tables, nil, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	published := func() string {
		return p.query(`SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_publication_tables
			WHERE pubname = 'hookline'`)
	}
	if wantSkipped(t, prepare(), "c", cdc.NotOwned).Published || published() != "a,b,backfill" {
		t.Errorf("published %s; want c left out", published())
	}
	p.exec(`ALTER PUBLICATION hookline ADD TABLE c`) // by the superuser, without FULL
	if !wantSkipped(t, prepare(), "c", cdc.NotOwned).Published || published() != "a,b,backfill,c" {
		t.Errorf("published %s; want c published as it is", published())
	}
	p.exec(`REVOKE CREATE ON DATABASE ` + p.conn.Config().Database + ` FROM ` + role)
}

// tell is a handler that hands each record on, as text.
type tell struct{ to chan string }

func (tell) Enabled(context.Context, slog.Level) bool { return true }
func (h tell) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	h.to <- text
	return nil
}
func (h tell) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h tell) WithGroup(string) slog.Handler      { return h }

func TestPreflight(t *testing.T) {
	t.Run("fine", func(t *testing.T) {
		if err := cdc.Preflight(t.Context(), connect(t, postgrestest.NewDatabase(t))); err != nil {
			t.Error(err)
		}
	})
	t.Run("role without REPLICATION", func(t *testing.T) {
		url := postgrestest.NewDatabase(t)
		admin := connect(t, url)
		if _, err := admin.Exec(t.Context(), `CREATE ROLE plain LOGIN`); err != nil {
			t.Fatal(err)
		}
		dropRole(t, "plain")
		err := cdc.Preflight(t.Context(), connect(t, strings.Replace(url, "postgres@", "plain@", 1)))
		wantProblem(t, err, `role "plain" has no right to replicate`, `ALTER ROLE "plain" REPLICATION`)
	})
	t.Run("wal_level", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		server := postgrestest.NewServer(t,
			postgres.Options{Settings: map[string]string{"wal_level": "replica"}})
		conn, err := pgx.Connect(ctx, server.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(ctx) }()
		wantProblem(t, cdc.Preflight(ctx, conn), `wal_level is "replica"`, "ALTER SYSTEM SET "+
			"wal_level = 'logical'", "restart")
	})
}

// wantSkipped returns what the plan says of a table or partition, which it must skip for a reason;
// "" is that it does not skip it.
func wantSkipped(
	t *testing.T, plan *cdc.Plan, table string, reason cdc.SkipReason,
) (found cdc.Skipped) {
	t.Helper()
	for _, s := range plan.Skipped {
		if s.Table.Name == table || strings.HasSuffix(s.Part, "."+table) {
			found = s
		}
	}
	if found.Reason != reason {
		t.Errorf("%s is skipped as %+v, want reason %q", table, found, reason)
	}
	return found
}

// admit lets a role use the tables that the plan makes.
func (p *planned) admit(role string) {
	p.exec(fmt.Sprintf(`GRANT USAGE ON SCHEMA hookline TO %s; GRANT SELECT, INSERT, UPDATE, DELETE
		ON ALL TABLES IN SCHEMA hookline TO %[1]s`, role))
	p.t.Cleanup(func() { _, _ = p.conn.Exec(context.Background(), `DROP OWNED BY `+role) })
}

// dropRole drops a role of the cluster at the test's end.
func dropRole(t *testing.T, role string) {
	t.Cleanup(func() {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, postgrestest.Shared(t).URL("postgres"))
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close(ctx) }()
		if _, err := conn.Exec(ctx, "DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	})
}

func wantProblem(t *testing.T, err error, parts ...string) {
	t.Helper()
	var one *cdc.Problem
	var many cdc.Problems
	if !errors.As(err, &one) && !errors.As(err, &many) {
		t.Fatalf("error %v is not a Problem", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

// TestPartOfATable has somebody publish a part of tables only. They are published whole again at
// the catalog scan, without a moment in which they are not. Where the publication is not the
// role's, it is told whose it is.
func TestPartOfATable(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE a (id int PRIMARY KEY, n int);
			CREATE TABLE b (id int PRIMARY KEY, n int);
			CREATE TABLE hooks (id int PRIMARY KEY, n int); INSERT INTO a VALUES (1)`, "a", "b", "-hooks")
		p.apply()
		p.exec(`ALTER PUBLICATION hookline SET TABLE hookline.backfill, a (id), b WHERE (id > 9), hooks
			WHERE (id > 9)`)
		found, err := cdc.CheckTables(t.Context(), p.conn, p.cfg, p.tables)
		if publication := checked(t, found, err)["publication"]; !strings.Contains(publication.Found,
			"brought up to date") {
			t.Errorf("doctor finds %+v", publication)
		}
		plan := p.plan()
		for _, step := range plan.Steps {
			if step.Kind != cdc.Widen {
				t.Errorf("there is a step to %s", step.Kind)
			}
		}
		if err := plan.Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		if !plan.Refollowed {
			t.Error("what is known of the table that is followed counts as true")
		}
		if n := p.query(`SELECT count(*)::text FROM pg_publication_rel WHERE prattrs IS NULL
			AND prqual IS NULL`); n != "4" {
			t.Errorf("%s tables are published whole", n)
		}
		p.exec(`UPDATE a SET n = 2`) // fails with a column list

		p.exec(`ALTER PUBLICATION hookline SET TABLE hookline.backfill, a (id), b WHERE (id > 9), hooks`)
		p.asOwner()
		found, err = cdc.CheckTables(t.Context(), p.conn, p.cfg, p.tables)
		if publication := checked(t, found, err)["publication"]; publication.Level != cdc.Wrong {
			t.Errorf("doctor finds %+v", publication)
		}
		told := fmt.Sprint(p.plan().Skipped)
		for _, want := range []string{"has it with a column list: ", "has it with a row filter: "} {
			if !strings.Contains(told, want) {
				t.Errorf("left out is %s; want %s", told, want)
			}
		}
		if !strings.Contains(fmt.Sprint(found), "column list: what that leaves out is not announced; "+
			"as long as it is published, the CRM's") {
			t.Errorf("doctor does not tell whose updates fail: %v", found)
		}
	})
}

// TestWithdrawnBySomebody has somebody take a table out of the publication, or kinds of changes:
// that is put right, and what it has cost is told.
func TestWithdrawnBySomebody(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE a (id int PRIMARY KEY);
			CREATE TABLE b (id int PRIMARY KEY)`, "a", "b")
		apply := func() string {
			t.Helper()
			var log strings.Builder
			err := p.plan().Apply(t.Context(), p.conn, slog.New(slog.NewTextHandler(&log,
				&slog.HandlerOptions{Level: slog.LevelWarn})))
			if err != nil {
				t.Fatal(err)
			}
			return log.String()
		}
		if told := apply(); told != "" {
			t.Errorf("the first time it tells of %s", told)
		}
		p.exec(`ALTER PUBLICATION hookline DROP TABLE a`)
		if told := apply(); strings.Count(told, "\n") != 1 ||
			!strings.Contains(told, "did not have the table") || !strings.Contains(told, `\"a\"`) {
			t.Errorf("of a table that was taken out it tells %q", told)
		}
		p.exec(`ALTER PUBLICATION hookline SET (publish = 'delete')`)
		if told := apply(); strings.Count(told, "\n") != 1 ||
			!strings.Contains(told, "some kinds of changes only") {
			t.Errorf("of updates that were taken out it tells %q", told)
		}
		if told := apply(); told != "" {
			t.Errorf("when all is well it tells of %s", told)
		}
	})
}

// TestMembersAreNotLeftOut has somebody publish a table without a key, and one whose key is
// DEFERRABLE: as long as the publication lists them, they are not called left out. What the advice
// says first changes nothing of theirs.
func TestMembersAreNotLeftOut(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `
			CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE keyless (id int);
			CREATE TABLE late (id int PRIMARY KEY DEFERRABLE) PARTITION BY LIST (id)`,
			"a", "keyless", "late")
		const keyless, late = ` "public"."keyless"`, ` "public"."late"`
		checks := func() (list []string) {
			found, err := cdc.CheckTables(t.Context(), p.conn, p.cfg, p.tables)
			checked(t, found, err)
			for _, f := range found {
				name, _, _ := strings.Cut(" "+f.Found, ":")
				if name != keyless && name != late {
					continue
				}
				list = append(list, f.Check+name)
				want := "HOOKLINE_EXCLUDE=" + strings.ReplaceAll(name[1:], `"`, "") + ", "
				if !strings.HasPrefix(f.Hint, want) {
					t.Errorf("to mend %s: %s; want %s first", name, f.Hint, want)
				}
			}
			return list
		}
		p.apply()
		for _, check := range []string{"table left out", "table published"} {
			if got := checks(); !slices.Equal(got, []string{check + keyless, check + late}) {
				t.Errorf("told is %v, want %s of both", got, check)
			}
			if check == "table left out" {
				p.exec(`ALTER PUBLICATION hookline ADD TABLE keyless, late`)
			}
		}
	})
}

// TestPublishedWithAllOthers has somebody publish tables that nobody asks for, with their schema or
// with all: those of which the CRM's updates fail are a problem, and the others are nothing to tell
// of.
func TestPublishedWithAllOthers(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		for name, sql := range map[string]string{
			"schema": `ALTER PUBLICATION hookline ADD TABLES IN SCHEMA public`,
			"all": `DROP PUBLICATION hookline; CREATE PUBLICATION hookline FOR ALL TABLES
				WITH (publish_via_partition_root = true)`,
		} {
			t.Run(name, func(t *testing.T) {
				p := newPlannedOn(t, major, `CREATE TABLE a (id int PRIMARY KEY);
					CREATE TABLE b (id int PRIMARY KEY);
					CREATE TABLE keyless (id int); CREATE TABLE nothing (id int PRIMARY KEY);
					    ALTER TABLE nothing REPLICA IDENTITY NOTHING`, "a")
				p.apply()
				p.exec(sql)
				found, err := cdc.CheckTables(t.Context(), p.conn, p.cfg, p.tables)
				checked(t, found, err)
				var wrong []string
				for _, f := range found {
					if f.Check == "table left out" {
						t.Errorf("a member of the publication is called left out: %+v", f)
					}
					if f.Level == cdc.Wrong {
						name, _, _ := strings.Cut(f.Found, ":")
						wrong = append(wrong, name)
					}
				}
				if want := []string{`"public"."keyless"`, `"public"."nothing"`}; !slices.Equal(wrong, want) {
					t.Errorf("problems are told of %v; want %v, of %v", wrong, want, found)
				}
			})
		}
	})
}

// TestUnreadPartitions has a role that owns nothing and may read nothing: that moves between
// partitions are told otherwise is said, with what fixes it, and of partitioned tables alone.
func TestUnreadPartitions(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE a (id int PRIMARY KEY);
			CREATE TABLE r (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
			    CREATE TABLE r_1 PARTITION OF r DEFAULT`, "a", "r")
		p.apply()
		role := "reader_" + p.conn.Config().Database
		p.exec(fmt.Sprintf(`CREATE ROLE %s LOGIN REPLICATION; GRANT USAGE ON SCHEMA hookline TO %[1]s;
			GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA hookline TO %[1]s`, role))
		t.Cleanup(func() { execBehind(t, p.cfg.URL, "DROP OWNED BY "+role+"; DROP ROLE "+role) })
		p.conn = connect(t, strings.Replace(p.cfg.URL, "postgres@", role+"@", 1))
		skipped := p.plan().Skipped
		if len(skipped) != 1 || skipped[0].Reason != cdc.UnreadPartitions ||
			skipped[0].Table.Name != "r" {
			t.Fatalf("left out is %v; want r, which cannot be read", skipped)
		}
		execBehind(t, p.cfg.URL, skipped[0].SQL[0])
		if skipped := p.plan().Skipped; len(skipped) != 0 {
			t.Errorf("after the GRANT there is still %v", skipped)
		}
	})
}
