package cdc

import (
	"strings"
	"testing"
)

// TestPlatform: providers and Patroni are nothing that a test can start, but they are told by roles
// and settings alone.
func TestPlatform(t *testing.T) {
	patroni := []string{"cluster_name", "wal_level", "max_wal_senders", "max_replication_slots"}
	for _, test := range []struct {
		facts    platformFacts
		want     Platform
		wal      string // how wal_level is set
		sql      bool   // through SQL
		keepSize string
	}{
		{platformFacts{}, Plain, "restart Postgres", true, "as a superuser"},
		{platformFacts{Cluster: "main"}, Plain, "restart Postgres", true, "as a superuser"},
		{platformFacts{Roles: []string{"standby"}}, Plain, "restart Postgres", true, "as a superuser"},
		{
			platformFacts{CommandLine: []string{"wal_level"}},
			Plain, "is given on the command line", false,
			"as a superuser",
		},
		{
			platformFacts{CommandLine: patroni, Cluster: "main"},
			Patroni,
			"patronictl edit-config main --pg wal_level=logical --force\npatronictl restart main --force",
			false,
			"patronictl edit-config main --pg max_slot_wal_keep_size=10GB --force",
		},
		{
			platformFacts{Roles: []string{"standby", "robot_zmon"}, CommandLine: patroni},
			Spilo,
			"patronictl restart", false, "patronictl",
		},
		{platformFacts{BgMon: true}, Spilo, "patronictl restart", false, "patronictl"},
		{
			platformFacts{Controller: true, Cluster: "crm-db"},
			CNPG,
			"no ALTER SYSTEM; in the manifest of its Cluster crm-db:\nspec:\n  postgresql:\n    " +
				"parameters:\n      wal_level: \"logical\"", false,
			"max_slot_wal_keep_size: \"10GB\"",
		},
		{
			platformFacts{Roles: []string{"rds_superuser"}},
			RDS,
			"rds.logical_replication = 1, then restart", false, "max_slot_wal_keep_size = 10GB",
		},
		{
			platformFacts{Roles: []string{"cloudsqlsuperuser"}},
			CloudSQL, "cloudsql.logical_decoding = on",
			false, "max_slot_wal_keep_size = 10GB",
		},
		{
			platformFacts{Roles: []string{"azure_pg_admin"}},
			Azure, "wal_level = logical", false,
			"max_slot_wal_keep_size = 10GB",
		},
	} {
		if got := test.facts.platform(); got != test.want {
			t.Errorf("%+v is %q, want %q", test.facts, got, test.want)
			continue
		}
		mend, sql := test.facts.set("wal_level", "logical", true)
		if !strings.Contains(mend, test.wal) || (sql != nil) != test.sql {
			t.Errorf("%+v: wal_level is set by %q, %q; want %q", test.facts, mend, sql, test.wal)
		}
		if mend, _ := test.facts.set("max_slot_wal_keep_size", "10GB", false); !strings.Contains(mend,
			test.keepSize) || strings.Contains(mend, "restart") {
			t.Errorf("%+v: max_slot_wal_keep_size is set by %q, want %q, without a restart", test.facts,
				mend, test.keepSize)
		}
		warned := test.facts.failoverSlots("s", "crm", 15) != nil
		if want := test.want == Spilo || test.want == Patroni || test.want == CNPG; warned != want {
			t.Errorf("%+v: it is warned of what takes over without the slot: %t", test.facts, warned)
		}
	}
}

// TestFailoverSlots: what carries a slot to the server that takes over. That it does so with
// Patroni is in e2e/gap.
func TestFailoverSlots(t *testing.T) {
	patroni := platformFacts{BgMon: true, Cluster: "main"}
	cnpg := platformFacts{Controller: true, Cluster: "crm-db"}
	for _, test := range []struct {
		facts platformFacts
		major int
		says  []string
		not   string
	}{
		{patroni, 15, []string{
			"edit-config main", "\nslots:\n  s:\n    type: logical\n    database: crm\n    plugin: " +
				"pgoutput\n", "ignore_slots is not enough",
		}, "4.1"},
		{
			patroni, 17,
			[]string{
				"Patroni 4.1", "also those under slots", "edit-config main --pg sync_replication_slots=on",
				"drop the slot of the server that was the primary",
			},
			"pg_failover_slots",
		},
		{
			cnpg, 16,
			[]string{"Cluster crm-db", "synchronizeLogicalDecoding: true", "pg_failover_slots"},
			"patronictl",
		},
		{cnpg, 17, []string{"synchronizeLogicalDecoding: true"}, "pg_failover_slots"},
	} {
		found := test.facts.failoverSlots("s", "crm", test.major)
		if len(found) != 1 || found[0].Level != Warning {
			t.Fatalf("%+v, Postgres %d: %+v, want one warning", test.facts, test.major, found)
		}
		text := found[0].Found + "\n" + found[0].Hint
		for _, says := range test.says {
			if !strings.Contains(text, says) {
				t.Errorf("%+v, Postgres %d: it does not say %q:\n%s", test.facts, test.major, says, text)
			}
		}
		if strings.Contains(text, test.not) {
			t.Errorf("%+v, Postgres %d: it says %q:\n%s", test.facts, test.major, test.not, text)
		}
	}
}

func TestRoleThatMayNotReplicate(t *testing.T) {
	for role, want := range map[string]string{
		"":                  `as a superuser: ALTER ROLE "o""neil" REPLICATION`,
		"rds_superuser":     `as a role that is in rds_superuser: GRANT rds_replication TO "o""neil"`,
		"cloudsqlsuperuser": `as a role that is in cloudsqlsuperuser: ALTER ROLE "o""neil" REPLICATION`,
	} {
		s := server{role: `o"neil`, platform: platformFacts{Roles: []string{role}}}
		if f := s.checkRole(); f.Level != Wrong || f.Hint+": "+f.SQL[0] != want {
			t.Errorf("%s: %+v, want %s", role, f, want)
		}
	}
}

func TestRoleOfCloudNativePG(t *testing.T) {
	s := server{role: "app", platform: platformFacts{Controller: true}}
	if f := s.checkRole(); !strings.Contains(f.Hint, "spec.managed.roles") || !strings.Contains(f.Hint,
		"DatabaseRole") || len(f.SQL) != 1 {
		t.Errorf("%+v, want where the operator is told", f)
	}
}

func TestOldServer(t *testing.T) {
	for version, want := range map[int]Level{13: Wrong, 14: Fine, 18: Fine} {
		s := server{version: version, minor: 99}
		if f := s.checkVersion(); f.Level != want {
			t.Errorf("Postgres %d: %+v, want it %s", version, f, want)
		}
	}
	s := server{standby: true}
	if f := s.checkPrimary(); f.Level != Wrong {
		t.Errorf("a standby: %+v", f)
	}
}
