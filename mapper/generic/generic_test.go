package generic

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/mappertest"
)

// listTables has the catalog list its tables and returns those that it announces, those that it
// leaves, and what it has logged.
func listTables(t testing.TB, g *Catalog, pool *pgxpool.Pool) (announced, left, log string) {
	t.Helper()
	var out bytes.Buffer
	g.log = slog.New(slog.NewTextHandler(&out, nil))
	var wanted, others []string
	for _, name := range mappertest.TableNames(t, pool, g) {
		if other, ok := strings.CutPrefix(name, "-"); ok {
			others = append(others, other)
		} else {
			wanted = append(wanted, name)
		}
	}
	return strings.Join(wanted, " "), strings.Join(others, " "), out.String()
}

// TestChunksOfATable lists children by inheritance as what they hold: rows of a parent that has
// none itself, or of the schema that they lie in.
func TestChunksOfATable(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			testChunks(t, mappertest.NewPoolOn(t, major))
		})
	}
}

func testChunks(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	mappertest.RunSQL(t, pool, `
		CREATE TABLE readings (id int PRIMARY KEY); CREATE TABLE actions (id int PRIMARY KEY); INSERT INTO
		  actions SELECT generate_series(1, 1000);
		CREATE TABLE secrets (id int PRIMARY KEY);
		CREATE SCHEMA chunks;
		CREATE TABLE chunks.c1 (PRIMARY KEY (id)) INHERITS (readings);
		CREATE TABLE chunks.c2 () INHERITS (readings);
		CREATE TABLE chunks.old_actions (PRIMARY KEY (id)) INHERITS (actions);
		CREATE TABLE chunks.c3 (PRIMARY KEY (id)) INHERITS (secrets);
		CREATE TABLE more_readings (PRIMARY KEY (id)) INHERITS (readings);`)
	mappertest.RunSQL(t, pool, `ANALYZE actions`)
	g := New(Config{Exclude: []string{"secret"}}, pool, mappertest.Discard)
	announced, left, log := listTables(t, g, pool)
	if want := "chunks.c1 public.actions public.more_readings public.readings"; announced != want {
		t.Errorf("announced are %s, want %s", announced, want)
	}
	if want := "chunks.c3 chunks.old_actions public.secrets"; left != want {
		t.Errorf("left are %s, want %s", left, want)
	}
	if !strings.Contains(log, `chunks\".\"c2`) {
		t.Errorf("the log does not tell of the child without a key: %s", log)
	}
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	found, err := g.checkKeys(t.Context(), conn.Conn(), "hookline")
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Found, `"chunks"."c2"`) {
		t.Errorf("found %+v, %v, want the child without a key", found, err)
	}
}

