package generic

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/mapper/mappertest"
	"hookline/mapper/pattern"
	"hookline/mapper/pgtext"
	"hookline/mapper/tenants"
)

func zonesOf(t testing.TB, text string) (z TimeZones) {
	t.Helper()
	if err := z.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return z
}

// TestTimestampsOfAZone has the server say what a local time is, also where clocks are put forward
// and back.
func TestTimestampsOfAZone(t *testing.T) {
	conn := mappertest.Connect(t)
	random := rand.New(rand.NewPCG(1, 2))
	for _, zone := range []string{
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
		"Asia/Kolkata", "Etc/GMT+5",
	} {
		encode := zonesOf(t, zone).all.encoder()
		moments := []string{
			"2025-03-30 01:59:59", "2025-03-30 02:00:00", "2025-03-30 02:30:00", "2025-03-30 03:00:00",
			"2025-10-26 01:59:59.999999", "2025-10-26 02:00:00", "2025-10-26 02:30:00.5",
			"2025-10-26 03:00:00",
			"2025-03-09 02:30:00", "2025-11-02 01:30:00", "2025-10-05 02:15:00", "2025-04-06 01:45:00",
		}
		for range 500 {
			at := time.Unix(random.Int64N(60*365*24*3600), random.Int64N(1e6)*1000).UTC()
			moments = append(moments, at.Format("2006-01-02 15:04:05.999999"))
		}
		var want []string
		err := conn.QueryRow(t.Context(), `SELECT array_agg((to_jsonb(m::timestamp AT TIME ZONE $2)->>0) ORDER BY position)
			FROM unnest($1::text[]) WITH ORDINALITY u (m, position)`, moments, zone).Scan(&want)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range moments {
			got := strings.Trim(string(encode(nil, []byte(m))), `"`)
			if want := strings.Replace(want[i], "+00:00", "Z", 1); got != want {
				t.Errorf("%s in %s: got %s, want %s", m, zone, got, want)
			}
		}
	}
	for _, test := range []struct{ text, zone string }{
		{"infinity", "Europe/Berlin"},
		{"-infinity", "Europe/Berlin"},
		{"10000-01-01 00:00:00", "Europe/Berlin"},
		{"0001-01-01 00:00:00 BC", "Europe/Berlin"},
		{"0001-01-01 00:00:00", "Europe/Berlin"},
		{"9999-12-31 23:59:59.999999", "America/New_York"},
	} {
		if got := string(zonesOf(t, test.zone).all.encoder()(nil, []byte(test.text))); got != `"`+
			test.text+`"` {
			t.Errorf("%s in %s is %s", test.text, test.zone, got)
		}
	}
}

// TestForms reads a table as it is said, alone and beside others, and within arrays, domains and
// composites.
func TestForms(t *testing.T) {
	pool := mappertest.NewPool(t)
	const columns = `(id bigint PRIMARY KEY, at timestamp, ats timestamp[], tz timestamptz, day moment, pair pair, amount numeric(8, 2), n int, nn numeric[], doc jsonb)`
	mappertest.RunSQL(t, pool, `CREATE DOMAIN moment AS timestamp; CREATE TYPE pair AS (at timestamp, big bigint); CREATE SCHEMA legacy;
		CREATE TABLE orders `+columns+`; CREATE TABLE items `+columns+`; CREATE TABLE legacy.logs `+columns)
	for _, table := range []string{"orders", "items", "legacy.logs"} {
		mappertest.RunSQL(t, pool, "INSERT INTO "+table+` VALUES (9007199254740993, '2025-07-01 12:00', '{2025-01-01 12:00:00.5}', '2025-07-01 12:00Z', '2025-07-01 12:00',
			('2025-07-01 12:00', 7), 1.50, 3, '{1.0,NaN}', '{"big": 9007199254740993}')`)
	}
	forms := Forms{
		Zones:            zonesOf(t, "Europe/Berlin, public.it*=UTC, legacy.*=none"),
		NumbersAsStrings: true,
	}
	g := New(Config{Schemas: []string{"public", "legacy"}, Forms: forms}, pool, mappertest.Discard)
	for _, test := range []struct{ schema, table, summer, winter string }{
		{"public", "orders", "2025-07-01T10:00:00Z", "2025-01-01T11:00:00.5Z"},
		{"public", "items", "2025-07-01T12:00:00Z", "2025-01-01T12:00:00.5Z"},
		{"legacy", "logs", "2025-07-01T12:00:00", "2025-01-01T12:00:00.5"},
		{"public", "orders", "2025-07-01T10:00:00Z", "2025-01-01T11:00:00.5Z"},
	} {
		rel := mappertest.DescribeTable(t, pool, test.schema, test.table)
		o := compilePlan(t, g, rel)
		want := fmt.Sprintf(
			`{"id":"9007199254740993","at":%q,"ats":[%q],"tz":"2025-07-01T12:00:00Z","day":%[1]q,"pair":{"at":%[1]q,"big":"7"},`+
				`"amount":"1.50","n":3,"nn":["1.0","NaN"],"doc":{"big":9007199254740993}}`, test.summer,
			test.winter)
		if got := string(mappertest.RowOf(t, o, mappertest.ReadTuples(t, pool, rel)[0])); got != want {
			t.Errorf("%s.%s: got  %s\nwant %s", test.schema, test.table, got, want)
		}
	}
	// an attribute that is added is seen in each of them
	before := g.Generation()
	if err := g.Refresh(t.Context(), &cdc.Tx{XID: 1}); err != nil || g.Generation() != before {
		t.Fatalf("generation %d, then %d, %v", before, g.Generation(), err)
	}
	mappertest.RunSQL(t, pool, `ALTER TYPE pair ADD ATTRIBUTE more int`)
	if err := g.Refresh(t.Context(), &cdc.Tx{XID: 1 << 30}); err != nil || g.Generation() == before {
		t.Errorf("generation %d, then %d, %v", before, g.Generation(), err)
	}
}

