package generic

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/mapper/mappertest"
	"hookline/mapper/tenants"
)

// crm is a database of its own, whose stream is read through a generic catalog.
type crm struct {
	testing.TB
	pool    *pgxpool.Pool
	catalog *Catalog
	mapper  *mapper.Mapper
	changes func() (cdc.Change, error, bool)
	prepare func() // what is done at the start, and at each look at the tables
}

// newCRM makes a schema on a server of some major version, publishes all of its tables and
// partitions as they are, and begins to read.
func newCRM(t testing.TB, major int, schema string) *crm {
	t.Helper()
	return newCRMWith(t, major, schema, cdc.IdentityFull, Config{}, tenants.Tenancy{})
}

// newCRMWith does so with tables of that replica identity, and records that are kept apart.
func newCRMWith(
	t testing.TB, major int, schema string, identity cdc.ReplicaIdentity, announced Config,
	tenancy tenants.Tenancy,
) *crm {
	t.Helper()
	settings, err := pgxpool.ParseConfig(postgrestest.NewDatabaseMajor(t, major))
	if err != nil {
		t.Fatal(err)
	}
	settings.ConnConfig.RuntimeParams, settings.MaxConns = pg.SessionSettings(), 4
	// it makes tables, by names without a schema
	delete(settings.ConnConfig.RuntimeParams, "search_path")
	pool, err := pgxpool.NewWithConfig(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	catalog := New(announced, pool, mappertest.Discard)
	mappertest.RunSQL(t, pool, schema+`; CREATE TABLE marker (id serial PRIMARY KEY)`)
	if identity == cdc.IdentityFull {
		mappertest.RunSQL(t, pool, `DO $$ DECLARE t regclass; BEGIN
			FOR t IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p')
			  AND relnamespace = 'public'::regnamespace LOOP
				EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', t);
			END LOOP;
		END $$`)
	}
	mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
		if err := divide(t, conn, catalog, tenancy); err != nil {
			t.Fatal(err)
		}
	})
	cfg := cdc.Config{
		URL:  settings.ConnConfig.ConnString(),
		Slot: "slot_" + settings.ConnConfig.Database, Identity: identity,
	}
	prepare := func() {
		mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			tables, err := catalog.Tables(t.Context(), tx)
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := cdc.Prepare(t.Context(), conn, cfg, tables, nil, mappertest.Discard); err != nil {
				t.Fatal(err)
			}
		})
	}
	prepare()
	source, err := cdc.Open(cfg, nil, mappertest.Discard, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	changes, stop := iter.Pull2(source.Changes(ctx))
	t.Cleanup(func() {
		cancel()
		stop()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := source.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return &crm{t, pool, catalog, mapper.New(catalog, pool, "0badcafe", mapper.FormatEvent,
		slog.New(slog.NewTextHandler(t.Output(), nil))), changes, prepare}
}

// announced runs statements, each a transaction, and returns what is announced of them: for each
// event its name, its updatedFields and its record.
func (c *crm) announced(statements ...string) (list []string) {
	c.Helper()
	for _, e := range c.events(statements...) {
		list = append(list, e.Name+" "+strings.Join(e.Parts().Updated, ",")+" "+string(e.Parts().Data))
	}
	return list
}

// events runs statements, each a transaction, and returns what is announced of them.
func (c *crm) events(statements ...string) (list []*mapper.Event) {
	c.Helper()
	for _, sql := range statements {
		mappertest.RunSQL(c, c.pool, sql)
	}
	mappertest.RunSQL(c, c.pool, `INSERT INTO marker DEFAULT VALUES`)
	for {
		change, err, more := c.changes()
		if !more || err != nil {
			c.Fatalf("the stream ended before the marker came: %v", err)
		}
		events := mappertest.EventsOf(c, c.mapper, change)
		if len(events) > 0 && events[0].Object == "marker" {
			return list
		}
		list = append(list, events...)
	}
}

const stages = `
	CREATE TABLE deals (id int, stage text, name text, PRIMARY KEY (id,
	  stage)) PARTITION BY LIST (stage);
	CREATE TABLE deals_new PARTITION OF deals FOR VALUES IN ('new');
	CREATE TABLE deals_won (name text, stage text NOT NULL, id int NOT NULL);
	ALTER TABLE deals ATTACH PARTITION deals_won FOR VALUES IN ('won');
	CREATE TABLE deals_others PARTITION OF deals DEFAULT;
	INSERT INTO deals VALUES (1, 'new', 'a'), (2, 'new', 'b'), (3, 'lost', 'c'), (4, 'lost', 'd'), (5, 'lost', 'e')`

func TestMoves(t *testing.T) {
	for _, test := range []struct {
		name, schema string
		statements   []string
		want         []string
	}{
		{"Partition", stages, []string{
			`UPDATE deals SET stage = 'won', name = 'A' WHERE id = 1`,
			`UPDATE deals SET stage = 'won' WHERE id <= 2`,
		}, []string{
			`deal.updated stage,name {"id":1,"stage":"won","name":"A"}`,
			`deal.updated stage {"id":2,"stage":"won","name":"b"}`,
		}},
		{
			"ManyPartitions", stages +
				`; INSERT INTO deals SELECT i, 'new', 'x' FROM generate_series(100, 149) i`,
			[]string{`UPDATE deals SET stage = 'won' WHERE id >= 100`},
			func() (want []string) {
				for i := range 50 {
					want = append(want, fmt.Sprintf(`deal.updated stage {"id":%d,"stage":"won","name":"x"}`,
						100+i))
				}
				return want
			}(),
		},
		{
			"NoMove", `CREATE TABLE readings (device int, day int, value int, PRIMARY KEY (device, day)) PARTITION BY RANGE (day);
			CREATE TABLE readings1 PARTITION OF readings FOR VALUES FROM (0) TO (10);
			CREATE TABLE readings2 PARTITION OF readings FOR VALUES FROM (10) TO (20);
			INSERT INTO readings VALUES (1, 1, 7), (1, 2, 8)`,
			[]string{`DELETE FROM readings WHERE day = 1; INSERT INTO readings VALUES (1, 11, 9)`},
			[]string{
				`reading.created  {"device":1,"day":11,"value":9}`,
				`reading.deleted  {"device":1,"day":1,"value":7}`,
			},
		},
		{"SplitOfTheDefault", stages, []string{
			`
			CREATE TABLE deals_lost (LIKE deals INCLUDING ALL);
			WITH gone AS (DELETE FROM deals_others WHERE stage = 'lost' AND id < 5 RETURNING *)
			INSERT INTO deals_lost SELECT id, stage, CASE id WHEN 4 THEN 'D' ELSE name END FROM gone;
			DELETE FROM deals WHERE id = 5;
			ALTER TABLE deals ATTACH PARTITION deals_lost FOR VALUES IN ('lost')`,
			`UPDATE deals SET name = 'C' WHERE id = 3`,
		}, []string{
			`deal.updated name {"id":3,"stage":"lost","name":"C"}`, // as it is when it is read back
			`deal.updated name {"id":4,"stage":"lost","name":"D"}`,
			`deal.deleted  {"id":5,"stage":"lost","name":"e"}`,
			`deal.updated  {"id":3,"stage":"lost","name":"C"}`, // the new partition has no full identity yet
		}},
		{"SplitInASavepoint", stages, []string{`
			DO $$ BEGIN
				CREATE TABLE deals_lost (LIKE deals INCLUDING ALL);
				WITH gone AS (DELETE FROM deals_others WHERE stage = 'lost'
				  RETURNING *) INSERT INTO deals_lost SELECT * FROM gone;
				BEGIN
					ALTER TABLE deals ATTACH PARTITION deals_lost FOR VALUES IN ('lost');
				EXCEPTION WHEN division_by_zero THEN NULL;
				END;
			END $$`}, nil},
		{"SplitThroughATable", stages, []string{`
			CREATE TEMP TABLE moving ON COMMIT DROP AS SELECT * FROM deals_others;
			DELETE FROM deals_others;
			CREATE TABLE deals_lost PARTITION OF deals FOR VALUES IN ('lost');
			INSERT INTO deals SELECT * FROM moving`}, nil},
		{"ColumnRenamedSince", stages, []string{
			`
			CREATE TABLE deals_lost (LIKE deals INCLUDING ALL);
			WITH gone AS (DELETE FROM deals_others WHERE stage = 'lost'
			  RETURNING *) INSERT INTO deals_lost SELECT * FROM gone;
			ALTER TABLE deals ATTACH PARTITION deals_lost FOR VALUES IN ('lost')`,
			`ALTER TABLE deals RENAME name TO title`,
		}, nil},
		{
			"PlainTable", `CREATE TABLE pages_blocks (id uuid PRIMARY KEY, path text, n int);
			INSERT INTO pages_blocks SELECT md5(i::text)::uuid, 'p', i FROM generate_series(1, 4) i`,
			[]string{`WITH old AS (SELECT * FROM pages_blocks) SELECT * INTO TEMP blocks FROM old; DELETE FROM pages_blocks;
				INSERT INTO pages_blocks SELECT id, path, CASE n WHEN 2 THEN 20 ELSE n END FROM blocks WHERE n < 4`},
			[]string{
				`pagesBlock.updated n {"id":"c81e728d-9d4c-2f63-6f06-7f89cc14862c","path":"p","n":20}`,
				`pagesBlock.deleted  {"id":"a87ff679-a2f3-e71d-9181-a67b7542122c","path":"p","n":4}`,
			},
		},
		{
			"KeysThatAreEqualAndLookDifferent",
			`CREATE TABLE numbers (n numeric PRIMARY KEY, x int); INSERT INTO numbers VALUES (1.0, 1)`,
			[]string{`DELETE FROM numbers; INSERT INTO numbers VALUES (1.00, 2)`},
			[]string{
				`number.deleted  {"n":1.0,"x":1}`,
				`number.created  {"n":1.00,"x":2}`,
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, major := range []int{0, 18} {
				t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
					got := newCRM(t, major, test.schema).announced(test.statements...)
					if !slices.Equal(got, test.want) {
						t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(test.want, "\n\t"))
					}
				})
			}
		})
	}
}