func TestGenericTables(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `
		CREATE TABLE people (id int PRIMARY KEY);
		CREATE TABLE "Sales Orders" (id int PRIMARY KEY, n int GENERATED ALWAYS AS (id + 1) STORED);
		CREATE TABLE visits (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
		CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES
		  FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (id);
		CREATE TABLE visits_2025_1 PARTITION OF visits_2025 FOR VALUES IN (1);
		CREATE TABLE hooks (id int PRIMARY KEY);
		CREATE TABLE secrets (id int PRIMARY KEY);
		CREATE TABLE logs (line text);
		CREATE TABLE uniques (id int NOT NULL UNIQUE);
		CREATE UNLOGGED TABLE caches (id int PRIMARY KEY);
		CREATE TEMP TABLE scratch (id int PRIMARY KEY);
		CREATE VIEW viewers AS SELECT * FROM people;
		CREATE MATERIALIZED VIEW snapshots AS SELECT * FROM people;
		CREATE EXTENSION hstore;
		CREATE TABLE extended (id int PRIMARY KEY);
		ALTER EXTENSION hstore ADD TABLE extended;
		CREATE SCHEMA crm;
		CREATE TABLE crm.contacts (id int PRIMARY KEY);
		CREATE TABLE crm.people (id int PRIMARY KEY);
		CREATE SCHEMA hookline;
		CREATE TABLE hookline.webhooks (id int PRIMARY KEY);`)

	g := New(Config{Exclude: []string{"secret"}}, pool, mappertest.Discard)
	g.Skip([]cdc.Table{{Schema: "public", Name: "hooks", Full: true}}, nil)
	announced, left, log := listTables(t, g, pool)
	if want := "public.Sales Orders public.people public.visits"; announced != want {
		t.Errorf("tables of public: got %s, want %s", announced, want)
	}
	if want := "crm.contacts crm.people hookline.webhooks public.hooks public.secrets"; left != want {
		t.Errorf("tables that are left: got %s, want %s", left, want)
	}
	if want := `tables="[\"public\".\"logs\" \"public\".\"uniques\"]"`; !strings.Contains(log, want) ||
		strings.Count(log, "\n") != 1 {
		t.Errorf("got log\n%swant one line with %s", log, want)
	}
	mappertest.RunSQL(t, pool, "CREATE TABLE notes (line text)")
	if _, _, log := listTables(t, g, pool); !strings.Contains(log, "notes") ||
		strings.Contains(log, "logs") {
		t.Errorf("the second load must name the new table alone; got %s", log)
	}

	g = New(Config{Schemas: []string{"crm", "hookline", "pg_catalog", "information_schema", "absent"}},
		pool, mappertest.Discard)
	if got, _, _ := listTables(t, g, pool); got != "crm.contacts crm.people" {
		t.Errorf("tables of crm: got %s", got)
	}

	g = New(Config{Schemas: []string{"public", "crm"}}, pool, mappertest.Discard)
	_, _, log = listTables(t, g, pool)
	for _, want := range []string{
		"object=people taken=person", `\"crm\".\"people\"`,
		"HOOKLINE_OBJECT_NAMES",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("two tables of the same object: got log\n%swant %s in it", log, want)
		}
	}
	if _, _, log := listTables(t, g, pool); log != "" {
		t.Errorf("the second load logs again: %s", log)
	}
	g = New(Config{
		Schemas:     []string{"public", "crm"},
		ObjectNames: map[string]string{"crm.people": "lead"},
	}, pool, mappertest.Discard)
	if _, _, log := listTables(t, g, pool); strings.Contains(log, "person") {
		t.Errorf("with HOOKLINE_OBJECT_NAMES: %s", log)
	}
}

func TestGenericPeople(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `
		CREATE TABLE people (id text PRIMARY KEY, first_name text, last_name text, email text,
		  created_at timestamptz, created_by text);
		INSERT INTO people VALUES ('abc12345', 'Alice', 'Doe', 'alice@example.com', '2025-02-10 15:30:45Z', 'user_123')`)
	rel := mappertest.DescribeTable(t, pool, "public", "people")
	o := compilePlan(t, New(Config{}, pool, mappertest.Discard), rel)
	const want = `{"id":"abc12345","firstName":"Alice","lastName":"Doe","email":"alice@example.com",` +
		`"createdAt":"2025-02-10T15:30:45Z","createdBy":"user_123"}`
	if got := mappertest.RowOf(t, o, mappertest.ReadTuples(t, pool, rel)[0]); string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if o.Object != "person" {
		t.Errorf("the object is %s", o.Object)
	}
}

