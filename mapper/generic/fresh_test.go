package generic

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hookline/mapper/mappertest"
)

// TestNewTableWhileItsRowsAreRead has somebody write to a new table while its rows are to be read,
// so that changes of records come before the rows that nobody has heard of. Each is created once.
func TestNewTableWhileItsRowsAreRead(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			f := newCRM(t, major, `SELECT`)
			mappertest.RunSQL(t, f.pool, `CREATE TABLE deals (id int PRIMARY KEY, name text, notes text); ALTER TABLE deals ALTER notes SET STORAGE EXTERNAL;
				ALTER TABLE deals REPLICA IDENTITY FULL; INSERT INTO deals SELECT n, 'n' || n, repeat('x', 5000) FROM generate_series(1, 5) n`)
			writer, err := f.pool.Begin(t.Context())
			if err == nil {
				_, err = writer.Exec(t.Context(), `INSERT INTO deals VALUES (6, 'n6')`)
			}
			if err != nil {
				t.Fatal(err)
			}
			f.prepare()
			mappertest.RunSQL(t, f.pool, `UPDATE deals SET name = 'new' WHERE id = 1; DELETE FROM deals WHERE id = 2;
				UPDATE deals SET name = 'newer' WHERE id = 1; UPDATE deals SET id = 30 WHERE id = 3`)
			mappertest.RunSQL(t, f.pool,
				`BEGIN; DELETE FROM deals WHERE id = 4; INSERT INTO deals VALUES (4, 'anew'); DELETE FROM deals WHERE id = 30; COMMIT`)
			if err := writer.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.prepare()
			got := f.announced(`UPDATE deals SET notes = NULL WHERE id = 5`)
			x := strings.Repeat("x", 5000)
			want := []string{
				`deal.created  {"id":1,"name":"new","notes":"` + x + `"}`,
				`deal.updated name {"id":1,"name":"newer","notes":"` + x + `"}`,
				`deal.created  {"id":30,"name":"n3","notes":"` + x + `"}`,
				`deal.created  {"id":4,"name":"anew","notes":null}`,
				`deal.deleted  {"id":30,"name":"n3","notes":"` + x + `"}`,
				`deal.created  {"id":5,"name":"n5","notes":"` + x + `"}`,
				`deal.created  {"id":6,"name":"n6","notes":null}`,
				`deal.updated notes {"id":5,"name":"n5","notes":null}`,
			}
			for _, list := range [][]string{got, want} { // the order of records is not said
				slices.SortStableFunc(list, func(a, b string) int {
					_, a, _ = strings.Cut(a, `"id":`)
					_, b, _ = strings.Cut(b, `"id":`)
					return strings.Compare(strings.Split(a, ",")[0], strings.Split(b, ",")[0])
				})
			}
			if !slices.Equal(got, want) {
				short := strings.NewReplacer(x, "x…")
				t.Errorf("got\n\t%s\nwant\n\t%s", short.Replace(strings.Join(got, "\n\t")),
					short.Replace(strings.Join(want, "\n\t")))
			}
		})
	}
}

// TestKeylessTables has a table without a primary key published with its schema, or with all
// tables: nothing of it is announced. What was committed to one that had a key is.
func TestKeylessTables(t *testing.T) {
	for _, major := range []int{0, 18} {
		for name, sql := range map[string]string{
			"Schema": `ALTER PUBLICATION hookline ADD TABLES IN SCHEMA public`,
			"All":    `DROP PUBLICATION hookline; CREATE PUBLICATION hookline FOR ALL TABLES WITH (publish_via_partition_root = true)`,
			"None":   ``,
		} {
			t.Run(fmt.Sprintf("Postgres%d/%s", major, name), func(t *testing.T) {
				f := newCRM(t, major, `CREATE TABLE deals (id int PRIMARY KEY)`)
				mappertest.RunSQL(t, f.pool, `CREATE TABLE lines (id int); ALTER TABLE lines REPLICA IDENTITY FULL;
					CREATE TABLE notes (id int); `+sql)
				want := []string{`deal.created  {"id":1}`}
				statements := []string{
					`INSERT INTO lines VALUES (1)`, `UPDATE lines SET id = 2`, `DELETE FROM lines`,
					`INSERT INTO notes VALUES (1)`,
					`INSERT INTO deals VALUES (1)`,
				}
				if name != "All" { // under which the table's own membership is gone
					statements = append(statements, `ALTER TABLE deals DROP CONSTRAINT deals_pkey`)
				}
				if got := f.announced(statements...); !slices.Equal(got, want) {
					t.Errorf("announced is %v, want %v", got, want)
				}
			})
		}
	}
}

// TestKeyBecomesACredential has the column of a key renamed to the name of a credential: nothing is
// announced from then on, and whoever publishes tables is told to look.
func TestKeyBecomesACredential(t *testing.T) {
	f := newCRM(t, 0, `CREATE TABLE visits (code text PRIMARY KEY)`)
	told := 0
	f.catalog.OnSkipped(func() { told++ })
	want := []string{`visit.created  {"code":"a"}`}
	if got := f.announced(`INSERT INTO visits VALUES ('a')`); !slices.Equal(got, want) || told != 0 {
		t.Errorf("announced is %v, want %v; told %d times to look", got, want, told)
	}
	got := f.announced(`ALTER TABLE visits RENAME code TO password`, `INSERT INTO visits VALUES ('b')`,
		`INSERT INTO visits VALUES ('c')`)
	if len(got) > 0 || told != 1 {
		t.Errorf("announced is %v, want nothing; told %d times to look, want once", got, told)
	}
}