// TestMovesBound moves more rows than may be held, to a table that is attached in the same
// transaction: none is called deleted, at any time.
func TestMovesBound(t *testing.T) {
	f := newCRM(t, 0, stages+
		`; INSERT INTO deals SELECT i, 'lost', repeat('x', 1000) FROM generate_series(100, 9000) i`)
	got := f.announced(`
		CREATE TABLE deals_lost (LIKE deals INCLUDING ALL);
		WITH gone AS (DELETE FROM deals_others WHERE stage = 'lost'
		  RETURNING *) INSERT INTO deals_lost SELECT * FROM gone WHERE id <> 2000;
		ALTER TABLE deals ATTACH PARTITION deals_lost FOR VALUES IN ('lost')`)
	if len(got) != 1 || !strings.HasPrefix(got[0], `deal.deleted  {"id":2000,`) {
		t.Errorf("%d events, want that row 2000 is deleted; the first is %.100q", len(got), got)
	}
}

// TestExactKeys knows of which types equal keys are equal in every bit.
func TestExactKeys(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `
		CREATE TYPE mood AS ENUM ('good');
		CREATE DOMAIN code AS text;
		CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`)
	for _, test := range []struct {
		column string
		exact  bool
	}{
		{"int", true},
		{"bigint", true},
		{"uuid", true},
		{"text", true},
		{"varchar(20)", true},
		{"code", true},
		{"mood", true},
		{"date", true},
		{"timestamptz", true},
		{"bytea", true},
		{"numeric(20,0)", true},
		{"numeric", false},
		{`text COLLATE blind`, false},
		{"float8", false},
	} {
		mappertest.RunSQL(t, pool, `DROP TABLE IF EXISTS things; CREATE TABLE things (a int, k `+
			test.column+`, PRIMARY KEY (a, k))`)
		o := compilePlan(t, New(Config{}, pool, mappertest.Discard),
			mappertest.DescribeTable(t, pool, "public", "things"))
		if o.Exact != test.exact || o.Stays != nil {
			t.Errorf("a key of type %s: exact is %t, want %t", test.column, o.Exact, test.exact)
		}
	}
}