func TestGenericObject(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `
		CREATE SCHEMA crm;
		CREATE DOMAIN moment AS timestamptz;
		CREATE TABLE people (a int, first_name text, b int, deleted_at moment, PRIMARY KEY (b, a));
		CREATE TABLE crm.people (id int, "deletedAt" timestamp, note text, UNIQUE (id) INCLUDE (note),
		  PRIMARY KEY (id) INCLUDE (note));
		CREATE TABLE texts (id int PRIMARY KEY, deleted_at text);
		CREATE TABLE days ("ID" int PRIMARY KEY, "DeletedAt" date);
		CREATE TABLE secrets (id int PRIMARY KEY);
		CREATE TABLE hooks (id int PRIMARY KEY);
		CREATE SCHEMA hookline;
		CREATE TABLE hookline.webhooks (id int PRIMARY KEY)`)
	g := New(Config{
		Schemas: []string{"public", "crm", "hookline"}, Exclude: []string{"secret"},
		ObjectNames: map[string]string{"crm.people": "lead"},
	}, pool, mappertest.Discard)
	g.Skip([]cdc.Table{{Schema: "public", Name: "hooks"}}, nil)

	for _, test := range []struct {
		schema, table, name string
		key                 []int
		deletedAt           int
	}{
		{"public", "people", "person", []int{2, 0}, 3},
		{"crm", "people", "lead", []int{0}, 1},
		{"public", "texts", "text", []int{0}, -1},
		{"public", "days", "day", []int{0}, 1},
	} {
		o := compilePlan(t, g, mappertest.DescribeTable(t, pool, test.schema, test.table))
		if o.Object != test.name || !slices.Equal(o.Key, test.key) || o.DeletedAt != test.deletedAt {
			t.Errorf("%s.%s: got %s, key %d, deletedAt %d, want %s, %d, %d",
				test.schema, test.table, o.Object, o.Key, o.DeletedAt, test.name, test.key, test.deletedAt)
		}
	}
	for _, table := range []cdc.Table{
		{Schema: "public", Name: "secrets"},
		{Schema: "public", Name: "hooks"},
		{Schema: "hookline", Name: "webhooks"},
		{Schema: "pg_catalog", Name: "pg_class"},
		{Schema: "other", Name: "people"},
	} {
		o, err := g.Describe(t.Context(), &cdc.Relation{Schema: table.Schema, Name: table.Name})
		if o != nil || err != nil {
			t.Errorf("%s is announced as %v, %v", table, o, err)
		}
	}

	row := cdc.Tuple{cdc.Text([]byte("1")), {}, cdc.Text([]byte("2")), {}}
	people := compilePlan(t, g, mappertest.DescribeTable(t, pool, "public", "people"))
	leads := compilePlan(t, g, mappertest.DescribeTable(t, pool, "crm", "people"))
	if people.Hash == leads.Hash {
		t.Error("records of two tables have the same hash")
	}
	key := cdc.Tuple{row[0], cdc.Unchanged(), row[2], cdc.Unchanged()}
	if got := string(mappertest.KnownOf(t, people, key)); got != `{"a":1,"b":2}` {
		t.Errorf("the key reads %s", got)
	}
	after := slices.Clone(row)
	after[1] = cdc.Text([]byte("Alice"))
	if updated, announce := mappertest.UpdateOf(t, people, row, after); !announce ||
		!slices.Equal(updated, []string{"firstName"}) {
		t.Errorf("update: %q, %t", updated, announce)
	}
	after[3] = cdc.Text([]byte("2025-02-10 15:30:45+00"))
	if action, updated := mappertest.ActionOf(t, people, row, after),
		mappertest.ChangedIn(t, people, row, after); action != mapper.Deleted ||
		!slices.Equal(updated, []string{"firstName", "deletedAt"}) {
		t.Errorf("soft delete: %s, %q", action, updated)
	}
}

// TestGenericBacklog reads changes of tables and types that are not as they were any more.
func TestGenericBacklog(t *testing.T) {
	pool := mappertest.NewPool(t)
	g := New(Config{}, pool, mappertest.Discard)
	const absent = 4_000_000_000
	rel := &cdc.Relation{
		OID: absent, Schema: "public", Name: "people", Identity: 'd',
		Columns: []cdc.Column{{Name: "note", Type: absent + 1}, {Name: "id", Type: 23, Identity: true}},
	}
	o := compilePlan(t, g, rel)
	row := cdc.Tuple{cdc.Text([]byte(`{a,"b"}`)), cdc.Text([]byte("7"))}
	if got := string(mappertest.RowOf(t, o, row)); got != `{"note":"{a,\"b\"}","id":7}` {
		t.Errorf("a row of a dropped type reads %s", got)
	}
	if !slices.Equal(o.Key, []int{1}) {
		t.Errorf("the key of a dropped table is %d, want its replica identity", o.Key)
	}
	rel.Identity = 'f'
	if o := compilePlan(t, g, rel); o.Key != nil {
		t.Errorf("the key of a dropped table with REPLICA IDENTITY FULL is %d", o.Key)
	}
	if got := string(mappertest.RowOf(t, o,
		cdc.Tuple{cdc.Unchanged(), {}})); got != `{"note":null,"id":null}` {
		t.Errorf("a row without values reads %s", got)
	}
}

