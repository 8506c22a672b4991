package generic

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/mapper/mappertest"
	"hookline/mapper/tenants"
)

// divide has a catalog keep tenants apart, as conn sees the database.
func divide(t testing.TB, conn *pgx.Conn, g *Catalog, tenancy tenants.Tenancy) (err error) {
	t.Helper()
	failed := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
		err = g.Divide(t.Context(), tx, tenancy)
		return nil
	})
	if failed != nil {
		t.Fatal(failed)
	}
	return err
}

// byOrganization keeps webhooks apart by an integer.
var byOrganization = tenants.Tenancy{
	On: true, Column: "organization_id", Type: pgtype.Int4OID,
	Table: cdc.Table{Schema: "public", Name: "webhooks"}, Own: "organization_id",
}

// Whose the records of a table are, and what is asked where that is not clear.
func TestOwnerships(t *testing.T) {
	const webhooks = `CREATE TABLE webhooks (id int PRIMARY KEY, url text, organization_id int);`
	ownOnly := tenants.Tenancy{On: true, Column: "organization_id"}
	eachItsOwn := tenants.Tenancy{On: true}
	for name, test := range map[string]struct {
		tenancy tenants.Tenancy
		set     tenants.Config
		sql     string
		want    []string
		asks    []string
	}{
		"columns of that name": {
			tenancy: byOrganization,
			sql: `CREATE TABLE a (id int PRIMARY KEY, organization_id int); CREATE TABLE b (id int PRIMARY KEY, "organizationId" bigint);
				CREATE DOMAIN tenant AS int; CREATE DOMAIN inner_tenant AS tenant; CREATE TABLE c (id int
				  PRIMARY KEY, "OrganizationID" inner_tenant);
				CREATE TABLE d (id int PRIMARY KEY, org smallint); CREATE TABLE e (id int PRIMARY KEY,
				  organization text);
				CREATE TABLE f (id int PRIMARY KEY, partner_organization_id int); CREATE TABLE keyless
				  (organization_id int);
				CREATE TABLE g (organization_id int, "organizationId" int, id int PRIMARY KEY)`,
			want: []string{
				"a tenant in organization_id", "b tenant in organizationId", "c tenant in OrganizationID",
				"d tenant in org",
				"e goes to nobody: it has no column organization_id",
				"f goes to nobody: it has no column organization_id",
				"g tenant in organization_id",
			},
		},
		"what is set": {
			tenancy: byOrganization,
			set: tenants.Config{
				Of:     map[string]string{"public.a": "owner", "public.b": tenants.None},
				Shared: []string{"public.countries", "public.lookup_*"},
			},
			sql: `CREATE TABLE a (id int PRIMARY KEY, organization_id int, owner int); CREATE TABLE b (id int PRIMARY KEY, organization_id int);
				CREATE TABLE countries (id int PRIMARY KEY); CREATE TABLE lookup_a (id int PRIMARY KEY, organization_id int);`,
			want: []string{
				"a tenant in owner", "b goes to nobody: HOOKLINE_TENANT_COLUMN says that it has no tenant",
				"countries shared: every tenant hears of it", "lookup_a shared: every tenant hears of it",
			},
		},
		"the tenants by name": {
			tenancy: byOrganization,
			sql:     `CREATE TABLE organizations (id int PRIMARY KEY); CREATE TABLE a (id int PRIMARY KEY, organization_id int)`,
			want: []string{
				"a tenant in organization_id",
				"organizations tenant in id: these are the tenants",
			},
		},
		"the tenants by reference": {
			tenancy: byOrganization,
			sql: `CREATE TABLE organizations (id int PRIMARY KEY); CREATE TABLE firms (id int PRIMARY KEY, number int UNIQUE);
				ALTER TABLE webhooks ADD FOREIGN KEY (organization_id) REFERENCES firms (number); CREATE TABLE a (id int PRIMARY KEY, organization_id int)`,
			want: []string{
				"a tenant in organization_id", "firms tenant in number: these are the tenants",
				"organizations goes to nobody: it has no column organization_id",
			},
		},
		"a table of that name with another key": {
			tenancy: byOrganization,
			sql:     `CREATE TABLE organizations (id uuid PRIMARY KEY); CREATE TABLE a (id int PRIMARY KEY, organization_id int)`,
			want: []string{
				"a tenant in organization_id",
				"organizations goes to nobody: it has no column organization_id",
			},
		},
		"Hookline's own alone": {
			tenancy: ownOnly, set: tenants.Config{Column: "organization_id"},
			sql: `CREATE TABLE organizations (id uuid PRIMARY KEY); CREATE TABLE a (id int PRIMARY KEY, organization_id uuid);
				CREATE TABLE b (id int PRIMARY KEY, org uuid)`,
			want: []string{
				"a tenant in organization_id", "b goes to nobody: it has no column organization_id",
				"organizations tenant in id: these are the tenants",
			},
		},
		"a table that is not announced": {
			tenancy: byOrganization,
			sql: `CREATE TABLE a (id int PRIMARY KEY, organization_id int); CREATE TABLE sessions (id int PRIMARY KEY, session_id text);
				CREATE TABLE tokens (token text PRIMARY KEY, organization_id text)`,
			want: []string{"a tenant in organization_id"},
		},
		"each table its own": {
			tenancy: eachItsOwn, set: tenants.Config{Of: map[string]string{"public.a": "owner"}},
			sql: `CREATE TABLE a (id int PRIMARY KEY, owner int); CREATE TABLE b (id int PRIMARY KEY, organization_id int)`,
			want: []string{
				"a tenant in owner",
				"b goes to nobody: HOOKLINE_TENANT_COLUMN does not name its column",
			},
		},
		"no tenants": {sql: `CREATE TABLE a (id int PRIMARY KEY, organization_id int)`},
		"two columns": {
			tenancy: byOrganization,
			sql:     `CREATE TABLE a (id int PRIMARY KEY, "organizationId" int, "OrganizationId" int)`,
			asks: []string{
				"organizationId, OrganizationId",
				"HOOKLINE_TENANT_COLUMN=organization_id,public.a=", "HOOKLINE_SHARED_TABLES=public.a",
			},
		},
		"another type": {
			tenancy: byOrganization,
			sql:     `CREATE TABLE a (id int PRIMARY KEY, organization_id uuid); CREATE TABLE b (id int PRIMARY KEY, organization_id int)`,
			asks: []string{
				`"public"."a"`, "another type",
				"HOOKLINE_TENANT_COLUMN=organization_id,public.a=", "public.a=none",
				"HOOKLINE_SHARED_TABLES=public.a",
			},
		},
		"tenants that belong to one": {
			tenancy: byOrganization,
			sql:     `CREATE TABLE organizations (id int PRIMARY KEY, organization_id int)`,
			asks:    []string{"organization_id, id"},
		},
		"a column that is set and missing": {
			tenancy: byOrganization, set: tenants.Config{Of: map[string]string{"public.a": "owner"}},
			sql:  `CREATE TABLE a (id int PRIMARY KEY)`,
			asks: []string{`"owner"`, "there is none"},
		},
		"no table has one": {
			tenancy: byOrganization,
			sql:     `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE organizations (id int PRIMARY KEY)`,
			asks:    []string{"no other table has one", "HOOKLINE_TENANT_COLUMN=none"},
		},
		"no table has one, and it is set": {
			tenancy: byOrganization, set: tenants.Config{Column: "organization_id"},
			sql:  `CREATE TABLE a (id int PRIMARY KEY)`,
			want: []string{"a goes to nobody: it has no column organization_id"},
		},
		"no table at all": {tenancy: byOrganization},
	} {
		t.Run(name, func(t *testing.T) {
			pool := mappertest.NewPool(t)
			mappertest.RunSQL(t, pool, webhooks+test.sql)
			mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
				g := New(Config{Tenants: test.set, Exclude: []string{"webhook"}}, pool, mappertest.Discard)
				err := divide(t, conn, g, test.tenancy)
				if problem, asked := errors.AsType[*cdc.Problem](err); asked && test.asks != nil {
					for _, text := range test.asks {
						if !strings.Contains(problem.What+"\n"+problem.Hint, text) {
							t.Errorf("%s\n%s\nlacks %s", problem.What, problem.Hint, text)
						}
					}
					return
				}
				if err != nil || test.asks != nil {
					t.Fatalf("error %v, want a question of %q", err, test.asks)
				}
				list, err := g.Ownerships(t.Context(), conn)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, o := range list {
					got = append(got, o.Table.Name+" "+o.String())
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("got  %q\nwant %q", got, test.want)
				}
			})
		})
	}
}

