package delivery

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// canary is in every value that must not leave.
const canary = "canary"

// onEach runs a test on the default server and on Postgres 18.
func onEach(t *testing.T, f func(t *testing.T, db *e2e.Database)) {
	t.Helper()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres%d", major), func(t *testing.T) {
			t.Parallel()
			f(t, e2e.NewDatabaseMajor(t, major).WithContacts())
		})
	}
}

// seek looks for the canary wherever something leaves a process or came to an inbox.
func seek(t *testing.T, processes []*e2e.Process, boxes ...*e2e.Inbox) {
	t.Helper()
	found := func(where, text string) {
		if at := strings.Index(text, canary); at >= 0 {
			t.Errorf("the canary is in %s: …%s", where, text[max(0, at-120):min(len(text), at+40)])
		}
	}
	for _, p := range processes {
		found("what a process has printed", p.Out.String())
		found("the log", p.Log.String())
	}
	for _, box := range boxes {
		for _, r := range box.All() {
			found(r.Event, string(r.Body))
			found("headers of "+r.Event, fmt.Sprint(r.Header))
		}
	}
}

const credentialsSQL = `
	CREATE TYPE login AS (name text, password text);
	CREATE TABLE users (id text PRIMARY KEY, email text, password_hash text, "apiKey" text, salt text,
	  hash text, reset_token uuid,
		meta jsonb, note text, login login, secretary text, version int DEFAULT 1);
	CREATE TABLE provider_identity (id text PRIMARY KEY, provider_metadata jsonb);
	CREATE TABLE settings (id text PRIMARY KEY, key text, value text);
	CREATE TABLE audits (id text PRIMARY KEY, field text, old_value text, new_value text,
	  object_changes jsonb);
	CREATE TABLE refresh_tokens (token text PRIMARY KEY, user_id text);
	CREATE TABLE sessions (id text PRIMARY KEY, a_session bytea, "LastUpdated" timestamp);
	CREATE TABLE directus_sessions (token text PRIMARY KEY, expires timestamp);
	CREATE TABLE ir_session (id int PRIMARY KEY, key text, nonce text)`

