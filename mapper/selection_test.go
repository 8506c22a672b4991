package mapper

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

func TestSelection(t *testing.T) {
	for _, test := range []struct {
		include, exclude string
		table            candidate
		want             string // why it is left out
	}{
		{"", "", candidate{"public", "people", "person"}, ""},
		{"", "person", candidate{"public", "people", "person"}, "HOOKLINE_EXCLUDE has person"},
		{"", "people", candidate{"public", "people", "person"}, "HOOKLINE_EXCLUDE has people"},
		{"", "public.people", candidate{"public", "people", "person"}, "HOOKLINE_EXCLUDE has public.people"},
		{"", "public.person", candidate{"public", "people", "person"}, ""},
		{"", "crm.people", candidate{"public", "people", "person"}, ""},
		{"", "audit_*, sales-order", candidate{"public", "audit_log", "auditLog"}, "HOOKLINE_EXCLUDE has audit_*"},
		{"", "audit_*, sales-order", candidate{"public", "sales_orders", "salesOrder"}, "HOOKLINE_EXCLUDE has sales-order"},
		{"", "archive.*", candidate{"archive", "people", "person"}, "HOOKLINE_EXCLUDE has archive.*"},
		{"", "*", candidate{"public", "people", "person"}, "HOOKLINE_EXCLUDE has *"},
		{"person", "", candidate{"public", "people", "person"}, ""},
		{"company,public.pe*", "", candidate{"public", "people", "person"}, ""},
		{"company", "", candidate{"public", "people", "person"}, "HOOKLINE_INCLUDE does not name it"},
		{"*", "people", candidate{"public", "people", "person"}, "HOOKLINE_EXCLUDE has people"},
	} {
		s := newSelection(patternsOf(t, test.include), patternsOf(t, test.exclude))
		if got := s.omits(test.table); got != test.want {
			t.Errorf("include %q, exclude %q, %v: %q, want %q", test.include, test.exclude, test.table, got, test.want)
		}
	}
	for _, text := range []string{"", "a,,b", ".", "a.", ".a", "a.b.c", "a[b]", "_", "?", "-a", "a*, -ab", "-s.a"} {
		if err := new(ObjectPatterns).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func patternsOf(t testing.TB, text string) (p ObjectPatterns) {
	t.Helper()
	if text != "" {
		if err := p.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// TestSelectionIsOneForAll has the publication, the mapper, the doctor and the list of objects agree on what is left out, and warns of
// entries that name nothing.
func TestSelectionIsOneForAll(t *testing.T) {
	pool := newPool(t)
	runSQL(t, pool, `
		CREATE TABLE people (id int PRIMARY KEY, deleted_at timestamptz, password text);
		CREATE TABLE companies (id int PRIMARY KEY); CREATE TABLE audit_logs (id int PRIMARY KEY); CREATE TABLE keyless (id int);
		CREATE UNLOGGED TABLE caches (id int PRIMARY KEY);
		CREATE TABLE visits (day date, id int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
		CREATE SCHEMA sales; CREATE TABLE sales.orders (id int PRIMARY KEY)`)
	g := NewGeneric(Config{
		Include: patternsOf(t, "person,public.visits,compny,audit_log,sales.orders"), Exclude: patternsOf(t, "audit*,public.peple,note"),
		Forms: Forms{Zones: zonesOf(t, "UTC,public.people=UTC,public.compny=UTC,s*.orders=UTC,none.*=UTC")},
	}, pool, discard)
	announced, left, log := listTables(t, g, pool)
	if announced != "public.people public.visits" || left != "public.audit_logs public.companies public.keyless sales.orders" {
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
		if o, err := g.object(t.Context(), describeTable(t, pool, "public", table)); o != nil || err != nil {
			t.Errorf("%s is announced: %v, %v", table, o, err)
		}
	}
	withConn(t, pool, func(conn *pgx.Conn) {
		tables := []cdc.Table{{Schema: "public", Name: "people", Full: true}}
		found := g.CheckSelection(tables)
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
			"public.people":    "person[person.created person.updated person.deleted person.restored person.destroyed] [id] [password]",
			"public.visits":    "visit[visit.created visit.updated visit.deleted] [id day] []",
			"public.companies": "[] [] []HOOKLINE_INCLUDE does not name it", "public.audit_logs": "[] [] []HOOKLINE_EXCLUDE has audit*",
			"public.keyless": "[] [] []HOOKLINE_INCLUDE does not name it", "sales.orders": "[] [] []HOOKLINE_SCHEMAS does not have its schema",
		} {
			if got[table] != want {
				t.Errorf("%s: got %s, want %s", table, got[table], want)
			}
		}
	})
}

// TestNothingIsAnnounced says so, and where there are tables.
func TestNothingIsAnnounced(t *testing.T) {
	pool := newPool(t)
	runSQL(t, pool, `CREATE SCHEMA sales; CREATE TABLE sales.orders (id int PRIMARY KEY); CREATE TABLE sales.items (id int PRIMARY KEY);
		CREATE TABLE hooks (id int PRIMARY KEY); CREATE SCHEMA crm; CREATE TABLE crm.people (id int PRIMARY KEY)`)
	g := NewGeneric(Config{}, pool, discard)
	g.Skip([]cdc.Table{{Schema: "public", Name: "hooks"}}, nil)
	_, _, log := listTables(t, g, pool)
	if !strings.Contains(log, `no table is announced" schemas=public tables="2 in sales, 1 in crm"`) {
		t.Errorf("the log says\n%s", log)
	}
	if _, _, log := listTables(t, g, pool); log != "" {
		t.Errorf("again the log says\n%s", log)
	}
}

// TestObjectsOfTheSameName has tables that would be one object told apart, so that none that comes or goes changes the name of another.
func TestObjectsOfTheSameName(t *testing.T) {
	pool := newPool(t)
	cfg := Config{Schemas: []string{"public", "sales"}}
	noted := map[string]string{}
	names := func() string { // at a start, after which the names are noted
		t.Helper()
		g := NewGeneric(cfg, pool, discard)
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
			if rel := describeTable(t, pool, o.Table.Schema, o.Table.Name); compilePlan(t, g, rel).name != o.Object {
				t.Errorf("%s is not %s to the mapper", o.Table, o.Object)
			}
		}
		return strings.Join(list, " ")
	}
	for _, step := range []struct{ sql, want string }{
		{`CREATE TABLE product_tags (id int PRIMARY KEY)`, "public.product_tags=productTag"},
		{`CREATE TABLE product_tag (id int PRIMARY KEY)`, "public.product_tag=publicProductTag public.product_tags=productTag"},
		{
			`CREATE SCHEMA sales; CREATE TABLE sales.product_tags (id int PRIMARY KEY)`,
			"public.product_tag=publicProductTag public.product_tags=productTag sales.product_tags=productTags",
		},
		{`DROP TABLE product_tags`, "public.product_tag=publicProductTag sales.product_tags=productTags"},
		{
			`CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE "order" (id int PRIMARY KEY)`,
			"public.order=order public.orders=orders public.product_tag=publicProductTag sales.product_tags=productTags",
		},
		{`DROP TABLE "order"`, "public.orders=orders public.product_tag=publicProductTag sales.product_tags=productTags"},
	} {
		runSQL(t, pool, step.sql)
		for range 2 {
			if got := names(); got != step.want {
				t.Errorf("after %s: got  %s\nwant %s", step.sql, got, step.want)
			}
		}
	}
	cfg.ObjectNames = map[string]string{"public.orders": "purchase"}
	g := NewGeneric(cfg, pool, discard)
	g.Remember(noted)
	found := g.checkGivenNames([]cdc.Table{{Schema: "public", Name: "orders", Full: true}})
	if len(found) != 1 || found[0].Level != cdc.Fine || !strings.Contains(found[0].Found, "is announced as purchase, and was announced as orders") {
		t.Errorf("of a name that is confirmed: %+v", found)
	}
	noted["public.orders"] = "ordre"
	found = rememberingCatalog(Config{}, noted).checkGivenNames([]cdc.Table{{Schema: "public", Name: "orders", Full: true}})
	if len(found) != 1 || found[0].Level != cdc.Warning || !strings.Contains(found[0].Mend, "HOOKLINE_OBJECT_NAMES=public.orders=ordre") {
		t.Errorf("of a name that has changed: %+v", found)
	}
}

// rememberingCatalog returns a catalog without a database that remembers names.
func rememberingCatalog(cfg Config, noted map[string]string) *Generic {
	g := NewGeneric(cfg, nil, discard)
	g.Remember(noted)
	return g
}