// TestMoney reads alike wherever the database, or the role, spends it.
func TestMoney(t *testing.T) {
	for _, major := range []int{0, 18} {
		url := postgrestest.NewDatabaseMajor(t, major)
		plain, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		name := pg.Identifier(plain.Config().Database)
		// C.UTF-8 is the one other locale that there is everywhere; what counts is that the session's own
		// is not asked
		if _, err := plain.Exec(t.Context(), "ALTER DATABASE "+name+
			" SET lc_monetary = 'C.UTF-8'"); err != nil {
			t.Fatal(err)
		}
		if err := plain.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		settings, err := pg.PoolConfig(url, 1)
		if err != nil {
			t.Fatal(err)
		}
		pool, err := pgxpool.NewWithConfig(t.Context(), settings)
		if err != nil {
			t.Fatal(err)
		}
		var locale string
		err = pool.QueryRow(t.Context(), "SHOW lc_monetary").Scan(&locale)
		pool.Close()
		if err != nil || locale != "C" {
			t.Errorf("Postgres %d: money is printed as in %q, %v", major, locale, err)
		}
	}
}

// TestGeometry reads EWKB as PostGIS' documentation and its regression tests have it.
func TestGeometry(t *testing.T) {
	for _, test := range []struct{ ewkb, want string }{
		// SELECT 'POINT(1 2)'::geometry
		{"0101000000000000000000F03F0000000000000040", `{"type":"Point","coordinates":[1,2]}`},
		// SELECT 'SRID=4326;POINT(-71.064544 42.28787)'::geometry
		{
			"0101000020E6100000CB49287D21C451C0F0BF95ECD8244540",
			`{"type":"Point","coordinates":[-71.064544,42.28787]}`,
		},
		// 'LINESTRING(0 0, 1 1, 2 2)'
		{
			"01020000000300000000000000000000000000000000000000000000000000F03F000000000000F03F00000000000000400000000000000040",
			`{"type":"LineString","coordinates":[[0,0],[1,1],[2,2]]}`,
		},
		// 'POINT Z (1 2 3)'
		{
			"0101000080000000000000F03F00000000000000400000000000000840",
			`{"type":"Point","coordinates":[1,2,3]}`,
		},
		// 'GEOMETRYCOLLECTION(POINT(1 2))'
		{
			"0107000000010000000101000000000000000000F03F0000000000000040",
			`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}`,
		},
		// 'POINT M (1 2 3)', 'CIRCULARSTRING(0 0,1 1,2 0)', and what is none
		{
			"0101000040000000000000F03F00000000000000400000000000000840",
			`"0101000040000000000000F03F00000000000000400000000000000840"`,
		},
		{"010800000003000000", `"010800000003000000"`},
		{"0101", `"0101"`},
		{"xyz", `"xyz"`},
		{"", `""`},
	} {
		if got := string(pgtext.AppendGeometry(nil, []byte(test.ewkb))); got != test.want &&
			test.want != "" {
			t.Errorf("%s is %s, want %s", test.ewkb, got, test.want)
		}
	}
}

