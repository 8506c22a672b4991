package generic

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestCompositeChanges changes types under a table, of which the stream says nothing: every change
// is told with the attributes of its time.
func TestCompositeChanges(t *testing.T) {
	const schema = `
		CREATE TYPE place AS (zip text, town text);
		CREATE TYPE address AS (street text, at place);
		CREATE DOMAIN home AS address;
		CREATE TABLE people (id int PRIMARY KEY, home home, places place[]);
		CREATE TABLE firms (id int PRIMARY KEY, seat place);
		CREATE TABLE notes (id int PRIMARY KEY)`
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			crm := newCRM(t, major, schema)
			for _, step := range []struct{ sql, want string }{
				{
					`INSERT INTO people VALUES (1, ROW('Main', ROW('1', 'Bonn')), '{"(1,Bonn)"}')`,
					`person.created {"id":1,"home":{"street":"Main","at":{"zip":"1","town":"Bonn"}},"places":[{"zip":"1","town":"Bonn"}]}`,
				},
				{`ALTER TYPE place RENAME ATTRIBUTE town TO city_name`, ``},
				{
					`INSERT INTO people VALUES (2, ROW('Main', ROW('1', 'Bonn')), '{"(1,Bonn)"}')`,
					`person.created {"id":2,"home":{"street":"Main","at":{"zip":"1","cityName":"Bonn"}},"places":[{"zip":"1","cityName":"Bonn"}]}`,
				},
				{
					`INSERT INTO firms VALUES (1, ROW('2', 'Ulm'))`,
					`firm.created {"id":1,"seat":{"zip":"2","cityName":"Ulm"}}`,
				},
				{
					`ALTER TYPE place RENAME ATTRIBUTE zip TO code; ALTER TYPE place RENAME ATTRIBUTE city_name TO zip`, ``,
				},
				{`INSERT INTO notes VALUES (1)`, `note.created {"id":1}`},
				{
					`INSERT INTO firms VALUES (2, ROW('2', 'Ulm'))`,
					`firm.created {"id":2,"seat":{"code":"2","zip":"Ulm"}}`,
				},
				{`ALTER TYPE place ADD ATTRIBUTE country text`, ``},
				{
					`UPDATE firms SET seat.country = 'DE' WHERE id = 2`,
					`firm.updated {"id":2,"seat":{"code":"2","zip":"Ulm","country":"DE"}}`,
				},
				{
					`INSERT INTO people VALUES (3, ROW('Main', ROW('1', 'Bonn', NULL)), '{}')`,
					`person.created {"id":3,"home":{"street":"Main","at":{"code":"1","zip":"Bonn","country":null}},"places":[]}`,
				},
				{`ALTER TYPE place DROP ATTRIBUTE zip`, ``},
				{
					`UPDATE firms SET seat.code = '3' WHERE id = 2`,
					`firm.updated {"id":2,"seat":{"code":"3","country":"DE"}}`,
				},
				{`ALTER TYPE address ADD ATTRIBUTE floor int`, ``},
				{
					`INSERT INTO people VALUES (4, ROW('Main', ROW('1', NULL), 5), NULL)`,
					`person.created {"id":4,"home":{"street":"Main","at":{"code":"1","country":null},"floor":5},"places":null}`,
				},
			} {
				var got []string
				for _, e := range crm.events(step.sql) {
					got = append(got, e.Name+" "+string(e.Parts().Data))
				}
				if want := slices.DeleteFunc([]string{step.want},
					func(s string) bool { return s == "" }); !slices.Equal(got, want) {
					t.Errorf("%s:\ngot  %s\nwant %s", step.sql, strings.Join(got, "; "), step.want)
				}
			}
		})
	}
}
