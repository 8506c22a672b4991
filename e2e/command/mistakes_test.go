package command

import (
	"strings"
	"testing"

	"hookline/e2e"
)

// What keeps Hookline from starting ends it at once, and is told together with what mends it, but
// never with a password.
func TestMistakes(t *testing.T) {
	t.Parallel()
	db, crm := e2e.NewDatabase(t), e2e.NewCRM(t)
	db.Exec(`CREATE TABLE contacts (id text PRIMARY KEY)`)
	_, replica := e2e.NewServer(t, map[string]string{"wal_level": "replica"})
	role, asRole := crm.NewRole("")
	address := func(text string) []string {
		return []string{
			"HOOKLINE_DATABASE_URL=" + text, "HOOKLINE_HEALTH_ADDR=127.0.0.1:0",
			"HOOKLINE_ADMIN_ADDR=off",
		}
	}

	for name, test := range map[string]struct {
		env  []string
		want []string // in the message
	}{
		"no database": {
			[]string{"HOOKLINE_SLOT=hookline"},
			[]string{"HOOKLINE_DATABASE_URL is not set", "postgres://user:password@host:5432/database"},
		},
		"unparsable URL": {
			address("postgres://postgres:confidential@127.0.0.1:port/crm"),
			[]string{"HOOKLINE_DATABASE_URL", "it takes a Postgres connection string"},
		},
		"unparsable keywords": {
			address("host=127.0.0.1 port=none password = confidential"),
			[]string{"HOOKLINE_DATABASE_URL", "it takes a Postgres connection string"},
		},
		"nobody listens": {
			address("postgres://postgres:confidential@127.0.0.1:1/crm?sslmode=disable"),
			[]string{"HOOKLINE_DATABASE_URL", "connection refused"},
		},
		"nobody listens for the spool": {
			crm.Env(
				"HOOKLINE_SPOOL_DATABASE_URL=postgres://postgres:confidential@127.0.0.1:1/crm?sslmode=disable"),
			[]string{"HOOKLINE_SPOOL_DATABASE_URL", "connection refused"},
		},
		"unknown database": {
			address(strings.Replace(db.URL, "/"+db.Name, "/nowhere", 1)),
			[]string{"HOOKLINE_DATABASE_URL", `database "nowhere" does not exist`},
		},
		"wal_level": {
			replica.Env(), []string{
				`wal_level is "replica"`, "ALTER SYSTEM SET wal_level = 'logical'",
				"restart Postgres",
			},
		},
		"role without REPLICATION": {
			crm.Env("HOOKLINE_DATABASE_URL=" + asRole),
			[]string{"no right to replicate", `ALTER ROLE "` + role + `" REPLICATION`},
		},
		"no table of webhooks": {
			db.Env(), []string{
				"no table of webhooks", "public.webhooks", "CREATE TABLE",
				"HOOKLINE_WEBHOOKS_TABLE",
			},
		},
		"another table of webhooks": {
			db.Env("HOOKLINE_WEBHOOKS_TABLE=public.hooks"),
			[]string{`"public"."hooks"`, "HOOKLINE_WEBHOOKS_TABLE", "CREATE TABLE"},
		},
		"unknown variable": {
			crm.Env("HOOKLINE_PAYLOAD_FORMT=event"),
			[]string{"unknown variable HOOKLINE_PAYLOAD_FORMT", "is HOOKLINE_PAYLOAD_FORMAT meant?"},
		},
		"bad value": {
			crm.Env("HOOKLINE_REQUEST_TIMEOUT=ten"), []string{`HOOKLINE_REQUEST_TIMEOUT="ten"`, "10s"},
		},
		"two bad values": {
			crm.Env("HOOKLINE_SLOT=Hook-Line", "HOOKLINE_MAX_IN_FLIGHT=0"),
			[]string{
				`HOOKLINE_SLOT="Hook-Line"`, "lower-case letters", `HOOKLINE_MAX_IN_FLIGHT="0"`,
				"from 1 to 4096",
			},
		},
		"port in use": {
			crm.Env("HOOKLINE_HEALTH_ADDR=" + strings.TrimPrefix(e2e.NewInbox(t).Server.URL, "http://")),
			[]string{"HOOKLINE_HEALTH_ADDR", "address already in use"},
		},
		"admin port in use": {
			crm.Env("HOOKLINE_ADMIN_ADDR=" + strings.TrimPrefix(e2e.NewInbox(t).Server.URL, "http://")),
			[]string{"HOOKLINE_ADMIN_ADDR", "address already in use"},
		},
		"no token off loopback": {
			crm.Env("HOOKLINE_ADMIN_ADDR=:8686"),
			[]string{
				"HOOKLINE_ADMIN_TOKEN is not set", `HOOKLINE_ADMIN_ADDR=":8686"`, "16 to 256",
				"127.0.0.1:8686",
			},
		},
		"short token": {
			crm.Env("HOOKLINE_ADMIN_ADDR=:8686", "HOOKLINE_ADMIN_TOKEN=confidential"),
			[]string{"HOOKLINE_ADMIN_TOKEN", "16 to 256"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := e2e.Run(t, test.env, "run")
			if code := p.Wait(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			_, message, _ := strings.Cut(p.Log.String(), "hookline: ")
			for _, want := range test.want {
				if !strings.Contains(message, want) {
					t.Errorf("the message does not hold %q:\n%s", want, message)
				}
			}
		})
	}
}

// A webhook whose address is refused is told to be so by who adds it, by who gives it that URL, and
// by the doctor: nothing but dead letters would come of it.
func TestAddressThatIsRefused(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	db.SetUp("HOOKLINE_WEBHOOKS_TABLE=hookline.webhook")
	env := db.Env("HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_ALLOW_ADDRESSES=10.0.0.1")
	const refused = "address 127.0.0.1 is refused (loopback)"
	says := func(want string, args ...string) {
		t.Helper()
		p := e2e.Run(t, env, args...)
		p.Wait()
		if text := p.Out.String() + p.Log.String(); strings.Contains(text, refused) != (want != "") ||
			!strings.Contains(text, want) {
			t.Errorf("%q prints %s; want %q", args, text, want)
		}
	}
	says("", "webhooks", "add", "http://10.0.0.1/a")
	says("", "doctor")
	says("Nothing will be delivered to it as things are here: "+refused,
		"webhooks", "add", "http://127.0.0.1:1/b")
	id := e2e.Value[string](db, "SELECT id::text FROM hookline.webhook WHERE url LIKE '%a'")
	says("", "webhooks", "edit", id, "--description", "c")
	got := jsonOf[struct{ Refused string }](t, env,
		"webhooks", "edit", id, "--url", "http://127.0.0.1:1/c")
	if !strings.HasPrefix(got.Refused, refused) {
		t.Errorf("told %q", got.Refused)
	}
	says("hookline.webhook/"+id+" at 127.0.0.1:1 gets nothing, as seen from here: "+refused, "doctor")
}