// TestPostGIS compares with what PostGIS itself prints, where it is installed.
func TestPostGIS(t *testing.T) {
	pool := mappertest.NewPool(t)
	var there bool
	if err := pool.QueryRow(t.Context(),
		`SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgis')`).Scan(
		&there); err != nil {
		t.Fatal(err)
	}
	if !there {
		t.Skip("PostGIS is not installed for this server")
	}
	mappertest.RunSQL(t, pool,
		`CREATE EXTENSION postgis; CREATE TABLE places (id int PRIMARY KEY, g geometry, gs geometry[], geo geography)`)
	shapes := []string{
		"POINT(1 2)", "SRID=4326;POINT(13.404954 52.520008)", "POINT Z (1 2 3)",
		"LINESTRING(0 0, 1.5 1, 2 2)",
		"POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))", "MULTIPOINT((1 2), (3 4))",
		"MULTILINESTRING((0 0, 1 1), (2 2, 3 3))",
		"MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
		"GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))",
		"POINT EMPTY", "POLYGON EMPTY", "LINESTRING EMPTY", "MULTIPOINT EMPTY",
		"GEOMETRYCOLLECTION EMPTY",
	}
	g := New(Config{Forms: Forms{GeoJSON: true}}, pool, mappertest.Discard)
	rel := mappertest.DescribeTable(t, pool, "public", "places")
	o := compilePlan(t, g, rel)
	for i, shape := range shapes {
		var id int
		err := pool.QueryRow(t.Context(), `INSERT INTO public.places VALUES ($1, public.st_geomfromewkt($2), ARRAY[public.st_geomfromewkt($2)],
			CASE WHEN $2 LIKE 'SRID=4326%' THEN public.st_geogfromtext($2) END) RETURNING id`, i, shape).Scan(&id)
		if err != nil {
			t.Fatal(shape, err)
		}
		var want string
		err = pool.QueryRow(t.Context(), `SELECT to_jsonb(o)::text FROM (SELECT id, public.st_asgeojson(g, 15, 0)::json AS g,
			ARRAY[public.st_asgeojson(g, 15, 0)::json] AS gs, public.st_asgeojson(geo, 15, 0)::json AS geo FROM public.places WHERE id = $1) o`, id).Scan(&want)
		if err != nil {
			t.Fatal(err)
		}
		got := string(mappertest.RowOf(t, o, mappertest.ReadTuples(t, pool, rel)[i]))
		if normal(t, pool, got) != normal(t, pool, want) {
			t.Errorf("%s: got  %s\nwant %s", shape, got, want)
		}
	}
}

func normal(t testing.TB, pool *pgxpool.Pool, document string) (text string) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT $1::jsonb::text`, document).Scan(&text); err != nil {
		t.Fatal(document, err)
	}
	return text
}

// TestTouchColumns sends nothing of an update of nothing else; what else changes is told together
// with them.
func TestTouchColumns(t *testing.T) {
	var touch pattern.Columns
	if err := touch.UnmarshalText(
		[]byte(
			"updated_at, users.last_*, public.deals.views, -logs.updated_at, users.lats_seen")); err != nil {
		t.Fatal(err)
	}
	for _, major := range []int{0, 18} {
		c := newCRMWith(t, major, `
			CREATE TABLE users (id int PRIMARY KEY, name text, "updatedAt" timestamptz,
			  last_access timestamptz, views int, deleted_at timestamptz);
			CREATE TABLE logs (id int PRIMARY KEY, updated_at int);
			CREATE TABLE deals (id int PRIMARY KEY, views int);
			CREATE TABLE prices (id int, updated_at int, PRIMARY KEY (id, updated_at));
			INSERT INTO prices VALUES (1, 1); INSERT INTO users VALUES (1, 'Ada'); INSERT INTO logs VALUES (1, 1); INSERT INTO deals VALUES (1, 1)`,
			cdc.IdentityFull, Config{TouchColumns: touch}, tenants.Tenancy{})
		for _, test := range []struct{ sql, want string }{
			{`UPDATE users SET "updatedAt" = now(), last_access = now()`, ""},
			{`UPDATE deals SET views = 2`, ""},
			{`UPDATE logs SET updated_at = 2`, "log.updated updatedAt"},
			{`UPDATE prices SET updated_at = 2`, "price.updated updatedAt"}, // the key is another one
			{`UPDATE users SET views = 2`, "user.updated views"},
			{
				`UPDATE users SET "updatedAt" = now() - interval '1h', name = 'Eva'`,
				"user.updated name,updatedAt",
			},
			{`UPDATE users SET "updatedAt" = now(), deleted_at = now()`, "user.deleted updatedAt,deletedAt"},
			{`INSERT INTO users (id) VALUES (2)`, "user.created "},
		} {
			var got []string
			for _, e := range c.events(test.sql) {
				got = append(got, e.Name+" "+strings.Join(e.Parts().Updated, ","))
			}
			if text := strings.Join(got, "; "); text != test.want {
				t.Errorf("%s: got %s, want %s", test.sql, text, test.want)
			}
		}
	}
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool,
		`CREATE TABLE users (id int PRIMARY KEY, last_seen int, updated_at int)`)
	g := New(Config{TouchColumns: touch}, pool, mappertest.Discard)
	if _, _, log := listTables(t, g, pool); !strings.Contains(log,
		`entry of HOOKLINE_TOUCH_COLUMNS may be wrong" entry=users.lats_seen`) ||
		!strings.Contains(log, "is users.last_seen meant?") {
		t.Errorf("the log says\n%s", log)
	}
}

