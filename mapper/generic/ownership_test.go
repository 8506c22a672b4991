package generic

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper/mappertest"
	"hookline/mapper/tenants"
)

// TestGeneratedTenants tells of a column that the stream does not have, before events go to nobody
// for its sake.
func TestGeneratedTenants(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			pool := mappertest.NewPoolOn(t, major)
			mappertest.RunSQL(t, pool, `CREATE TABLE a (id int PRIMARY KEY, organization_id int);
				CREATE TABLE b (id int PRIMARY KEY, doc int, organization_id int GENERATED ALWAYS AS (doc) STORED)`)
			want :=
				"b goes to nobody: its column organization_id is generated, and the stream does not have it: " +
					"from Postgres 18 on it has those that are STORED"
			if major == 18 {
				mappertest.RunSQL(t, pool,
					`CREATE TABLE c (id int PRIMARY KEY, doc int, organization_id int GENERATED ALWAYS AS (doc) VIRTUAL)`)
				want = "b tenant in organization_id, c" + strings.TrimPrefix(want, "b")
			}
			for _, set := range []tenants.Config{
				{},
				{Of: map[string]string{"public.b": "organization_id", "public.c": "organization_id"}},
			} {
				g := New(Config{Tenants: set}, pool, mappertest.Discard)
				mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
					if err := divide(t, conn, g, byOrganization); err != nil {
						t.Fatal(err)
					}
					list, err := g.Ownerships(t.Context(), conn)
					if err != nil {
						t.Fatal(err)
					}
					var got []string
					for _, o := range list {
						got = append(got, o.Table.Name+" "+o.String())
					}
					if text := strings.Join(got, ", "); text != "a tenant in organization_id, "+want {
						t.Errorf("got %s\nwant a tenant in organization_id, %s", text, want)
					}
				})
			}
		})
	}
}

// TestUnclearTableComesLater asks at the first start alone: later such a table goes to nobody, and
// what the settings have wrong is told all the same. Tables without a tenant are told in one line
// for each reason.
func TestUnclearTableComesLater(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `CREATE TABLE a (id int PRIMARY KEY, organization_id int);
		CREATE TABLE b (id int PRIMARY KEY, "organizationId" int, "OrganizationId" int);
		CREATE TABLE c (id int PRIMARY KEY); CREATE TABLE d (id int PRIMARY KEY); CREATE TABLE e (id int PRIMARY KEY)`)
	asks := func(set tenants.Config, settled bool) (log string, asked bool) {
		var out bytes.Buffer
		g := New(Config{Tenants: set}, pool, slog.New(slog.NewTextHandler(&out, nil)))
		if settled {
			g.Settle()
		}
		mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
			err := divide(t, conn, g, byOrganization)
			if _, asked = errors.AsType[*cdc.Problem](err); err != nil && !asked {
				t.Fatal(err)
			}
			if o, err := g.Describe(t.Context(), mappertest.Relation(t, conn, "public", "b")); err != nil ||
				o.Tenant != nil || o.Workspace != "" {
				t.Errorf("b is of %+v, %v", o.Tenant, err)
			}
			if found, err := g.checkTenants(t.Context(), conn, "hookline", false); err != nil || settled &&
				!strings.Contains(fmt.Sprint(found), "HOOKLINE_TENANT_COLUMN=organization_id,public.b=") {
				t.Errorf("the doctor does not ask: %+v, %v", found, err)
			}
		})
		return out.String(), asked
	}
	if _, asked := asks(tenants.Config{}, false); !asked {
		t.Error("the first start does not ask")
	}
	log, asked := asks(tenants.Config{}, true)
	if asked || strings.Count(log, "no tenant hears of tables") != 2 ||
		!strings.Contains(log,
			`tables=public.c,public.d,public.e reason="it has no column organization_id"`) {
		t.Errorf("asked %t; the log says\n%s", asked, log)
	}
	if _, asked := asks(tenants.Config{Of: map[string]string{"public.c": "organisation"}},
		true); !asked {
		t.Error("a later start does not ask of what the settings have wrong")
	}
}

func TestFolding(t *testing.T) {
	for f, want := range map[tenants.Folding]string{
		tenants.FoldNone:  "ACMÉ é",
		tenants.FoldASCII: "acmÉ é", tenants.FoldAll: "acmé é",
	} {
		if got := f.Name("ACMÉ é"); got != want {
			t.Errorf("%d: got %s, want %s", f, got, want)
		}
	}
}

// TestTenantsOfCitext has values that are equal to the server be one tenant.
func TestTenantsOfCitext(t *testing.T) {
	for _, major := range []int{0, 18} {
		tenancy := tenants.Tenancy{On: true, Column: "org", Folding: tenants.FoldAll}
		c := newCRMWith(t, major,
			`CREATE EXTENSION citext; CREATE TABLE deals (id int PRIMARY KEY, org citext, n int)`,
			cdc.IdentityFull, Config{}, tenancy)
		got := c.whose(`INSERT INTO deals VALUES (1, 'Acme', 1)`, `UPDATE deals SET org = 'ACME', n = 2`,
			`INSERT INTO deals VALUES (2, 'aCME', 1)`)
		for i, name := range []string{"deal.created", "deal.updated", "deal.created"} {
			if len(got) != 3 || !strings.HasPrefix(got[i], "acme "+name) {
				t.Fatalf("Postgres %d: got %q", major, got)
			}
		}
	}
}