// whose tells of each event whom it is for, too.
func (c *crm) whose(statements ...string) (list []string) {
	c.Helper()
	ids := map[string]bool{}
	for _, e := range c.events(statements...) {
		list = append(list, e.Workspace+" "+e.Name+" "+string(e.Parts().Data))
		if ids[e.ID] {
			c.Errorf("two events have the id %s", e.ID)
		}
		ids[e.ID] = true
	}
	return list
}

// A record that comes to another tenant is deleted for the one, who hears nothing of what it is by
// now, and created for the other.
func TestRecordsThatMove(t *testing.T) {
	const schema = `
		CREATE TABLE organizations (id int PRIMARY KEY, name text);
		CREATE TABLE contacts (id int PRIMARY KEY, organization_id int, name text,
		  deleted_at timestamptz);
		CREATE TABLE visits (id int, organization_id int, name text, PRIMARY KEY (id,
		  organization_id)) PARTITION BY LIST (organization_id);
		CREATE TABLE visits7 PARTITION OF visits FOR VALUES IN (7);
		CREATE TABLE visits_others PARTITION OF visits DEFAULT;
		CREATE TABLE deals (id int, organization_id int, name text, PRIMARY KEY (organization_id, id));
		CREATE TABLE countries (id int PRIMARY KEY);
		CREATE TABLE notes (id int PRIMARY KEY)`
	const gone = `"deletedAt":"2026-01-01T00:00:00Z"`
	type step struct {
		sql  string
		want []string
	}
	common := []step{
		{
			`INSERT INTO organizations VALUES (7, 'Apple')`,
			[]string{`7 organization.created {"id":7,"name":"Apple"}`},
		},
		{`INSERT INTO countries VALUES (1)`, []string{`* country.created {"id":1}`}},
		{`INSERT INTO notes VALUES (1)`, []string{` note.created {"id":1}`}},
		{
			`INSERT INTO contacts VALUES (1, 7, 'Ada')`,
			[]string{`7 contact.created {"id":1,"organizationId":7,"name":"Ada","deletedAt":null}`},
		},
		{
			`UPDATE contacts SET name = 'Eda'`,
			[]string{`7 contact.updated {"id":1,"organizationId":7,"name":"Eda","deletedAt":null}`},
		},
		{`INSERT INTO visits VALUES (1, 7, 'Ada'); INSERT INTO deals VALUES (1, 7, 'Ada')`, []string{
			`7 visit.created {"id":1,"organizationId":7,"name":"Ada"}`,
			`7 deal.created {"id":1,"organizationId":7,"name":"Ada"}`,
		}},
	}
	for identity, steps := range map[cdc.ReplicaIdentity][]step{
		cdc.IdentityFull: {
			{`UPDATE contacts SET organization_id = 8, name = 'Ida'`, []string{
				`7 contact.deleted {"id":1,"organizationId":7,"name":"Eda","deletedAt":null}`,
				`8 contact.created {"id":1,"organizationId":8,"name":"Ida","deletedAt":null}`,
			}},
			{`UPDATE contacts SET organization_id = NULL`, []string{
				`8 contact.deleted {"id":1,"organizationId":8,"name":"Ida","deletedAt":null}`,
				` contact.created {"id":1,"organizationId":null,"name":"Ida","deletedAt":null}`,
			}},
			{`UPDATE contacts SET organization_id = 9, deleted_at = '2026-01-01'`, []string{
				` contact.deleted {"id":1,"organizationId":null,"name":"Ida","deletedAt":null}`,
				`9 contact.created {"id":1,"organizationId":9,"name":"Ida",` + gone + `}`,
			}},
			{`UPDATE contacts SET organization_id = 7`, []string{
				`9 contact.destroyed {"id":1,"organizationId":9,"name":"Ida",` + gone + `}`,
				`7 contact.created {"id":1,"organizationId":7,"name":"Ida",` + gone + `}`,
			}},
			{`DELETE FROM contacts; INSERT INTO contacts VALUES (1, 8, 'Eva')`, []string{
				`7 contact.destroyed {"id":1,"organizationId":7,"name":"Ida",` + gone + `}`,
				`8 contact.created {"id":1,"organizationId":8,"name":"Eva","deletedAt":null}`,
			}},
			{
				`DELETE FROM contacts`,
				[]string{`8 contact.deleted {"id":1,"organizationId":8,"name":"Eva","deletedAt":null}`},
			},
			{`INSERT INTO contacts VALUES (5, 7, 'Una'), (6, 8, 'Zoe')`, []string{
				`7 contact.created {"id":5,"organizationId":7,"name":"Una","deletedAt":null}`,
				`8 contact.created {"id":6,"organizationId":8,"name":"Zoe","deletedAt":null}`,
			}},
			// the key comes to another tenant
			{`DELETE FROM contacts WHERE id = 5; UPDATE contacts SET id = 5`, []string{
				`8 contact.updated {"id":5,"organizationId":8,"name":"Zoe","deletedAt":null}`,
				`7 contact.deleted {"id":5,"organizationId":7,"name":"Una","deletedAt":null}`,
			}},
			{`UPDATE visits SET organization_id = 8, name = 'Ida'`, []string{
				`7 visit.deleted {"id":1,"organizationId":7,"name":"Ada"}`,
				`8 visit.created {"id":1,"organizationId":8,"name":"Ida"}`,
			}},
			{`UPDATE visits SET organization_id = 9, name = 'Eva'`, []string{ // within a partition
				`8 visit.deleted {"id":1,"organizationId":8,"name":"Ida"}`,
				`9 visit.created {"id":1,"organizationId":9,"name":"Eva"}`,
			}},
			{`UPDATE deals SET organization_id = 8, name = 'Ida'`, []string{
				`7 deal.deleted {"id":1,"organizationId":7,"name":"Ada"}`,
				`8 deal.created {"id":1,"organizationId":8,"name":"Ida"}`,
			}},
			{`UPDATE organizations SET id = 8`, []string{
				`7 organization.deleted {"id":7,"name":"Apple"}`,
				`8 organization.created {"id":8,"name":"Apple"}`,
			}},
		},
		cdc.IdentityKeep: {
			{`UPDATE contacts SET organization_id = 8, name = 'Ida'`, []string{
				`8 contact.updated {"id":1,"organizationId":8,"name":"Ida","deletedAt":null}`,
			}},
			{`DELETE FROM contacts`, []string{` contact.deleted {"id":1}`}},
			{`UPDATE visits SET organization_id = 8, name = 'Ida'`, []string{
				`7 visit.deleted {"id":1,"organizationId":7}`,
				`8 visit.created {"id":1,"organizationId":8,"name":"Ida"}`,
			}},
			{`UPDATE visits SET organization_id = 9, name = 'Eva'`, []string{
				`8 visit.deleted {"id":1,"organizationId":8}`,
				`9 visit.created {"id":1,"organizationId":9,"name":"Eva"}`,
			}},
			{`DELETE FROM visits`, []string{`9 visit.deleted {"id":1,"organizationId":9}`}},
			{`UPDATE deals SET organization_id = 8, name = 'Ida'`, []string{
				`7 deal.deleted {"id":1,"organizationId":7}`,
				`8 deal.created {"id":1,"organizationId":8,"name":"Ida"}`,
			}},
			{`ALTER TABLE deals ADD serial int NOT NULL UNIQUE DEFAULT 5; ALTER TABLE deals REPLICA IDENTITY USING INDEX deals_serial_key;
				UPDATE deals SET organization_id = 9, serial = 6`, []string{`9 deal.updated {"id":1,"organizationId":9,"name":"Ida","serial":6}`}},
			{`DROP INDEX IF EXISTS deals_by_tenant; CREATE UNIQUE INDEX deals_by_tenant ON deals (organization_id, serial);
				ALTER TABLE deals REPLICA IDENTITY USING INDEX deals_by_tenant; UPDATE deals SET organization_id = 7`, []string{
				`9 deal.deleted {"id":1,"organizationId":9,"serial":6}`,
				`7 deal.created {"id":1,"organizationId":7,"name":"Ida","serial":6}`,
			}},
		},
	} {
		for _, major := range []int{0, 18} {
			t.Run(fmt.Sprintf("%s/Postgres%d", identity, major), func(t *testing.T) {
				cfg := Config{Tenants: tenants.Config{
					Column: "organization_id",
					Shared: []string{"public.countries"},
				}}
				c := newCRMWith(t, major, schema, identity, cfg, byOrganization)
				for _, s := range slices.Concat(common, steps) {
					if got := c.whose(s.sql); !slices.Equal(got, s.want) {
						t.Errorf("%s:\ngot  %q\nwant %q", s.sql, got, s.want)
					}
				}
			})
		}
	}
}

