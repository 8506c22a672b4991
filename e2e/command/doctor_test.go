package command

import (
	"fmt"
	"strings"
	"testing"

	"hookline/e2e"
)

// A database that nothing is wrong with is healthy before its setup, after it, and at work.
func TestDoctorOfAHealthyDatabase(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	d, _ := db.Doctor()
	e2e.WantFinding(t, d, "slot", "ok", "not made yet")
	e2e.WantFinding(t, d, "publication", "ok", "not made yet")
	e2e.WantFinding(t, d, "own schema", "ok", "not made yet")
	e2e.WantFinding(t, d, "replication connection", "ok")
	e2e.WantFinding(t, d, "max_slot_wal_keep_size", "warning",
		"ALTER SYSTEM SET max_slot_wal_keep_size")

	db.SetUp()
	d, _ = db.Doctor()
	e2e.WantFinding(t, d, "slot", "warning", "not active", "start hookline run",
		"pg_drop_replication_slot('"+db.Name+"')")

	sut := e2e.Start(t, db).Until("active")
	d, text := db.Doctor()
	e2e.WantFinding(t, d, "slot", "ok", "is active")
	e2e.WantFinding(t, d, "gap", "ok")
	e2e.WantFinding(t, d, "publication", "ok", "lists 4 tables")
	e2e.WantFinding(t, d, "webhooks", "ok", "1 active")
	e2e.WantFinding(t, d, "spool", "ok", "0 waiting")
	if !strings.HasSuffix(text, "0 problems, 1 warning\n") {
		t.Errorf("the text does not end with the sum:\n%s", text)
	}
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// With Hookline's own table alone, which is not made yet, nothing is wrong either.
func TestDoctorBeforeTheOwnTable(t *testing.T) {
	t.Parallel()
	db := e2e.NewCRM(t)
	db.Exec(`DROP TABLE webhooks`)
	d, _ := db.Doctor("HOOKLINE_WEBHOOKS_TABLE=hookline.webhook")
	e2e.WantFinding(t, d, "webhooks", "warning", "INSERT INTO")
	if !d.Healthy {
		t.Errorf("it is not healthy: %+v", d)
	}
	d, _ = db.Doctor()
	e2e.WantFinding(t, d, "webhooks", "problem", "no table of webhooks found",
		"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook uses Hookline's own table", "CREATE TABLE")
}

func TestDoctorOfWALLevel(t *testing.T) {
	t.Parallel()
	server, db := e2e.NewServer(t, map[string]string{
		"wal_level":              "replica",
		"max_slot_wal_keep_size": "4GB",
	})
	db.WithContacts()
	d, _ := db.Doctor()
	e2e.WantFinding(t, d, "wal_level", "problem", `wal_level is "replica"`,
		"command: postgres -c wal_level=logical", "ALTER SYSTEM SET wal_level = 'logical'")
	db.Mend(d)
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	db.Conn = db.Session()
	if d, _ = db.Doctor(); !d.Healthy {
		t.Errorf("after what it told was done: %+v", d)
	}
}

func TestDoctorOfServerLimits(t *testing.T) {
	t.Parallel()
	_, db := e2e.NewServer(t, map[string]string{
		"max_slot_wal_keep_size": "64MB",
		"max_replication_slots":  "1", "max_wal_senders": "0",
	})
	db.WithContacts()
	db.Exec(`SELECT pg_create_physical_replication_slot('other')`)
	d, _ := db.Doctor()
	e2e.WantFinding(t, d, "max_replication_slots", "problem", "all of 1 slots are taken",
		"ALTER SYSTEM SET max_replication_slots")
	e2e.WantFinding(t, d, "max_wal_senders", "problem", "all of 0 senders are taken",
		"ALTER SYSTEM SET max_wal_senders")
	e2e.WantFinding(t, d, "max_slot_wal_keep_size", "warning", "64 MiB", "HOOKLINE_HOLD_WAL")
	e2e.WantFinding(t, d, "replication connection", "problem", "max_wal_senders")
}

// What keeps it from connecting is a finding, with what mends it and without a password.
func TestDoctorCannotConnect(t *testing.T) {
	t.Parallel()
	db := e2e.NewDatabase(t)
	for address, want := range map[string]string{
		"postgres://postgres:confidential@127.0.0.1:1/crm?sslmode=disable":  "connection refused",
		strings.Replace(db.URL, "/"+db.Name, "/nowhere", 1):                 "psql -l",
		strings.Replace(db.URL, "//postgres:", "//nobody_of_that_name:", 1): "has to exist",
	} {
		d, _ := db.Doctor("HOOKLINE_DATABASE_URL=" + address)
		e2e.WantFinding(t, d, "connection", "problem", want)
	}
	if p := e2e.Run(t, db.Env("HOOKLINE_SLOT=Slot"), "doctor"); p.Wait() != 1 || p.Out.String() != "" {
		t.Errorf("a setting that is wrong: exit code %d, want 1:\n%s", p.Wait(), p.Out.String())
	}
	if p := e2e.Run(t, db.Env(), "doctor", "--jsn"); p.Wait() != 2 {
		t.Errorf("a flag that there is not: exit code %d, want 2", p.Wait())
	}
}

func TestDoctorOfAGap(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	db.OneByOne("before", 1)
	box.UntilAccepted(1)
	sut.Stop()
	db.DropSlot()
	d, _ := db.Doctor()
	e2e.WantFinding(t, d, "gap", "problem", "slot_missing", "hookline setup --accept-gap")
	db.AcceptGap()
	if d, _ = db.Doctor(); !d.Healthy {
		t.Errorf("after the gap was accepted: %+v", d)
	}
}

// A slot of that name may belong to another database.
func TestDoctorOfAnothersSlot(t *testing.T) {
	t.Parallel()
	db, other := e2e.NewCRM(t), e2e.NewCRM(t)
	other.SetUp()
	d, _ := db.Doctor("HOOKLINE_SLOT=" + other.Name)
	e2e.WantFinding(t, d, "slot", "problem", `in database "`+other.Name+`"`,
		"set HOOKLINE_SLOT to another name")
}

// A role that may only log in is told everything that it lacks, for each check the SQL that gives
// it.
func TestDoctorOfAPoorRole(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	role, address := db.NewRole("")
	db.Exec(`GRANT SELECT ON webhooks TO ` + role)
	asRole := "HOOKLINE_DATABASE_URL=" + address
	d, _ := db.Doctor(asRole)
	e2e.WantFinding(t, d, "role", "problem", "no right to replicate",
		`ALTER ROLE "`+role+`" REPLICATION`)
	e2e.WantFinding(t, d, "own schema", "problem", "GRANT CREATE ON DATABASE")
	e2e.WantFinding(t, d, "ownership", "problem", `contacts REPLICA IDENTITY FULL`,
		"CREATE PUBLICATION", "OWNER TO "+role)
	db.Mend(d)
	if d, _ = db.Doctor(asRole); !d.Healthy {
		t.Fatalf("after what it told was done: %+v", d)
	}
	sut := e2e.Start(t, db, asRole).Until("active")
	db.OneByOne("after", 3)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
}

// What is left out, and webhooks that are not what they seem, are warnings.
func TestDoctorWarns(t *testing.T) {
	t.Parallel()
	db := e2e.NewCRM(t)
	db.Exec(`CREATE TABLE keyless (name text)`)
	db.Exec(`INSERT INTO webhooks (url, secret, operations) VALUES
		('https://one.example/confidential', NULL, '{*.*}'),
		('https://two.example/confidential', 'confidential', '{unheard.created}'),
		('https://three.example/confidential', 'confidential', '{contact.*,contact.exploded}')`)
	d, text := db.Doctor()
	if !d.Healthy {
		t.Errorf("warnings alone make it unhealthy: %+v", d)
	}
	e2e.WantFinding(t, d, "table left out", "warning", `"public"."keyless"`,
		"HOOKLINE_EXCLUDE=public.keyless", "ADD PRIMARY KEY")
	for _, want := range []string{
		"secret: is null", `no object "unheard" is announced`,
		"contact.exploded",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text does not hold %q:\n%s", want, text)
		}
	}
}

func TestDoctorOfTheSpool(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	away := "HOOKLINE_SPOOL_DATABASE_URL=postgres://postgres:confidential@127.0.0.1:1/crm?sslmode=disable"
	d, _ := db.Doctor(away)
	e2e.WantFinding(t, d, "spool", "problem", "connection refused", "HOOKLINE_SPOOL_DATABASE_URL")

	other := e2e.NewDatabase(t)
	there := "HOOKLINE_SPOOL_DATABASE_URL=" + other.URL
	d, _ = db.Doctor(there)
	e2e.WantFinding(t, d, "spool schema", "ok", "not made yet")
	_, poor := other.NewRole("")
	d, _ = db.Doctor("HOOKLINE_SPOOL_DATABASE_URL=" + poor)
	e2e.WantFinding(t, d, "spool schema", "problem",
		fmt.Sprintf("GRANT CREATE ON DATABASE %s", other.Name))
}
