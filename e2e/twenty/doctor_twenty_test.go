package twenty

import (
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/twentydb"
)

// newTwentyServer is NewTwenty on a server of its own, in a database of the given name.
func newTwentyServer(t *testing.T, name string, settings map[string]string) e2e.Twenty {
	t.Helper()
	server, admin := e2e.NewServer(t, settings)
	admin.Exec(`CREATE DATABASE "` + name + `"`)
	db := e2e.Twenty{Database: e2e.Connect(t, server.URL(name))}
	if err := twentydb.Load(t.Context(), db.Conn); err != nil {
		t.Fatal(err)
	}
	return db
}

// likeSpilo has the server look as Zalando's image does. Patroni itself is not there.
func likeSpilo(settings map[string]string) map[string]string {
	settings["bg_mon.listen_address"] = "0.0.0.0"
	settings["cluster_name"] = "dummy"
	return settings
}

// likeChart gives the database to a role as Twenty's Helm chart does: what is in core stays the
// superuser's, tables of records are the role's.
func likeChart(db e2e.Twenty) (role, address string) {
	db.T.Helper()
	role = "twenty_app_user"
	for _, sql := range []string{
		`CREATE ROLE admin`, `CREATE ROLE robot_zmon`, `CREATE ROLE standby REPLICATION`,
		`CREATE ROLE twenty_app_user LOGIN`,
		`GRANT ALL ON DATABASE "` + db.Name + `" TO twenty_app_user`,
		`GRANT ALL ON SCHEMA core, public, ` + twentydb.Schema + ` TO twenty_app_user`,
		`GRANT ALL ON ALL TABLES IN SCHEMA core, public, ` + twentydb.Schema + ` TO twenty_app_user`,
		`DO $$ DECLARE name text; BEGIN
			FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '` + twentydb.Schema + `' LOOP
				EXECUTE format('ALTER TABLE ` + twentydb.Schema + `.%I OWNER TO twenty_app_user', name);
			END LOOP;
		END $$`,
	} {
		db.Exec(sql)
	}
	return role, strings.Replace(db.URL, "//postgres:", "//"+role+":", 1)
}

// The role of Twenty's Helm chart lacks the right to replicate, and owns no table of core. What the
// doctor says is all that a superuser has to run, and Twenty keeps what is its own.
func TestDoctorOfTwentysChart(t *testing.T) {
	t.Parallel()
	db := newTwentyServer(t, "twenty", likeSpilo(map[string]string{"max_slot_wal_keep_size": "4GB"}))
	apple, box := db.Apple(), e2e.NewInbox(t)
	apple.AddWebhook(box, "*.*")
	_, address := likeChart(db)
	asRole := "HOOKLINE_DATABASE_URL=" + address
	d, text := db.Doctor(asRole)
	e2e.WantFinding(t, d, "deployment", "ok", "Helm chart", "twenty_app_user", "Spilo")
	e2e.WantFinding(t, d, "role", "problem", `ALTER ROLE "twenty_app_user" REPLICATION`,
		"-db -- psql -U postgres twenty", "-db-superuser")
	e2e.WantFinding(t, d, "ownership", "problem", `"core"."webhook"`, "CREATE PUBLICATION",
		"OWNER TO twenty_app_user")
	e2e.WantFinding(t, d, "own schema", "ok")
	e2e.WantFinding(t, d, "patroni", "warning", "\nslots:\n  twenty:\n    type: logical",
		"ignore_slots is not enough")
	const ofCore = 6 // tables that describe records or hold webhooks; one statement for each
	if f := d.Finding("ownership"); len(f.SQL) != 1+ofCore+1 ||
		strings.Contains(strings.Join(f.SQL, ";"), twentydb.Schema) {
		t.Errorf("more is to be run than what the role may not run itself: %q", f.SQL)
	}
	if d.Problems != 2 {
		t.Errorf("%d problems, want 2:\n%s", d.Problems, text)
	}
	db.Mend(d)
	if d, text = db.Doctor(asRole); !d.Healthy {
		t.Fatalf("after what it told was done:\n%s", text)
	}
	sut := e2e.Start(t, db.Database, asRole).Until("active")
	first := apple.AddPerson()
	e2e.Finish(t, sut, box.Gets(first))
	if owner := e2e.Value[string](db.Database,
		`SELECT tableowner FROM pg_tables WHERE schemaname = 'core' AND tablename = 'webhook'`); owner != "postgres" {
		t.Errorf("core.webhook has come to belong to %s", owner)
	}
	d, _ = db.Doctor(asRole)
	e2e.WantFinding(t, d, "publication", "ok", "lists")
	e2e.WantFinding(t, d, "ownership", "ok", "are prepared")
}

