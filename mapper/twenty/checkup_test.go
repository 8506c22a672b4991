package twenty

import (
	"strconv"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/internal/twentydb"
	"hookline/mapper/mappertest"
)

// TestTwentyGenerations takes a database of today back in time, as far as its layout goes.
func TestTwentyGenerations(t *testing.T) {
	conn := TwentyDatabase(t)
	for _, step := range []struct {
		sql   string
		level cdc.Level
		says  string
	}{
		{"", cdc.Fine, "metadata in core, webhooks in core.webhook, applications: 2026 or newer"},
		// left over
		{
			`CREATE SCHEMA metadata; CREATE TABLE metadata."objectMetadata" (id uuid PRIMARY KEY)`, cdc.Fine,
			"metadata in core, ",
		},
		{
			`ALTER TABLE core."objectMetadata" ADD "isCustom" bool`, cdc.Warning,
			"metadata in core, webhooks in core.webhook, applications: 1.16 or newer, first months of 2026",
		},
		{
			`ALTER TABLE core.webhook DROP "universalIdentifier"; DROP TABLE core.application CASCADE`,
			cdc.Warning,
			"metadata in core, webhooks in core.webhook: 1.1 to 1.15, second half of 2025",
		},
		{
			`ALTER TABLE core.webhook SET SCHEMA ` + twentydb.Schema, cdc.Warning,
			"metadata in core, webhooks in each workspace's schema: 0.54 to 1.3, mid-2025",
		},
		{
			`DROP TABLE metadata."objectMetadata"; ALTER TABLE core."objectMetadata" SET SCHEMA metadata; ALTER TABLE core."fieldMetadata" SET SCHEMA metadata`,
			cdc.Warning, "metadata in metadata, webhooks in each workspace's schema: before 1.0",
		},
	} {
		mappertest.Execute(t, conn, step.sql)
		found, err := checkLayout(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		if f := found[0]; f.Check != "layout of Twenty" || f.Level != step.level ||
			!strings.HasPrefix(f.Found, step.says) {
			t.Errorf("after %q: %+v, want it %s, with %q", step.sql, f, step.level, step.says)
		}
	}
}

func TestTwentyWorkspaces(t *testing.T) {
	conn := TwentyDatabase(t)
	if _, err := twentydb.AddWorkspace(t.Context(), conn, "3b8e6458-5fc1-4e63-8563-008ccddaa6db",
		"Second"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		sql   string
		level cdc.Level
		says  string
	}{
		{"", cdc.Fine, "2 ACTIVE"},
		{
			`UPDATE core.workspace SET "deletedAt" = now() WHERE id = '` + twentydb.Workspace + `'`,
			cdc.Fine, "1 ACTIVE, 1 deleted",
		},
		{
			`UPDATE core.workspace SET "activationStatus" = 'PENDING_CREATION'`, cdc.Warning,
			"none is active, 1 PENDING_CREATION, 1 deleted",
		},
		{
			`ALTER TABLE core.workspace DROP "activationStatus" CASCADE`, cdc.Fine,
			"1 deleted, 1 of unknown status",
		},
	} {
		mappertest.Execute(t, conn, step.sql)
		f, err := checkWorkspaces(t.Context(), conn)
		if err != nil || f.Level != step.level || f.Found != step.says {
			t.Errorf("after %q: %+v, %v, want it %s, with %q", step.sql, f, err, step.level, step.says)
		}
	}
}

// TestTwentyUpgradeIsToldOf takes a server of 2.21 through an upgrade that stops on its way.
func TestTwentyUpgradeIsToldOf(t *testing.T) {
	conn := TwentyDatabase(t)
	if _, err := twentydb.AddWorkspace(t.Context(), conn, secondWorkspace, "Second"); err != nil {
		t.Fatal(err)
	}
	const done = `INSERT INTO core."upgradeMigration" (name, status, "executedByVersion", "workspaceId") VALUES `
	for _, step := range []struct {
		sql  string
		cfg  Config
		says []string // of the version first
	}{
		{"", Config{}, []string{"2.21, as "}},
		{done + `('2.22.0_Fast_1', 'completed', '2.38.1', NULL)`, Config{}, []string{
			"2.38, as ",
			"NormalizeCompanyDomainNamesCommand of version 2.38 is not done for workspace " +
				twentydb.Workspace + ", " + secondWorkspace + ": ",
		}},
		{"", Config{Upgrades: UpgradesTold}, []string{"2.38, as "}},
		{
			done + `('2.38.0_NormalizeCompanyDomainNamesCommand_1', 'completed', '2.38.1', '` +
				secondWorkspace + `')`,
			Config{},
			[]string{
				"2.38, as ",
				"NormalizeCompanyDomainNamesCommand of version 2.38 is not done for workspace " +
					twentydb.Workspace + ": ",
			},
		},
		{
			done + `('2.39.0_Later_1', 'completed', '2.39.0', '` + twentydb.Workspace + `')`,
			Config{},
			[]string{"2.39, as "},
		},
		{`DROP TABLE core."upgradeMigration"`, Config{}, []string{"not written down"}},
	} {
		mappertest.Execute(t, conn, step.sql)
		found := TwentyCatalog(t, conn, step.cfg).checkUpgrades()
		if len(found) != len(step.says) {
			t.Errorf("after %q: %+v, want %q", step.sql, found, step.says)
			continue
		}
		for i, f := range found {
			if !strings.HasPrefix(f.Found, step.says[i]) || (f.Level == cdc.Fine) != (i == 0) ||
				(f.Hint == "") != (i == 0) {
				t.Errorf("after %q: %+v, want %q", step.sql, f, step.says[i])
			}
		}
	}
}

func TestTwentyDeployment(t *testing.T) {
	const psql = "as a superuser"
	sql := cdc.Finding{
		Level: cdc.Wrong, Check: "role", Hint: psql,
		SQL: []string{"ALTER ROLE r REPLICATION"},
	}
	for _, test := range []struct {
		deployment deployment
		which      string
		how        string // to run SQL
	}{
		{
			deployment{role: "postgres", super: true, database: "default"},
			"Twenty's docker-compose",
			"docker compose exec db psql -U postgres default",
		},
		{
			deployment{platform: cdc.Spilo, role: "postgres", super: true, database: "default"},
			"Twenty's Kubernetes manifests",
			"kubectl exec -it deploy/twentycrm-db -- psql -U postgres default",
		},
		{
			deployment{platform: cdc.Spilo, role: chartRole, database: "twenty", hasChartRole: true},
			"Twenty's Helm chart", "-db-superuser",
		},
		{
			deployment{
				platform: cdc.Spilo, role: "postgres", super: true, database: "twenty",
				hasChartRole: true,
			},
			"Twenty's Helm chart (superuser postgres, database twenty, role twenty_app_user exists",
			"-db-superuser",
		},
		{deployment{platform: cdc.RDS, role: "twenty", database: "twenty"}, "Twenty on RDS", psql},
		{
			deployment{platform: cdc.RDS, role: chartRole, database: "twenty", hasChartRole: true},
			"Twenty's Helm chart", psql,
		},
		{deployment{role: "twenty", database: "twenty"}, "none that is known", psql},
		{deployment{role: "twenty", database: "default"}, "none that is known", psql},
	} {
		if f := test.deployment.Finding(); !strings.Contains(f.Found, test.which) {
			t.Errorf("%+v: %s, want %s", test.deployment, f.Found, test.which)
		}
		got := test.deployment.Advise(sql)
		if !strings.Contains(got.Hint, test.how) || len(got.SQL) != 1 || test.how == psql &&
			got.Hint != psql {
			t.Errorf("%+v: %+v, want %q", test.deployment, got, test.how)
		}
		if fine := cdc.OK("role", "fine"); test.deployment.Advise(fine).Hint != "" {
			t.Errorf("%+v: there is advice for what is fine", test.deployment)
		}
	}
}

// TestTwentyDecidingTables has a role that may not read what notes and tasks are attached to.
func TestTwentyDecidingTables(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			r := newReaders(t, major, "2.43", "", Config{})
			var role string
			err := r.conn.QueryRow(t.Context(), `SELECT 'deciding_' || current_database()`).Scan(&role)
			if err != nil {
				t.Fatal(err)
			}
			mappertest.Execute(t, r.conn, "CREATE ROLE "+role)
			defer func() {
				mappertest.Execute(t, r.conn, "RESET ROLE; DROP OWNED BY "+role+"; DROP ROLE "+role)
			}()
			check := func() []cdc.Finding {
				mappertest.Execute(t, r.conn, "SET ROLE "+role)
				found, err := r.catalog.CheckDeciding(t.Context(), r.conn)
				mappertest.Execute(t, r.conn, "RESET ROLE")
				if err != nil {
					t.Fatal(err)
				}
				return found
			}
			mended := func(sql ...string) {
				t.Helper()
				found := check()
				if len(found) != 1 || found[0].Level != cdc.Wrong {
					t.Fatalf("found %+v, want one problem", found)
				}
				mappertest.Equal(t, "SQL", found[0].SQL, sql)
				mappertest.Execute(t, r.conn, strings.Join(found[0].SQL, ";"))
				if found := check(); found != nil {
					t.Errorf("once mended: %+v", found)
				}
			}
			const s = twentydb.Schema
			mended("GRANT USAGE ON SCHEMA "+s+" TO "+role, "GRANT SELECT ON "+s+".note, "+s+
				`."noteTarget", `+s+".task, "+s+`."taskTarget" TO `+role)
			mappertest.Execute(t, r.conn, `ALTER TABLE "noteTarget" ENABLE ROW LEVEL SECURITY`)
			mended("ALTER ROLE "+role+" BYPASSRLS", "GRANT SELECT ON "+s+`."noteTarget" TO `+role)
			mappertest.Execute(t, r.conn, "REVOKE ALL ON task FROM "+role)
			mended("GRANT SELECT ON " + s + ".task TO " + role)
		})
	}
}

// TestTwentySettingsNameObjects has settings name what there is not.
func TestTwentySettingsNameObjects(t *testing.T) {
	conn := TwentyDatabase(t)
	fine := Config{
		Exclude:        []string{"", "note", "timelineActivity"},
		PrivateObjects: []string{"*", "rocket"},
	}
	if found := TwentyCatalog(t, conn, fine).checkSettings(); found != nil {
		t.Errorf("of names that there are: %+v", found)
	}
	found := TwentyCatalog(t, conn, Config{
		Exclude:        []string{"notes"},
		PrivateObjects: []string{"_rocket", "people"},
	}).checkSettings()
	var says []string
	for _, f := range found {
		if f.Level != cdc.Warning {
			t.Errorf("%+v, want a warning", f)
		}
		says = append(says, f.Found+": "+f.Hint)
	}
	const mend = ": correct the entry, or take it out"
	mappertest.Equal(t, "findings", says, []string{
		`HOOKLINE_EXCLUDE names "notes": no table or object has this name: is note meant?` + mend,
		`HOOKLINE_PRIVATE_OBJECTS names "_rocket": no workspace has this object: is rocket meant?` + mend,
		`HOOKLINE_PRIVATE_OBJECTS names "people": no workspace has this object` + mend,
	})
}
