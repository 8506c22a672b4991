package command

import (
	"fmt"
	"strings"
	"testing"

	"hookline/e2e"
)

// An operator gives a webhook a filter, tries it on rows before, looks at what it has done, and is
// told of what cannot be right about it.
func TestFiltersAreTried(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewDatabase(t), newTray(t)
	db.Exec(`CREATE TABLE deals (id int PRIMARY KEY, stage text, amount int);
		INSERT INTO deals VALUES (1, 'OPEN', 1), (2, 'WON', 2), (3, 'WON', NULL)`)
	token := "HOOKLINE_ADMIN_TOKEN=" + e2e.Confidential + "-token-of-operators"
	own := "HOOKLINE_WEBHOOKS_TABLE=hookline.webhook"
	sut := e2e.Start(t, db, own, "HOOKLINE_ADMIN_ADDR=127.0.0.1:0", token).Until("active")
	env := db.Env(own, token,
		"HOOKLINE_ADMIN_ADDR="+profilesAddr.FindStringSubmatch(sut.Log.String())[1])

	wrong := e2e.Run(t, env, "webhooks", "add", box.URL, "--filter", "data.stage = 'WON'")
	if wrong.Wait() != 1 ||
		!strings.Contains(wrong.Log.String(), "filter: line 1, column 12: Syntax error") {
		t.Errorf("a mistake: %d, %s", wrong.Wait(), wrong.Log.String())
	}
	added := jsonOf[changed](t, env, "webhooks", "add", box.URL, "-o", "deal.*",
		"--filter", "data.stage == 'WON' && data.amount > 1", "--previous", "changed",
		"--fields", "stage, amount, amuont", "--mask", "stage")
	key := added.Webhook.Key

	type tried struct {
		Webhook, Filter string
		Rows            []struct {
			Event           string
			Key             struct{ ID int }
			Verdict, Reason string
		}
		Events []struct{ Event, ID, Verdict, Reason, Filter string }
	}
	const null = "a value has a type that an operator or a function does not take; " +
		"null has none: ask for it first, data.x != null"
	got := jsonOf[tried](t, env, "webhooks", "try", key, "--table", "public.deals")
	if s := fmt.Sprint(got.Rows); got.Webhook != key || s != `[{deal.created {1} withheld data.stage `+
		`== "WON" is false} {deal.created {2} passed } {deal.created {3} failed `+null+`}]` {
		t.Errorf("rows: %+v", got)
	}
	got = jsonOf[tried](t, env, "webhooks", "try", key, "--table", "deals", "--limit", "1",
		"--filter", "data.stage == 'OPEN'")
	if s := fmt.Sprint(got.Rows); s != `[{deal.created {1} passed }]` {
		t.Errorf("rows by another filter: %+v", got)
	}

	db.Exec("UPDATE deals SET amount = 5 WHERE id < 3")
	db.Exec("UPDATE deals SET amount = 0 WHERE id < 3")
	db.Exec("UPDATE deals SET stage = 'LOST'")
	db.Exec("INSERT INTO deals VALUES (4, 'WON', NULL)")
	for range 2 { // of the update of 2, and of 4, of which the filter can say nothing
		if body := string(box.next().Body); !strings.Contains(body, `"stage":"***"`) {
			t.Errorf("got %s", body)
		}
	}
	got = jsonOf[tried](t, env, "webhooks", "try", strings.TrimPrefix(key, "hookline.webhook/")[:8])
	var list []string
	for _, e := range got.Events {
		list = append(list, strings.TrimSpace(e.Event+" "+e.Verdict+" "+e.Reason))
	}
	stage := `deal.updated withheld data.stage == "WON" is false`
	if s := strings.Join(list, "\n"); s != strings.Join([]string{
		"deal.created failed " + null, stage, stage, stage,
		"deal.updated withheld data.amount > 1 is false", stage, "deal.updated passed", stage,
	}, "\n") {
		t.Errorf("events:\n%s", s)
	}
	text := e2e.Run(t, env, "webhooks", "try", key)
	if out := text.Out.String(); text.Wait() != 0 || !strings.Contains(out, "VERDICT") {
		t.Errorf("as text: %d, %s", text.Wait(), out)
	}
	off := e2e.Run(t, db.Env(own), "webhooks", "try", key)
	if off.Wait() != 1 || !strings.Contains(off.Log.String(), "HOOKLINE_ADMIN_ADDR is off") {
		t.Errorf("without a console: %d, %s", off.Wait(), off.Log.String())
	}

	d, _ := db.Doctor(own)
	e2e.WantFinding(t, d, "webhook", "warning", "names the field", "amuont", "column fields")
	db.Exec("ALTER TABLE deals RENAME amount TO sum")
	db.Exec("UPDATE hookline.webhook SET fields = NULL, mask = NULL")
	d, _ = db.Doctor(own)
	e2e.WantFinding(t, d, "webhook", "warning", "names the field", `"amount"`, "column filter")
	sut.Stop()
}
