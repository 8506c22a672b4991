package cdc_test

import (
	"strconv"
	"strings"
	"testing"

	"hookline/cdc"
)

// TestFingerprint differs after everything that may call for another plan, and after nothing that a
// CRM does all day.
func TestFingerprint(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE a (id int PRIMARY KEY, n int);
			CREATE TABLE b (id int NOT NULL);
			CREATE UNLOGGED TABLE u (id int PRIMARY KEY); CREATE SCHEMA other;
			    CREATE TABLE other.c (id int PRIMARY KEY);
			CREATE TABLE r (id int PRIMARY KEY) PARTITION BY RANGE (id);
			    CREATE TABLE r_1 PARTITION OF r DEFAULT;
			CREATE TABLE hidden (token text PRIMARY KEY); CREATE TABLE a2 (LIKE a);
			    CREATE TABLE kid () INHERITS (a); CREATE EXTENSION postgres_fdw;
			        CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
			CREATE FOREIGN TABLE far () INHERITS (a) SERVER far`, "a")
		p.apply()
		role := "some_" + p.conn.Config().Database
		p.exec(`CREATE ROLE ` + role)
		t.Cleanup(func() {
			execBehind(t, p.cfg.URL, "REASSIGN OWNED BY "+role+" TO postgres; DROP OWNED BY "+role+
				"; DROP ROLE "+role)
		})
		var kept cdc.Fingerprints
		look := func() string {
			t.Helper()
			got, err := kept.Take(t.Context(), p.conn, p.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if whole, err := new(cdc.Fingerprints).Take(t.Context(), p.conn, p.cfg); err != nil ||
				got != whole {
				t.Errorf("it is %s, %v; want %s, as of a first look", got, err, whole)
			}
			return got
		}
		last := look()
		for _, ddl := range []string{
			`CREATE TABLE fresh (id int PRIMARY KEY)`, `ALTER TABLE fresh RENAME TO renamed`,
			`DROP TABLE renamed`,
			`ALTER TABLE b ADD PRIMARY KEY (id)`, `ALTER TABLE b DROP CONSTRAINT b_pkey,
				ADD PRIMARY KEY (id) DEFERRABLE`,
			`ALTER TABLE b DROP CONSTRAINT b_pkey`, `CREATE UNIQUE INDEX b_i ON b (id);
				ALTER TABLE b REPLICA IDENTITY USING INDEX b_i`, `DROP INDEX b_i`,
			`ALTER TABLE u SET LOGGED`, `ALTER TABLE other.c SET SCHEMA public`,
			`ALTER SCHEMA other RENAME TO elsewhere`,
			`ALTER TABLE a REPLICA IDENTITY DEFAULT`, `ALTER TABLE a OWNER TO ` + role, `GRANT SELECT
				ON b TO ` + role,
			`ALTER TABLE a ENABLE ROW LEVEL SECURITY`, `ALTER TABLE a FORCE ROW LEVEL SECURITY`,
			`CREATE TABLE r_2 PARTITION OF r FOR VALUES FROM (0) TO (9)`,
			`ALTER TABLE r DETACH PARTITION r_2`,
			`ALTER TABLE r ATTACH PARTITION r_2 FOR VALUES FROM (0) TO (9)`,
			`ALTER TABLE kid NO INHERIT a, INHERIT a2`, `ALTER TABLE kid NO INHERIT a2`,
			`DROP FOREIGN TABLE far`,
			`ALTER PUBLICATION hookline DROP TABLE a`, `ALTER PUBLICATION hookline ADD TABLE a`,
			`ALTER PUBLICATION hookline SET (publish = 'insert')`,
			`ALTER EXTENSION postgres_fdw ADD TABLE a2`, `ALTER EXTENSION postgres_fdw DROP TABLE a2`,
			`ALTER TABLE hidden RENAME token TO code`, `ALTER PUBLICATION hookline ADD TABLE hidden`,
			`15: ALTER PUBLICATION hookline SET TABLE a, hidden WHERE (code > '')`,
			`15: ALTER PUBLICATION hookline SET TABLE a (id), hidden`,
			`ALTER PUBLICATION hookline OWNER TO ` + role, `GRANT ` + role + ` TO postgres`,
			`16: GRANT ` + role + ` TO postgres WITH INHERIT FALSE`, `ALTER ROLE postgres NOINHERIT`,
			`18: ALTER TABLE a ADD COLUMN v int GENERATED ALWAYS AS (n * 2)`,
			`18: ALTER TABLE a DROP COLUMN v`,
		} {
			since, sql, later := strings.Cut(ddl, ": ")
			if !later {
				sql = ddl
			}
			if since, _ := strconv.Atoi(since); !later || p.version() >= since {
				p.exec(sql)
				if now := look(); now == last {
					t.Errorf("%s: the same as before", sql)
				} else {
					last = now
				}
			}
		}
		p.exec(`INSERT INTO a SELECT n FROM generate_series(1, 5000) n; UPDATE a SET n = 1;
			CREATE TEMP TABLE temporary (id serial PRIMARY KEY)`)
		p.exec(`VACUUM ANALYZE a`)
		p.exec(`TRUNCATE a`)
		if look() != last {
			t.Error("it differs after what CRMs do all day")
		}
		p.exec(`SELECT pg_drop_replication_slot('` + p.cfg.Slot + `')`)
		if now := look(); now == last {
			t.Error("the slot was dropped: the same as before")
		}
		p.exec(`SELECT pg_create_logical_replication_slot('` + p.cfg.Slot + `', 'pgoutput')`)
		if look() != last {
			t.Error("the slot is there again: it differs")
		}

		open, err := connect(t, p.cfg.URL).Begin(t.Context())
		if err == nil {
			_, err = open.Exec(t.Context(), `CREATE TABLE late (id int PRIMARY KEY)`)
		}
		if err != nil {
			t.Fatal(err)
		}
		p.exec(`INSERT INTO b VALUES (1)`) // has a higher transaction id, and is there sooner
		if look() != last {
			t.Error("it differs after what is not committed")
		}
		if err := open.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if look() == last {
			t.Error("a table was made by a transaction that had begun before the last look: the same as " +
				"before")
		}
	})
}