// Credentials are in nothing that leaves: not in bodies, whatever happens to a row, nor in the log,
// the metrics, or what commands print.
func TestCredentialsStayIn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, db *e2e.Database) {
		box := e2e.NewInbox(t)
		db.Exec(credentialsSQL)
		db.AddWebhook(box, "*.*")
		box.Answers(func(r receiver.Request) receiver.Answer {
			if strings.Contains(string(r.Body), `"dead"`) {
				return receiver.Answer{Status: http.StatusUnprocessableEntity}
			}
			return receiver.Answer{}
		})
		sut := e2e.Start(t, db, "HOOKLINE_RETRY_SCHEDULE=20ms",
			"HOOKLINE_LOG_LEVEL=debug").Until("active")

		add := func(id string) {
			db.Exec(`INSERT INTO users VALUES ($1, 'ada@example.com', 'canary', 'canary', 'canary', 'canary', gen_random_uuid(),
				'{"password":"canary","a":1}', '{"secret":"canary"}', ('ada', 'canary'), 'Grace')`, id)
		}
		add("one")
		db.Exec(`UPDATE users SET password_hash = 'canary2', "apiKey" = 'canary2', meta = '{"password":"canary2","a":1}',
			login = ('ada', 'canary2')`) // nothing to tell
		db.Exec(`UPDATE users SET email = 'x@example.com', hash = 'canary3'`)
		db.Exec(
			`INSERT INTO provider_identity VALUES ('one', '{"password":"canary","deep":[{"refresh_token":"canary"}]}')`)
		db.Exec(
			`INSERT INTO settings VALUES ('one', 'smtp_password', 'canary'), ('two', 'theme', 'dark')`)
		db.Exec(`UPDATE settings SET value = 'canary2' WHERE id = 'one'`) // nothing to tell
		db.Exec(
			`INSERT INTO audits VALUES ('one', 'api_key', 'canary', 'canary', '{"encrypted_password":["canary","canary"]}')`)
		db.Exec(`INSERT INTO refresh_tokens VALUES ('canary')`)
		db.Exec(`INSERT INTO sessions VALUES ('canary', 'canary')`)
		db.Exec(`INSERT INTO directus_sessions VALUES ('canary')`)
		db.Exec(`INSERT INTO ir_session VALUES (1, 'canary', 'canary')`)
		for _, table := range []string{"refresh_tokens", "sessions", "directus_sessions"} {
			db.Exec(`UPDATE ` + table + ` SET ` + map[string]string{
				"refresh_tokens": "token", "sessions": "id", "directus_sessions": "token",
			}[table] + ` = 'canary2'`)
			db.Exec(`DELETE FROM ` + table)
		}
		// while it runs
		db.Exec(`CREATE TABLE api_tokens (id text PRIMARY KEY, access_key text, label text)`)
		db.Exec(`INSERT INTO api_tokens VALUES ('one', 'canary', 'x')`)
		add("dead")
		db.Exec(`DELETE FROM users WHERE id = 'one'`)

		dead := db.UntilDead(1)[0]
		show := e2e.Run(t, db.Env(), "deliveries", "show", dead.ID)
		show.Wait()
		e2e.Eventually(t, func() error {
			if got := box.Events(); got < 8 {
				return fmt.Errorf("%d events, want 8", got)
			}
			return nil
		})
		if metrics := sut.Get("/metrics"); strings.Contains(metrics, canary) {
			t.Errorf("the canary is in the metrics:\n%s", metrics)
		}
		doctor := e2e.Run(t, db.Env(), "doctor")
		doctor.Wait()
		sut.Stop()
		seek(t, []*e2e.Process{sut, show, doctor}, box)

		want := map[string]string{
			"user.created/one":             `{"id":"one","email":"ada@example.com","meta":{"a":1},"note":"{}","login":{"name":"ada"},"secretary":"Grace","version":1} []`,
			"user.updated/one":             `{"id":"one","email":"x@example.com","meta":{"a":1},"note":"{}","login":{"name":"ada"},"secretary":"Grace","version":1} [email]`,
			"user.deleted/one":             `{"id":"one","email":"x@example.com","meta":{"a":1},"note":"{}","login":{"name":"ada"},"secretary":"Grace","version":1} []`,
			"providerIdentity.created/one": `{"id":"one","providerMetadata":{"deep":[{}]}} []`,
			"setting.created/one":          `{"id":"one","key":"smtp_password"} []`,
			"setting.created/two":          `{"id":"two","key":"theme","value":"dark"} []`,
			"audit.created/one":            `{"id":"one","field":"api_key","objectChanges":{}} []`,
			"apiToken.created/one":         `{"id":"one","label":"x"} []`,
		}
		for _, r := range box.All() {
			if r.Status != http.StatusOK {
				continue
			}
			entry, err := e2e.Read(r)
			if err != nil {
				t.Fatal(err)
			}
			data, updated := e2e.DataOf(t, r)
			name := r.Event + "/" + entry.Record
			if got := fmt.Sprint(data, " ", updated); got != want[name] {
				t.Errorf("%s:\n got %s\nwant %s", name, got, want[name])
			}
			delete(want, name)
		}
		for name := range want {
			t.Errorf("%s has not come", name)
		}
		for _, text := range []string{
			"users.password_hash",
			`to_announce="HOOKLINE_SECRET_COLUMNS=-refresh_tokens.token"`, "api_tokens.access_key",
		} {
			if !strings.Contains(sut.Log.String(), text) {
				t.Errorf("the log does not say %s", text)
			}
		}
		if text := doctor.Out.String(); !strings.Contains(text, "users.password_hash") ||
			!strings.Contains(text, "-sessions.*") {
			t.Errorf("the doctor says\n%s", text)
		}
	})
}