// What a record holds by the time that it is read back may be another tenant's.
func TestReadBackOfARecordThatMoved(t *testing.T) {
	c := newCRMWith(t, 0, `CREATE TABLE contacts (id int PRIMARY KEY, organization_id int, n int, bio text);
		ALTER TABLE contacts ALTER bio SET STORAGE EXTERNAL;
		INSERT INTO contacts VALUES (1, 7, 1, repeat('a', 5000)), (2, 7, 1, repeat('a', 5000))`,
		cdc.IdentityKeep, Config{}, byOrganization)
	events := c.events(`UPDATE contacts SET n = 2`,
		`UPDATE contacts SET organization_id = 8, bio = repeat('b', 5000) WHERE id = 1`)
	if len(events) != 3 {
		t.Fatalf("%d events, want 3", len(events))
	}
	for i, want := range []struct{ tenant, has, lacks string }{
		{"7", `"n":2}`, "bio"},
		{"7", "aaa", "bbb"},
		{"8", "bbb", "aaa"},
	} {
		data := string(events[i].Parts().Data)
		if events[i].Workspace != want.tenant || !strings.Contains(data, want.has) ||
			strings.Contains(data, want.lacks) {
			t.Errorf("event %d, for %s, is %.100s, want it for %s, with %s", i, events[i].Workspace, data,
				want.tenant, want.has)
		}
	}
}

