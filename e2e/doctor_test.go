package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// A database that nothing is wrong with is healthy before its setup, after it, and at work.
func TestDoctorOfAHealthyDatabase(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	d, _ := db.doctor()
	wantFinding(t, d, "slot", "ok", "not made yet")
	wantFinding(t, d, "publication", "ok", "not made yet")
	wantFinding(t, d, "own schema", "ok", "not made yet")
	wantFinding(t, d, "replication connection", "ok")
	wantFinding(t, d, "max_slot_wal_keep_size", "warning", "ALTER SYSTEM SET max_slot_wal_keep_size")

	db.setUp()
	d, _ = db.doctor()
	wantFinding(t, d, "slot", "warning", "not active", "start hookline run", "pg_drop_replication_slot('"+db.name+"')")

	sut := start(t, db).until("active")
	d, text := db.doctor()
	wantFinding(t, d, "slot", "ok", "is active")
	wantFinding(t, d, "gap", "ok")
	wantFinding(t, d, "publication", "ok", "lists 4 tables")
	wantFinding(t, d, "webhooks", "ok", "1 active")
	wantFinding(t, d, "spool", "ok", "0 waiting")
	if !strings.HasSuffix(text, "0 problems, 1 warning\n") {
		t.Errorf("the text does not end with the sum:\n%s", text)
	}
	finish(t, sut, box.gets(db.diary()...))
}

// With Hookline's own table alone, which is not made yet, nothing is wrong either.
func TestDoctorBeforeTheOwnTable(t *testing.T) {
	t.Parallel()
	db := newCRM(t)
	db.exec(`DROP TABLE webhooks`)
	d, _ := db.doctor("HOOKLINE_WEBHOOKS_TABLE=hookline.webhook")
	wantFinding(t, d, "webhooks", "warning", "INSERT INTO")
	if !d.Healthy {
		t.Errorf("it is not healthy: %+v", d)
	}
	d, _ = db.doctor()
	wantFinding(t, d, "webhooks", "problem", "no table of webhooks found", "CREATE TABLE")
}

func TestDoctorOfWALLevel(t *testing.T) {
	t.Parallel()
	server, db := newServer(t, map[string]string{"wal_level": "replica", "max_slot_wal_keep_size": "4GB"})
	db.withContacts()
	d, _ := db.doctor()
	wantFinding(t, d, "wal_level", "problem", `wal_level is "replica"`, "command: postgres -c wal_level=logical", "ALTER SYSTEM SET wal_level = 'logical'")
	db.mend(d)
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	db.conn = db.session()
	if d, _ = db.doctor(); !d.Healthy {
		t.Errorf("after what it told was done: %+v", d)
	}
}

func TestDoctorOfServerLimits(t *testing.T) {
	t.Parallel()
	_, db := newServer(t, map[string]string{"max_slot_wal_keep_size": "64MB", "max_replication_slots": "1", "max_wal_senders": "0"})
	db.withContacts()
	db.exec(`SELECT pg_create_physical_replication_slot('other')`)
	d, _ := db.doctor()
	wantFinding(t, d, "max_replication_slots", "problem", "all of 1 slots are taken", "ALTER SYSTEM SET max_replication_slots")
	wantFinding(t, d, "max_wal_senders", "problem", "all of 0 senders are taken", "ALTER SYSTEM SET max_wal_senders")
	wantFinding(t, d, "max_slot_wal_keep_size", "warning", "64 MiB", "HOOKLINE_HOLD_WAL")
	wantFinding(t, d, "replication connection", "problem", "max_wal_senders")
}

// What keeps it from connecting is a finding, with what mends it and without a password.
func TestDoctorCannotConnect(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	for address, want := range map[string]string{
		"postgres://postgres:confidential@127.0.0.1:1/crm?sslmode=disable":  "connection refused",
		strings.Replace(db.url, "/"+db.name, "/nowhere", 1):                 "psql -l",
		strings.Replace(db.url, "//postgres:", "//nobody_of_that_name:", 1): "has to exist",
	} {
		d, _ := db.doctor("HOOKLINE_DATABASE_URL=" + address)
		wantFinding(t, d, "connection", "problem", want)
	}
	if p := run(t, db.env("HOOKLINE_SLOT=Slot"), "doctor"); p.wait() != 1 || p.out.String() != "" {
		t.Errorf("a setting that is wrong: exit code %d, want 1:\n%s", p.wait(), p.out.String())
	}
	if p := run(t, db.env(), "doctor", "--jsn"); p.wait() != 2 {
		t.Errorf("a flag that there is not: exit code %d, want 2", p.wait())
	}
}

