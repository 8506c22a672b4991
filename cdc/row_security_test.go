package cdc

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
)

// What row-level security hides is an error on connections of a pool, whatever language the server
// speaks.
func TestHidden(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			settings, err := pg.PoolConfig(postgrestest.NewDatabaseMajor(t, major), 1)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := pgx.ConnectConfig(t.Context(), settings.ConnConfig)
			if err != nil {
				t.Fatal(err)
			}
			role := conn.Config().Database + "_reader"
			run := func(sql string) error {
				_, err := conn.Exec(t.Context(), sql)
				return err
			}
			for _, sql := range []string{
				"CREATE TABLE public.a (id int PRIMARY KEY)", "CREATE TABLE public.b (id int PRIMARY KEY)",
				"CREATE ROLE " + role, "GRANT SELECT ON public.a TO " + role,
				"ALTER TABLE public.a ENABLE ROW LEVEL SECURITY", "SET ROLE " + role,
			} {
				if err := run(sql); err != nil {
					t.Fatal(err)
				}
			}
			if err := run("TABLE public.a"); !pg.IsRowSecurity(err) {
				t.Errorf("row-level security is not told: %v", err)
			}
			if err := run("TABLE public.b"); err == nil || pg.IsRowSecurity(err) {
				t.Errorf("a right that lacks counts as row-level security: %v", err)
			}
			if err := run("RESET ROLE"); err != nil {
				t.Fatal(err)
			}
			found, err := CheckReadBack(t.Context(), conn, []Table{
				{Schema: "public", Name: "a", Full: true},
				{Schema: "public", Name: "b", Full: true},
			})
			if err != nil || len(found) != 0 {
				t.Errorf("a superuser: %+v, %v", found, err)
			}
			if err := run("SET ROLE " + role); err != nil {
				t.Fatal(err)
			}
			found, err = CheckReadBack(t.Context(), conn, []Table{
				{Schema: "public", Name: "a", Full: true},
				{Schema: "public", Name: "b", Full: true},
			})
			if err != nil || len(found) != 2 || found[0].SQL[0] != "ALTER ROLE "+role+" BYPASSRLS" ||
				found[1].SQL[0] != `GRANT SELECT ON "public"."b" TO `+role {
				t.Errorf("the role: %+v, %v", found, err)
			}
		})
	}
}
