package command

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hookline/e2e"
)

// What would not be served as it was asked for is refused, with the value and what would be right.
// What is not there, and may come, is taken, and said.
func TestWebhooksThatNameWhatIsNotThere(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewDatabase(t), newTray(t)
	db.Exec("CREATE TABLE notes (id int PRIMARY KEY, words text)")
	settings := []string{"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook"}
	db.SetUp(settings...)
	env := db.Env(settings...)
	for _, test := range []struct{ flag, value, want string }{
		{"--header", "Content-Type=text/plain", `headers: "Content-Type" is one that Hookline or HTTP sets`},
		{"--filter", "data.words", ""}, // which may be true or false
		{"--filter", "data.words + 'x' == 'y' ? 1 : 2", "filter: line 1, column 1: is int, and has to be"},
		{"--filter", "data.words =", "filter: line 1, column "},
		{"--settle", "-5s", `settle: "-5s": want an interval from 10ms to 24h, or null`},
		{"--timeout", "-1", `timeout: "-1": want a time such as 5s or 200ms`},
		{"--rate", "-1", `--rate: "-1": want requests in a second from 0.001 to 100000, or 0`},
	} {
		p := e2e.Run(t, env, "webhooks", "add", box.URL, test.flag, test.value)
		if code := p.Wait(); (code == 0) != (test.want == "") ||
			!strings.Contains(p.Log.String(), test.want) {
			t.Errorf("%s %s ends with %d, want %q: %s", test.flag, test.value, code, test.want,
				p.Log.String())
		}
	}
	if n := e2e.Value[int](db, "SELECT count(*) FROM hookline.webhook"); n != 1 {
		t.Errorf("%d webhooks were kept, want 1", n)
	}

	type warned struct {
		Webhook  struct{ Key, State string }
		Warnings []string
	}
	all := jsonOf[warned](t, env, "webhooks", "add", box.URL, "-o", "note.*,deal.created",
		"--fields", "words,colour", "--mask", "taste", "--filter", "has(data.word)",
		"--ignore", "origin:nowhere")
	text := strings.Join(all.Warnings, "\n")
	for _, want := range []string{
		`never hears of "deal.created": no object "deal" is announced; correct the operation`,
		`names the field "colour" in its column fields`, `names the field "taste" in its column mask`,
		`names the field "word" in its column filter`, "is it words?",
		`ignores "origin:nowhere": there is no replication origin of that name`,
	} {
		if all.Webhook.State != "active" || !strings.Contains(text, want) {
			t.Errorf("%s webhook, and warnings without %q:\n%s", all.Webhook.State, want, text)
		}
	}
	if len(all.Warnings) != 5 {
		t.Errorf("%d warnings, want 5:\n%s", len(all.Warnings), text)
	}
	d, doctors := db.Doctor(settings...)
	for _, w := range all.Warnings {
		found, _, _ := strings.Cut(w, "; ")
		if !strings.Contains(doctors, found) {
			t.Errorf("the doctor does not say %q:\n%s", found, doctors)
		}
	}
	if !d.Healthy {
		t.Errorf("what may come is a problem:\n%s", doctors)
	}
	p := e2e.Run(t, env, "webhooks", "edit", all.Webhook.Key, "--fields", "words", "--mask", "",
		"--filter", "", "--no-ignore", "-o", "note.*")
	if p.Wait() != 0 || strings.Contains(p.Log.String(), "warning") {
		t.Errorf("what is there is warned of: %s", p.Log.String())
	}
	p = e2e.Run(t, env, "webhooks", "edit", all.Webhook.Key, "--fields", "colour")
	if p.Wait() != 0 || !strings.Contains(p.Log.String(), `warning: `+all.Webhook.Key) {
		t.Errorf("edit does not warn: %s", p.Log.String())
	}
	db.Exec(`UPDATE hookline.webhook SET headers = '{"Content-Type": "text/plain"}'`)
	if _, text := db.Doctor(settings...); !strings.Contains(text, `"Content-Type" is one that Hookline`) {
		t.Errorf("the doctor says nothing of the header:\n%s", text)
	}
}

// The API refuses what the commands refuse, in the same words, and warns of the same.
func TestAPIRefusesWhatCommandsRefuse(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewDatabase(t), newTray(t)
	db.Exec("CREATE TABLE notes (id int PRIMARY KEY, words text)")
	settings := []string{"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_ADMIN_ADDR=127.0.0.1:0"}
	sut := e2e.Start(t, db, settings...).Until("active")
	served := regexp.MustCompile(`msg="serving console, API and profiles" addr=(\S+)`).
		FindStringSubmatch(sut.Log.String())
	if served == nil {
		t.Fatalf("nobody serves the API:\n%s", sut.Log.String())
	}
	type told struct {
		Error, Key string
		Warnings   []string
	}
	add := func(text string) (status int, answer told) {
		t.Helper()
		body := `{"url":"` + box.URL + `",` + text + `}`
		r, err := http.Post("http://"+served[1]+"/api/v1/webhooks", "application/json",
			strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, answer
	}
	for text, flags := range map[string][]string{
		`"headers":{"content-type":"text/plain"}`: {"--header", "content-type=text/plain"},
		`"filter":"event"`:                        {"--filter", "event"},
		`"filter":"data.words ="`:                 {"--filter", "data.words ="},
		`"rate":-1`:                               {"--rate", "-1"},
		`"batch":101`:                             {"--batch", "101"},
		`"settle":"0s"`:                           {"--settle", "0s"},
		`"mask":[""]`:                             {"--mask", ","},
	} {
		status, answer := add(text)
		p := e2e.Run(t, db.Env(settings...), append([]string{"webhooks", "add", box.URL}, flags...)...)
		if code := p.Wait(); code == 0 || status != http.StatusBadRequest || answer.Error == "" ||
			!strings.Contains(p.Log.String(), answer.Error) {
			t.Errorf("%s: %d %q, and the command ends with %d: %s", text, status, answer.Error, code,
				p.Log.String())
		}
	}
	status, answer := add(`"operations":["deal.*"],"fields":["colour"]`)
	if status != http.StatusOK || len(answer.Warnings) != 1 ||
		!strings.Contains(answer.Warnings[0], answer.Key+" at ") {
		t.Errorf("of what is not there: %d %+v", status, answer)
	}
	if n := e2e.Value[int](db, "SELECT count(*) FROM hookline.webhook"); n != 1 {
		t.Errorf("%d webhooks were kept, want 1", n)
	}
	sut.Stop()
}

// A workspace that does not exist has no schema, and those that do are named.
func TestSchemaOfAWorkspace(t *testing.T) {
	t.Parallel()
	db := e2e.NewTwenty(t)
	apple := db.Apple().ID
	for workspace, want := range map[string]string{
		apple:  "",
		"pear": `--workspace: there is no workspace "pear"; there are: ` + apple,
	} {
		p := e2e.Run(t, db.Env(), "schema", "--workspace", workspace)
		if code := p.Wait(); (code == 0) != (want == "") || !strings.Contains(p.Log.String(), want) {
			t.Errorf("of %s it ends with %d: %s", workspace, code, p.Log.String())
		}
	}
	other := e2e.NewCRM(t)
	p := e2e.Run(t, other.Env(), "schema", "--workspace", apple)
	if p.Wait() != 1 || !strings.Contains(p.Log.String(), "this is not Twenty's database") {
		t.Errorf("of another database it says: %s", p.Log.String())
	}
}