// Columns that the role may not read are missing from the event, not null, and the log says so
// once.
func TestReadBackThatIsHidden(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			c := newCRMWith(t, major, `CREATE TABLE contacts (id int PRIMARY KEY, n int, bio text);
				ALTER TABLE contacts ALTER bio SET STORAGE EXTERNAL;
				INSERT INTO contacts VALUES (1, 1, repeat('a', 5000)), (2, 1, NULL)`, cdc.IdentityKeep, Config{}, tenants.Tenancy{})
			role := c.pool.Config().ConnConfig.Database + "_reader"
			mappertest.RunSQL(t, c.pool,
				fmt.Sprintf(
					`CREATE ROLE %s; GRANT SELECT ON contacts TO %[1]s; ALTER TABLE contacts ENABLE ROW LEVEL SECURITY`, role))
			settings, err := pg.PoolConfig(c.pool.Config().ConnConfig.ConnString(), 2)
			if err != nil {
				t.Fatal(err)
			}
			settings.ConnConfig.RuntimeParams["role"] = role
			pool, err := pgxpool.NewWithConfig(t.Context(), settings)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			var log bytes.Buffer
			c.mapper = mapper.New(c.catalog, pool, "0badcafe", mapper.FormatEvent,
				slog.New(slog.NewTextHandler(&log, nil)))
			want := []string{
				`contact.updated  {"id":1,"n":2}`, `contact.updated  {"id":2,"n":2,"bio":null}`,
				`contact.updated  {"id":1,"n":3}`,
			}
			if got := c.announced(`UPDATE contacts SET n = 2`,
				`UPDATE contacts SET n = 3 WHERE id = 1`); !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if n := strings.Count(log.String(), "cannot be read back"); n != 1 ||
				!strings.Contains(log.String(), "BYPASSRLS") {
				t.Errorf("it is told %d times, want once, with what mends it: %s", n, log.String())
			}
		})
	}
}