// TestGenericQuietLoad loads twice with nothing changed: plans must stay.
func TestGenericQuietLoad(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, "CREATE TABLE people (id int PRIMARY KEY, tags text[], at tstzrange)")
	g := New(Config{}, pool, mappertest.Discard)
	compilePlan(t, g, mappertest.DescribeTable(t, pool, "public", "people"))
	generation := g.Generation()
	if err := g.Load(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	if g.Generation() != generation {
		t.Errorf("generation %d after a second load, before %d", g.Generation(), generation)
	}
}

// usualRow is a row of 22 columns of 13 types, its table, and the catalog that knows it.
func usualRow(b *testing.B) (mapper.Catalog, *cdc.Relation, cdc.Tuple) {
	pool := mappertest.NewPool(b)
	mappertest.RunSQL(b, pool, `
		CREATE TABLE people (
			id uuid PRIMARY KEY, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, position float8, first_name text,
			last_name text, email text, phone text, job_title text, city text, avatar_url text, intro text, company_id uuid, owner_id uuid,
			is_active boolean, score int, revenue numeric, birthday date, tags text[], links jsonb, created_by text);
		INSERT INTO people VALUES (
			'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2025-02-10 15:30:45.123456Z', '2025-02-10 15:30:45.5Z', NULL, 17.5, 'Alice',
			'Doe', 'alice@example.com', '+49 228 1234567', 'Head of "Sales"', 'Bonn', 'https://example.com/avatar.png', repeat('word ', 20),
			'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a13', true, 42, 1234567.89, '1990-05-17',
			'{lead,"hot lead",eu}', '{"primary": {"url": "https://example.com", "label": "Site"}, "other": [1, 2, 3]}', 'user_123')`)
	rel := mappertest.DescribeTable(b, pool, "public", "people")
	return New(Config{}, pool, mappertest.Discard), rel, mappertest.ReadTuples(b, pool, rel)[0]
}

// BenchmarkGenericRow encodes a row of 22 columns.
func BenchmarkGenericRow(b *testing.B) {
	catalog, rel, row := usualRow(b)
	o := compilePlan(b, catalog.(*Catalog), rel)
	dst := mappertest.AppendFields(nil, o, row)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst = mappertest.AppendFields(dst[:0], o, row)
	}
}

// BenchmarkMap makes an event of a change of a row of 22 columns: of an insert, and of an update of
// three of them, with the row before. With nobody who wants to hear of it, it stays a draft.
func BenchmarkMap(b *testing.B) {
	catalog, rel, row := usualRow(b)
	before := slices.Clone(row)
	for column, text := range map[string]string{
		"score": "41", "job_title": "Head of nothing",
		"updated_at": "2025-02-10 15:30:44+00",
	} {
		before[rel.Column(column)] = cdc.Text([]byte(text))
	}
	tx := &cdc.Tx{Commit: 0x1a2b3c4, Time: time.Date(2026, 3, 4, 5, 6, 7, 8_009_000, time.UTC)}
	for name, test := range map[string]struct {
		change cdc.Change
		wanted bool
	}{
		"insert":         {cdc.Change{Kind: cdc.Insert, Relation: rel, New: row, Tx: tx}, true},
		"insert/unheard": {cdc.Change{Kind: cdc.Insert, Relation: rel, New: row, Tx: tx}, false},
		"update": {
			cdc.Change{Kind: cdc.Update, Relation: rel, Old: before, New: row, Tx: tx},
			true,
		},
		"update/unheard": {
			cdc.Change{Kind: cdc.Update, Relation: rel, Old: before, New: row, Tx: tx},
			false,
		},
	} {
		b.Run(name, func(b *testing.B) {
			m := mapper.New(catalog, nil, "0badcafe", mapper.FormatEvent, mappertest.Discard)
			b.ReportAllocs()
			for b.Loop() {
				draft, err := m.Map(b.Context(), test.change)
				if err != nil {
					b.Fatal(err)
				}
				if test.wanted {
					draft.Event()
				}
			}
		})
	}
}
