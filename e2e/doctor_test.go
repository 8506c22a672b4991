package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// diagnosis is what `hookline doctor --json` prints.
type diagnosis struct {
	Healthy            bool
	Problems, Warnings int
	Findings           []finding
}

type finding struct {
	Level, Check, Found, Mend string
	SQL                       []string
}

// moving are checks whose figures differ from one moment to the next, with all the other tests on the same server.
var moving = []string{"slot", "max_replication_slots", "max_wal_senders"}

// doctor asks for a diagnosis, as text and as JSON, and checks that both say the same, with the exit code that belongs to it, and that the
// database is left as it was.
func (db *database) doctor(settings ...string) (d diagnosis, text string) {
	db.t.Helper()
	before := db.prepared()
	asked, asJSON := run(db.t, db.env(settings...), "doctor"), run(db.t, db.env(settings...), "doctor", "--json")
	code := asked.wait()
	text = asked.out.String()
	if asJSON.wait() != code {
		db.t.Errorf("doctor ends with %d, doctor --json with %d", code, asJSON.wait())
	}
	if err := json.Unmarshal([]byte(asJSON.out.String()), &d); err != nil {
		db.t.Fatalf("doctor --json: %v:\n%s%s", err, asJSON.out.String(), asJSON.log.String())
	}
	if want := map[bool]int{true: 0, false: 3}[d.Healthy]; code != want {
		db.t.Errorf("exit code %d, want %d:\n%s%s", code, want, text, asked.log.String())
	}
	problems, warnings := 0, 0
	for _, f := range d.Findings {
		switch f.Level {
		case "problem":
			problems++
		case "warning":
			warnings++
		}
		if f.Level != "ok" && f.Mend == "" {
			db.t.Errorf("%s: nothing is said that mends it: %s", f.Check, f.Found)
		}
		for _, line := range append(append([]string{f.Check, f.Found}, strings.Split(f.Mend, "\n")...), f.SQL...) {
			if !strings.Contains(text, line) && !slices.Contains(moving, f.Check) {
				db.t.Errorf("the text does not hold %q of %s:\n%s", line, f.Check, text)
			}
		}
	}
	if d.Healthy != (problems == 0) || d.Problems != problems || d.Warnings != warnings {
		db.t.Errorf("healthy %t, %d problems and %d warnings are told, %d and %d are listed", d.Healthy, d.Problems, d.Warnings, problems, warnings)
	}
	if after := db.prepared(); after != before {
		db.t.Errorf("the doctor has changed the database from %s to %s", before, after)
	}
	return d, text
}

// finding returns the first finding of a check; an empty one when there is none.
func (d diagnosis) finding(check string) finding {
	for _, f := range d.Findings {
		if f.Check == check {
			return f
		}
	}
	return finding{}
}

// wantFinding checks level and text of a check. All of the texts have to be there, in what was found, in what mends it, or in the SQL.
func wantFinding(t *testing.T, d diagnosis, check, level string, texts ...string) {
	t.Helper()
	f := d.finding(check)
	all := strings.Join(append([]string{f.Found, f.Mend}, f.SQL...), "\n")
	if f.Level != level {
		t.Errorf("%s is %q, want %q: %s", check, f.Level, level, all)
	}
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("%s does not hold %q: %s", check, text, all)
		}
	}
}

// mend runs the SQL of all problems, and nothing else, as a superuser.
func (db *database) mend(d diagnosis) {
	db.t.Helper()
	for _, f := range d.Findings {
		if f.Level == "problem" {
			for _, sql := range f.SQL {
				db.exec(sql)
			}
		}
	}
}

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