// How wal_level is set depends on how Twenty was set up.
func TestDoctorOfTwentysWALLevel(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		database string
		settings map[string]string
		which    string
		mend     []string
	}{
		"compose": {
			"default",
			map[string]string{},
			"docker-compose (superuser postgres, database default)",
			[]string{
				"service db", "command: postgres -c wal_level=logical", "docker compose up -d db",
				"ALTER SYSTEM SET wal_level = 'logical'",
			},
		},
		"manifests": {
			"default", likeSpilo(map[string]string{}), "Kubernetes manifests",
			[]string{
				"kubectl exec -it deploy/twentycrm-db -- patronictl edit-config dummy --pg " +
					"wal_level=logical --force",
				"kubectl exec -it deploy/twentycrm-db -- patronictl restart dummy --force",
			},
		},
		"something else": {
			"crm",
			map[string]string{},
			"none that is known",
			[]string{"ALTER SYSTEM SET wal_level = 'logical'", "restart Postgres"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.settings["wal_level"] = "replica"
			db := newTwentyServer(t, test.database, test.settings)
			d, _ := db.Doctor()
			e2e.WantFinding(t, d, "deployment", "ok", test.which)
			e2e.WantFinding(t, d, "wal_level", "problem", test.mend...)
		})
	}
}

// A role of its own is told which rights it lacks to read what describes records, and then the
// rest.
func TestDoctorOfARoleThatCannotReadTwenty(t *testing.T) {
	t.Parallel()
	db := e2e.NewTwenty(t)
	role, address := db.NewRole("REPLICATION")
	asRole := "HOOKLINE_DATABASE_URL=" + address
	d, _ := db.Doctor(asRole)
	e2e.WantFinding(t, d, "rights to read", "problem", "GRANT USAGE ON SCHEMA core TO "+role,
		`core."objectMetadata"`, "core.webhook")
	db.Mend(d)
	d, _ = db.Doctor(asRole)
	e2e.WantFinding(t, d, "ownership", "problem", "CREATE PUBLICATION", "person REPLICA IDENTITY FULL")
	e2e.WantFinding(t, d, "own schema", "problem", "GRANT CREATE ON DATABASE")
	db.Mend(d)
	if d, text := db.Doctor(asRole); !d.Healthy {
		t.Errorf("after what it told was done:\n%s", text)
	}
}

// The doctor tells what it has found of Twenty, and of webhooks that are not what they may be
// thought to be.
func TestDoctorOfTwentysWebhooks(t *testing.T) {
	t.Parallel()
	db := e2e.NewTwenty(t)
	apple, box := db.Apple(), e2e.NewInbox(t)
	apple.AddWebhook(box, "*.*")
	apple.AddWebhook(box, "hookline:person.*")
	apple.AddWebhook(box, "unheard.created")
	encrypted := apple.AddWebhook(box, "person.*")
	db.Exec(`UPDATE core.webhook SET secret = 'enc:v2:confidential' WHERE id = $1`, encrypted)
	db.Exec(`UPDATE core."objectMetadata" SET "isActive" = false WHERE "nameSingular" = 'note'`)

	d, text := db.Doctor()
	e2e.WantFinding(t, d, "layout of Twenty", "ok",
		"metadata in core, webhooks in core.webhook, applications: 2026 or newer")
	e2e.WantFinding(t, d, "workspaces", "ok", "1 ACTIVE")
	e2e.WantFinding(t, d, "objects", "ok", "8 announced, 1 of them custom; 1 inactive, 1 excluded")
	e2e.WantFinding(t, d, "webhooks", "ok", "3 active, 1 skipped")
	e2e.WantFinding(t, d, "doubles", "warning", "2 of the active", "HOOKLINE_TWENTY_WEBHOOKS=marked",
		"hookline:person.*", "delete the old one")
	for _, want := range []string{
		`no object "unheard" is announced`,
		"secret: is encrypted by the CRM",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text does not hold %q:\n%s", want, text)
		}
	}
	if !d.Healthy {
		t.Errorf("warnings alone make it unhealthy:\n%s", text)
	}
	d, _ = db.Doctor("HOOKLINE_TWENTY_WEBHOOKS=marked")
	if f := d.Finding("doubles"); f.Check != "" {
		t.Errorf("where Twenty sends to none, doubles are told: %+v", f)
	}
	e2e.WantFinding(t, d, "webhooks", "ok", "1 active, 0 skipped, 3 disabled")
	d, _ = e2e.NewCRM(t).Doctor("HOOKLINE_PROFILE=twenty")
	e2e.WantFinding(t, d, "layout of Twenty", "problem", "not the database of a Twenty server",
		"HOOKLINE_PROFILE=auto")
}