// TestMovesOfARenamedTable has rows move to other partitions before the table is renamed, and after
// it. The stream brings the new name with the partition that it has not described yet, between the
// two halves of a move.
func TestMovesOfARenamedTable(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			f := newCRM(t, major, stages)
			got := f.announced(`UPDATE deals SET stage = 'won' WHERE id = 1`,
				`ALTER TABLE deals RENAME TO sales`,
				`CREATE TABLE sales_lost PARTITION OF sales FOR VALUES IN ('gone')`,
				`UPDATE sales SET stage = 'gone' WHERE id = 2`,
				`BEGIN; CREATE TABLE sales_off PARTITION OF sales FOR VALUES IN ('off'); DELETE FROM sales WHERE id = 2; INSERT INTO sales VALUES (7, 'off', 'g'); COMMIT`)
			want := []string{
				`deal.updated stage {"id":1,"stage":"won","name":"a"}`,
				`sale.updated stage {"id":2,"stage":"gone","name":"b"}`,
				// of a partition that has yet to be looked at
				`sale.created  {"id":7,"stage":"off","name":"g"}`, `sale.deleted  {"id":2,"stage":"gone"}`,
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
			}
		})
	}
}

// TestMovesOfAnAlteredTable has rows move to another partition, and their key get another type
// before the stream is read.
func TestMovesOfAnAlteredTable(t *testing.T) {
	f := newCRM(t, 0, `
		CREATE TABLE visits (id text, stage text, PRIMARY KEY (id, stage)) PARTITION BY LIST (stage);
		CREATE TABLE visits_new PARTITION OF visits FOR
		  VALUES IN ('new'); CREATE TABLE visits_others PARTITION OF visits DEFAULT;
		INSERT INTO visits VALUES ('a1', 'new')`)
	got := f.announced(`UPDATE visits SET stage = 'won'`,
		`ALTER TABLE visits ALTER id TYPE int USING substr(id, 2)::int`)
	want := []string{
		`visit.created  {"id":"a1","stage":"won"}`,
		`visit.deleted  {"id":"a1","stage":"new"}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// TestMovesTakenUp has the database answer otherwise than before the process was killed during the
// end of a transaction: what was one record and was two is told again, and nothing is left out for
// it.
func TestMovesTakenUp(t *testing.T) {
	f := newCRM(t, 0, stages)
	mappertest.RunSQL(t, f.pool, `UPDATE deals SET stage = 'won' WHERE id IN (1, 2)`)
	mappertest.RunSQL(t, f.pool, `INSERT INTO deals VALUES (1, 'lost', 'another')`)
	var transaction []cdc.Change
	for len(transaction) == 0 || transaction[len(transaction)-1].Kind != cdc.End {
		change, err, more := f.changes()
		if !more || err != nil {
			t.Fatalf("the stream ended: %v", err)
		}
		transaction = append(transaction, change.Clone())
	}
	names := func() (list []string) {
		m := mapper.New(f.catalog, f.pool, "0badcafe", mapper.FormatEvent, mappertest.Discard)
		m.Serve(mapper.Audience{Commits: true})
		for _, change := range transaction {
			for _, e := range mappertest.EventsOf(t, m, change) {
				list = append(list, e.Name+" "+string(e.Key()))
			}
		}
		return list
	}
	before := names()
	mappertest.RunSQL(t, f.pool, `DELETE FROM deals WHERE name = 'another'`)
	for i := range transaction {
		transaction[i].Repeated = transaction[i].Kind != cdc.End
	}
	transaction[len(transaction)-1].Settled = 2
	want := []string{`deal.updated {"id":1,"stage":"won"}`, `deal.updated {"id":2,"stage":"won"}`}
	if after := names(); len(before) != 3 || !slices.Equal(after, want) {
		t.Errorf("at first %q were told, and after 2 of them %q, want %q", before, after, want)
	}
}
