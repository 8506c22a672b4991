package delivery

import (
	"encoding/json"
	"fmt"
	"testing"

	"hookline/e2e"
)

// Operators are told when fields come, go and change that some webhook gets or names, whether
// Hookline runs meanwhile or not, each time once, and of nothing else.
func TestSchemaChanged(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			db, box, operator := e2e.NewDatabaseMajor(t, major), e2e.NewInbox(t), e2e.NewInbox(t)
			db.Exec(`CREATE TABLE deals (id int PRIMARY KEY, stage text, amount int);
				CREATE TABLE notes (id int PRIMARY KEY, version int, body text, extra int);
				CREATE TABLE others (id int PRIMARY KEY, body text)`)
			own := "HOOKLINE_WEBHOOKS_TABLE=hookline.webhook"
			db.SetUp(own)
			db.AddOwnWebhook(operator, "event", "hookline.schemaChanged")
			every := db.AddOwnWebhook(box, "event", "deal.*")
			db.Exec(`UPDATE hookline.webhook SET filter = 'data.stage == ''WON''',
				mask = '{amount}' WHERE operations = '{deal.*}'`)
			some := db.AddOwnWebhook(box, "event", "note.*")
			db.Exec(`UPDATE hookline.webhook SET fields = '{version,body}'
				WHERE operations = '{note.*}'`)

			sut := e2e.Start(t, db, own).Until("active")
			known := func(table, like string) {
				t.Helper()
				e2e.Eventually(t, func() error {
					if e2e.Value[bool](db, `SELECT EXISTS (SELECT FROM hookline.described
						WHERE convert_from(name, 'UTF8') = $1 AND convert_from(fields, 'UTF8') LIKE $2)`,
						table, like) {
						return nil
					}
					return fmt.Errorf("%s is not known with %s", table, like)
				})
			}
			known("public.others", "%body%") // written down with all others
			var want []string
			told := func(facts string) {
				t.Helper()
				want = append(want, facts)
				operator.UntilAccepted(len(want))
			}
			db.Exec("ALTER TABLE deals RENAME stage TO phase")
			told(`deal public.deals [phase] [stage] [] [` + every + `]`)
			db.Exec("ALTER TABLE deals ADD due date")
			told(`deal public.deals [due] [] [] []`)
			db.Exec("ALTER TABLE deals ALTER amount TYPE bigint") // which reads the same
			db.Exec("ALTER TABLE notes ALTER extra TYPE text, ADD more int")
			known("public.notes", "%more%") // and nobody gets it
			db.Exec("ALTER TABLE others DROP body")
			known("public.others", "{_id%}") // of which nobody hears
			db.Exec("ALTER TABLE notes ALTER body TYPE int USING 1, DROP more")
			told(`note public.notes [] [] [body] []`)

			sut.Stop()
			sut.Wait()
			db.Exec("ALTER TABLE notes DROP version; ALTER TABLE deals RENAME amount TO sum")
			sut = e2e.Start(t, db, own).Until("active")
			want = append(want, `deal public.deals [sum] [amount] [] [`+every+`]`)
			told(`note public.notes [] [version] [] [` + some + `]`)
			e2e.Eventually(t, func() error {
				if n := e2e.Value[int](db, `SELECT count(*) FROM hookline.notice WHERE NOT settled`); n > 0 {
					return fmt.Errorf("%d operator events are not settled", n)
				}
				return nil
			})
			sut.Kill()
			sut = e2e.Start(t, db, own).Until("active")
			db.Exec("ALTER TABLE deals DROP due")
			told(`deal public.deals [] [due] [] []`)
			sut.Stop()
			sut.Wait()

			var got []string
			for _, r := range operator.Accepted {
				var event struct {
					Data struct {
						Object, Table           string
						Added, Removed, Changed []string
						BrokenWebhooks          []string
					}
				}
				if err := json.Unmarshal([]byte(r.Body), &event); err != nil {
					t.Fatal(err)
				}
				d := event.Data
				got = append(got, fmt.Sprint(d.Object, " ", d.Table, " ", d.Added, d.Removed, d.Changed,
					d.BrokenWebhooks))
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("told\n%q, want\n%q", got, want)
			}
		})
	}
}
