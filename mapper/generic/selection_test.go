package generic

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper/mappertest"
	"hookline/mapper/pattern"
)

func TestSelection(t *testing.T) {
	for _, test := range []struct {
		include, exclude string
		table            pattern.Candidate
		want             string // why it is left out
	}{
		{"", "", pattern.Candidate{Schema: "public", Table: "people", Object: "person"}, ""},
		{
			"", "person",
			pattern.Candidate{Schema: "public", Table: "people", Object: "person"},
			"HOOKLINE_EXCLUDE has person",
		},
		{
			"", "people",
			pattern.Candidate{Schema: "public", Table: "people", Object: "person"},
			"HOOKLINE_EXCLUDE has people",
		},
		{
			"", "public.people",
			pattern.Candidate{Schema: "public", Table: "people", Object: "person"},
			"HOOKLINE_EXCLUDE has public.people",
		},
		{"", "public.person", pattern.Candidate{Schema: "public", Table: "people", Object: "person"}, ""},
		{"", "crm.people", pattern.Candidate{Schema: "public", Table: "people", Object: "person"}, ""},
		{"", "audit_*, sales-order", pattern.Candidate{
			Schema: "public", Table: "audit_log",
			Object: "auditLog",
		}, "HOOKLINE_EXCLUDE has audit_*"},
		{"", "audit_*, sales-order", pattern.Candidate{
			Schema: "public", Table: "sales_orders",
			Object: "salesOrder",
		}, "HOOKLINE_EXCLUDE has sales-order"},
		{
			"", "archive.*",
			pattern.Candidate{Schema: "archive", Table: "people", Object: "person"},
			"HOOKLINE_EXCLUDE has archive.*",
		},
		{
			"", "*",
			pattern.Candidate{Schema: "public", Table: "people", Object: "person"},
			"HOOKLINE_EXCLUDE has *",
		},
		{"person", "", pattern.Candidate{Schema: "public", Table: "people", Object: "person"}, ""},
		{
			"company,public.pe*", "",
			pattern.Candidate{Schema: "public", Table: "people", Object: "person"},
			"",
		},
		{
			"company", "",
			pattern.Candidate{Schema: "public", Table: "people", Object: "person"},
			"HOOKLINE_INCLUDE does not name it",
		},
		{
			"*", "people",
			pattern.Candidate{Schema: "public", Table: "people", Object: "person"},
			"HOOKLINE_EXCLUDE has people",
		},
	} {
		s := pattern.NewSelection(patternsOf(t, test.include), patternsOf(t, test.exclude))
		if got := s.Omits(test.table); got != test.want {
			t.Errorf("include %q, exclude %q, %v: %q, want %q", test.include, test.exclude, test.table, got,
				test.want)
		}
	}
	for _, text := range []string{
		"", "a,,b", ".", "a.", ".a", "a.b.c", "a[b]", "_", "?", "-a",
		"a*, -ab", "-s.a",
	} {
		if err := new(pattern.Objects).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func patternsOf(t testing.TB, text string) (p pattern.Objects) {
	t.Helper()
	if text != "" {
		if err := p.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// TestSelectionIsOneForAll has the publication, the mapper, the doctor and the list of objects
// agree on what is left out, and warns of entries that name nothing.
func TestSelectionIsOneForAll(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `
		CREATE TABLE people (id int PRIMARY KEY, deleted_at timestamptz, password text);
		CREATE TABLE companies (id int PRIMARY KEY); CREATE TABLE audit_logs (id int PRIMARY KEY); CREATE
		  TABLE keyless (id int);
		CREATE UNLOGGED TABLE caches (id int PRIMARY KEY);
		CREATE TABLE visits (day date, id int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
		CREATE SCHEMA sales; CREATE TABLE sales.orders (id int PRIMARY KEY)`)
	g := New(Config{
		Include: patternsOf(t, "person,public.visits,compny,audit_log,sales.orders"),
		Exclude: patternsOf(t, "audit*,public.peple,note"),
		Forms: Forms{Zones: zonesOf(t,
			"UTC,public.people=UTC,public.compny=UTC,s*.orders=UTC,none.*=UTC")},
	}, pool, mappertest.Discard)
	announced, left, log := listTables(t, g, pool)
	if announced != "public.people public.visits" ||
		left != "public.audit_logs public.companies public.keyless sales.orders" {
		t.Errorf("announced are %s, left %s", announced, left)
	}
	for _, want := range []string{
		`entry of HOOKLINE_INCLUDE names nothing" entry=compny reason="no table or object has this name: is company meant?"`,
		`entry of HOOKLINE_INCLUDE names nothing" entry=sales.orders reason="HOOKLINE_SCHEMAS does not have schema sales"`,
		`entry of HOOKLINE_EXCLUDE names nothing" entry=public.peple reason="no table or object has this name: is public.people meant?"`,
		`entry of HOOKLINE_EXCLUDE names nothing" entry=note reason="no table or object has this name"`,
		`entry of HOOKLINE_TIMESTAMP_ZONE names nothing" entry=public.compny reason="no table or object has this name"`,
		`entry of HOOKLINE_TIMESTAMP_ZONE names nothing" entry=s*.orders reason="HOOKLINE_SCHEMAS does not have schema sales"`,
		`entry of HOOKLINE_TIMESTAMP_ZONE names nothing" entry=none.* reason="no table or object has this name"`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %s:\n%s", want, log)
		}
	}
	if strings.Count(log, "names nothing") != 7 {
		t.Errorf("the log says\n%s", log)
	}
	for _, table := range []string{"audit_logs", "companies"} {
		if o, err := g.Describe(t.Context(),
			mappertest.DescribeTable(t, pool, "public", table)); o != nil || err != nil {
			t.Errorf("%s is announced: %v, %v", table, o, err)
		}
	}
	mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
		tables := []cdc.Table{{Schema: "public", Name: "people", Full: true}}
		found := g.checkSelection(tables)
		if len(found) == 0 || found[0].Level != cdc.Warning {
			t.Errorf("the doctor finds %+v", found)
		}
		list, err := g.Objects(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, o := range list {
			got[o.Table] = fmt.Sprint(o.Object, o.Events, o.Key, o.LeftOut, o.Reason)
		}
		for table, want := range map[string]string{
			"public.people": "person[person.created person.updated person.deleted person.restored " +
				"person.destroyed] [id] [password]",
			"public.visits":     "visit[visit.created visit.updated visit.deleted] [id day] []",
			"public.companies":  "[] [] []HOOKLINE_INCLUDE does not name it",
			"public.audit_logs": "[] [] []HOOKLINE_EXCLUDE has audit*",
			"public.keyless":    "[] [] []HOOKLINE_INCLUDE does not name it",
			"sales.orders":      "[] [] []HOOKLINE_SCHEMAS does not have its schema",
		} {
			if got[table] != want {
				t.Errorf("%s: got %s, want %s", table, got[table], want)
			}
		}
	})
}

// TestNothingIsAnnounced says so, and where there are tables.
func TestNothingIsAnnounced(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `CREATE SCHEMA sales; CREATE TABLE sales.orders (id int PRIMARY KEY); CREATE TABLE sales.items (id int PRIMARY KEY);
		CREATE TABLE hooks (id int PRIMARY KEY); CREATE SCHEMA crm; CREATE TABLE crm.people (id int PRIMARY KEY)`)
	g := New(Config{}, pool, mappertest.Discard)
	g.Skip([]cdc.Table{{Schema: "public", Name: "hooks"}}, nil)
	_, _, log := listTables(t, g, pool)
	if !strings.Contains(log, `no table is announced" schemas=public tables="2 in sales, 1 in crm"`) {
		t.Errorf("the log says\n%s", log)
	}
	if _, _, log := listTables(t, g, pool); log != "" {
		t.Errorf("again the log says\n%s", log)
	}
}