// TestIdentityIndex has the events of a record whose deletes tell other columns than the key count
// as those of one record, so that they come in order.
func TestIdentityIndex(t *testing.T) {
	for _, major := range []int{0, 18} {
		c := newCRMWith(t, major, `
			CREATE TABLE people (id int PRIMARY KEY, email text NOT NULL UNIQUE, org int NOT NULL, name text,
			  UNIQUE (org, email));
			ALTER TABLE people REPLICA IDENTITY USING INDEX people_org_email_key;
			CREATE TABLE both_ways (id int PRIMARY KEY, n int NOT NULL UNIQUE, UNIQUE (id, n));
			ALTER TABLE both_ways REPLICA IDENTITY USING INDEX both_ways_id_n_key`, cdc.IdentityKeep, Config{}, tenants.Tenancy{})
		events := c.events(`INSERT INTO people VALUES (1, 'ada@example.com', 7, 'Ada')`,
			`UPDATE people SET name = 'Eva'`, `DELETE FROM people`)
		if len(events) != 3 {
			t.Fatalf("%d events", len(events))
		}
		var data []string
		for _, e := range events {
			if e.Record != events[0].Record {
				t.Errorf("Postgres %d: %s is of another record than %s", major, e.Name, events[0].Name)
			}
			data = append(data, e.Name+string(e.Parts().Data))
		}
		if want := `person.deleted{"email":"ada@example.com","org":7}`; data[2] != want {
			t.Errorf("Postgres %d: got %s, want %s", major, data[2], want)
		}
		others := c.events(
			`INSERT INTO people VALUES (1, 'ada@example.com', 8), (2, 'ida@example.com', 7)`)
		if slices.ContainsFunc(others, func(e *mapper.Event) bool {
			return e.Record == events[0].Record
		}) {
			t.Error("other people are the same record")
		}
		key := c.events(`INSERT INTO both_ways VALUES (1, 1)`, `UPDATE both_ways SET n = 2`,
			`DELETE FROM both_ways`)
		if len(key) != 3 || key[0].Record != key[1].Record || key[1].Record != key[2].Record {
			t.Errorf("an identity with the key in it: %d events, not of one record", len(key))
		}
	}
}

// TestRenamedSettings keeps in what was the value of a credential by the name that its row had
// before.
func TestRenamedSettings(t *testing.T) {
	for _, identity := range []cdc.ReplicaIdentity{cdc.IdentityFull, cdc.IdentityKeep} {
		c := newCRMWith(t, 0, `
			CREATE TABLE settings (name text PRIMARY KEY, value text, "from" text, note text);
			INSERT INTO settings VALUES ('smtp_password', 'canary', 'canary', 'a'), ('theme', 'dark', 'light', 'b')`,
			identity, Config{}, tenants.Tenancy{})
		for _, test := range []struct{ sql, want string }{
			{
				`UPDATE settings SET name = 'smtp_note' WHERE name = 'smtp_password'`,
				`{"name":"smtp_note","note":"a"}`,
			},
			{
				`UPDATE settings SET name = 'api_token' WHERE name = 'theme'`,
				`{"name":"api_token","note":"b"}`,
			},
			{`UPDATE settings SET note = 'c' WHERE name = 'api_token'`, `{"name":"api_token","note":"c"}`},
		} {
			events := c.events(test.sql)
			if len(events) != 1 || string(events[0].Parts().Data) != test.want ||
				slices.Contains(events[0].Parts().Updated, "value") {
				t.Errorf("%s, %s: got %d events, want %s", identity, test.sql, len(events), test.want)
				for _, e := range events {
					t.Errorf("%s %q", e.Parts().Data, e.Parts().Updated)
				}
			}
		}
	}
}

// FuzzGeometry has every text become one JSON value.
func FuzzGeometry(f *testing.F) {
	for _, seed := range []string{
		"0101000000000000000000F03F0000000000000040", "01020000000300000000", "0102000000FFFFFFFF",
		"0107000000010000000107000000",
		"0104000000020000000101000000", "0101000000000000000000F87F000000000000F87F",
		"00000000013FF00000000000004000000000000000",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := pgtext.AppendGeometry(nil, []byte(text)); !json.Valid(got) {
			t.Errorf("%q is %s", text, got)
		}
	})
}