func TestDoctorOfAGap(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	sut := start(t, db).until("active")
	db.oneByOne("before", 1)
	box.untilAccepted(1)
	sut.stop()
	db.dropSlot()
	d, _ := db.doctor()
	wantFinding(t, d, "gap", "problem", "slot_missing", "hookline setup --accept-gap")
	db.acceptGap()
	if d, _ = db.doctor(); !d.Healthy {
		t.Errorf("after the gap was accepted: %+v", d)
	}
}

// A slot of that name may belong to another database.
func TestDoctorOfAnothersSlot(t *testing.T) {
	t.Parallel()
	db, other := newCRM(t), newCRM(t)
	other.setUp()
	d, _ := db.doctor("HOOKLINE_SLOT=" + other.name)
	wantFinding(t, d, "slot", "problem", `in database "`+other.name+`"`, "set HOOKLINE_SLOT to another name")
}

// A role that may only log in is told everything that it lacks, for each check the SQL that gives it.
func TestDoctorOfAPoorRole(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	role, address := db.newRole("")
	db.exec(`GRANT SELECT ON webhooks TO ` + role)
	asRole := "HOOKLINE_DATABASE_URL=" + address
	d, _ := db.doctor(asRole)
	wantFinding(t, d, "role", "problem", "no right to replicate", `ALTER ROLE "`+role+`" REPLICATION`)
	wantFinding(t, d, "own schema", "problem", "GRANT CREATE ON DATABASE")
	wantFinding(t, d, "ownership", "problem", `contacts REPLICA IDENTITY FULL`, "CREATE PUBLICATION", "OWNER TO "+role)
	db.mend(d)
	if d, _ = db.doctor(asRole); !d.Healthy {
		t.Fatalf("after what it told was done: %+v", d)
	}
	sut := start(t, db, asRole).until("active")
	db.oneByOne("after", 3)
	finish(t, sut, box.gets(db.diary()...))
}

// What is left out, and webhooks that are not what they seem, are warnings.
func TestDoctorWarns(t *testing.T) {
	t.Parallel()
	db := newCRM(t)
	db.exec(`CREATE TABLE keyless (name text)`)
	db.exec(`INSERT INTO webhooks (url, secret, operations) VALUES
		('https://one.example/confidential', NULL, '{*.*}'),
		('https://two.example/confidential', 'confidential', '{unheard.created}'),
		('https://three.example/confidential', 'confidential', '{contact.*,contact.exploded}')`)
	d, text := db.doctor()
	if !d.Healthy {
		t.Errorf("warnings alone make it unhealthy: %+v", d)
	}
	wantFinding(t, d, "table left out", "warning", `"public"."keyless"`, "ADD PRIMARY KEY")
	for _, want := range []string{"secret: is null", `no object "unheard" is announced`, "contact.exploded"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text does not hold %q:\n%s", want, text)
		}
	}
}

func TestDoctorOfTheSpool(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.addWebhook(box, "*.*")
	away := "HOOKLINE_SPOOL_DATABASE_URL=postgres://postgres:confidential@127.0.0.1:1/crm?sslmode=disable"
	d, _ := db.doctor(away)
	wantFinding(t, d, "spool", "problem", "connection refused", "HOOKLINE_SPOOL_DATABASE_URL")

	other := newDatabase(t)
	there := "HOOKLINE_SPOOL_DATABASE_URL=" + other.url
	d, _ = db.doctor(there)
	wantFinding(t, d, "spool schema", "ok", "not made yet")
	_, poor := other.newRole("")
	d, _ = db.doctor("HOOKLINE_SPOOL_DATABASE_URL=" + poor)
	wantFinding(t, d, "spool schema", "problem", fmt.Sprintf("GRANT CREATE ON DATABASE %s", other.name))
}