// TestObjectsOfTheSameName has tables that would be one object told apart, so that none that comes
// or goes changes the name of another.
func TestObjectsOfTheSameName(t *testing.T) {
	pool := mappertest.NewPool(t)
	cfg := Config{Schemas: []string{"public", "sales"}}
	noted := map[string]string{}
	names := func() string { // at a start, after which the names are noted
		t.Helper()
		g := New(cfg, pool, mappertest.Discard)
		g.Remember(noted)
		var tables []cdc.Table
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) (err error) {
			tables, err = g.Tables(t.Context(), tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if found := g.checkGivenNames(tables); found != nil {
			t.Errorf("names have changed: %+v", found)
		}
		var list []string
		for _, o := range g.NamedObjects(tables) {
			noted[written(o.Table)] = o.Object
			list = append(list, written(o.Table)+"="+o.Object)
			if rel := mappertest.DescribeTable(t, pool, o.Table.Schema, o.Table.Name); compilePlan(t, g,
				rel).Object != o.Object {
				t.Errorf("%s is not %s to the mapper", o.Table, o.Object)
			}
		}
		return strings.Join(list, " ")
	}
	for _, step := range []struct{ sql, want string }{
		{`CREATE TABLE product_tags (id int PRIMARY KEY)`, "public.product_tags=productTag"},
		{
			`CREATE TABLE product_tag (id int PRIMARY KEY)`,
			"public.product_tag=publicProductTag public.product_tags=productTag",
		},
		{
			`CREATE SCHEMA sales; CREATE TABLE sales.product_tags (id int PRIMARY KEY)`,
			"public.product_tag=publicProductTag public.product_tags=productTag " +
				"sales.product_tags=productTags",
		},
		{`DROP TABLE product_tags`, "public.product_tag=publicProductTag sales.product_tags=productTags"},
		{
			`CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE "order" (id int PRIMARY KEY)`,
			"public.order=order public.orders=orders public.product_tag=publicProductTag " +
				"sales.product_tags=productTags",
		},
		{
			`DROP TABLE "order"`,
			"public.orders=orders public.product_tag=publicProductTag sales.product_tags=productTags",
		},
	} {
		mappertest.RunSQL(t, pool, step.sql)
		for range 2 {
			if got := names(); got != step.want {
				t.Errorf("after %s: got  %s\nwant %s", step.sql, got, step.want)
			}
		}
	}
	cfg.ObjectNames = map[string]string{"public.orders": "purchase"}
	g := New(cfg, pool, mappertest.Discard)
	g.Remember(noted)
	found := g.checkGivenNames([]cdc.Table{{Schema: "public", Name: "orders", Full: true}})
	if len(found) != 1 || found[0].Level != cdc.Fine ||
		!strings.Contains(found[0].Found, "is announced as purchase, and was announced as orders") {
		t.Errorf("of a name that is confirmed: %+v", found)
	}
	noted["public.orders"] = "ordre"
	found = rememberingCatalog(Config{}, noted).checkGivenNames(
		[]cdc.Table{{Schema: "public", Name: "orders", Full: true}})
	if len(found) != 1 || found[0].Level != cdc.Warning ||
		!strings.Contains(found[0].Hint, "HOOKLINE_OBJECT_NAMES=public.orders=ordre") {
		t.Errorf("of a name that has changed: %+v", found)
	}
}

// rememberingCatalog returns a catalog without a database that remembers names.
func rememberingCatalog(cfg Config, noted map[string]string) *Catalog {
	g := New(cfg, nil, mappertest.Discard)
	g.Remember(noted)
	return g
}
