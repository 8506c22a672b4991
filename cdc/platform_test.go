package cdc

import (
	"strings"
	"testing"
)

// TestPlatform: providers and Patroni are nothing that a test can start, but they are told by roles and settings alone.
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
		{platformFacts{CommandLine: []string{"wal_level"}}, Plain, "is given on the command line", false, "as a superuser"},
		{
			platformFacts{CommandLine: patroni, Cluster: "main"},
			Patroni,
			"patronictl edit-config main --pg wal_level=logical --force\npatronictl restart main --force", false,
			"patronictl edit-config main --pg max_slot_wal_keep_size=10GB --force",
		},
		{platformFacts{Roles: []string{"standby", "robot_zmon"}, CommandLine: patroni}, Spilo, "patronictl restart", false, "patronictl"},
		{platformFacts{BgMon: true}, Spilo, "patronictl restart", false, "patronictl"},
		{platformFacts{Roles: []string{"rds_superuser"}}, RDS, "rds.logical_replication = 1, then restart", false, "max_slot_wal_keep_size = 10GB"},
		{platformFacts{Roles: []string{"cloudsqlsuperuser"}}, CloudSQL, "cloudsql.logical_decoding = on", false, "max_slot_wal_keep_size = 10GB"},
		{platformFacts{Roles: []string{"azure_pg_admin"}}, Azure, "wal_level = logical", false, "max_slot_wal_keep_size = 10GB"},
	} {
		if got := test.facts.platform(); got != test.want {
			t.Errorf("%+v is %q, want %q", test.facts, got, test.want)
			continue
		}
		mend, sql := test.facts.set("wal_level", "logical", true)
		if !strings.Contains(mend, test.wal) || (sql != nil) != test.sql {
			t.Errorf("%+v: wal_level is set by %q, %q; want %q", test.facts, mend, sql, test.wal)
		}
		if mend, _ := test.facts.set("max_slot_wal_keep_size", "10GB", false); !strings.Contains(mend, test.keepSize) || strings.Contains(mend, "restart") {
			t.Errorf("%+v: max_slot_wal_keep_size is set by %q, want %q, without a restart", test.facts, mend, test.keepSize)
		}
		if warned := test.facts.patroniSlots("s", "crm") != nil; warned != (test.want == Spilo || test.want == Patroni) {
			t.Errorf("%+v: it is warned of Patroni's way with slots: %t", test.facts, warned)
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
		if f := s.checkRole(); f.Level != Wrong || f.Mend+": "+f.SQL[0] != want {
			t.Errorf("%s: %+v, want %s", role, f, want)
		}
	}
}

func TestOldServer(t *testing.T) {
	for version, want := range map[int]Level{13: Wrong, 14: Fine, 18: Fine} {
		s := server{version: version}
		if f := s.checkVersion(); f.Level != want {
			t.Errorf("Postgres %d: %+v, want it %s", version, f, want)
		}
	}
	s := server{standby: true}
	if f := s.checkPrimary(); f.Level != Wrong {
		t.Errorf("a standby: %+v", f)
	}
}

func TestRoom(t *testing.T) {
	const hold = 256 << 20
	timeout := func(s string) *string { return &s }
	for name, test := range map[string]struct {
		room                                  room
		slots, senders, keepSize, idleTimeout Level // idleTimeout "" before Postgres 18
	}{
		"plenty":              {room{maxSlots: 10, slots: 9, maxSenders: 10, senders: 9, keepSize: 1024}, Fine, Fine, Fine, ""},
		"full":                {room{maxSlots: 10, slots: 10, maxSenders: 10, senders: 10, keepSize: -1}, Wrong, Wrong, Warning, ""},
		"full of us":          {room{maxSlots: 1, slots: 1, maxSenders: 1, senders: 1, exists: true, active: true, keepSize: 512}, Fine, Fine, Fine, ""},
		"slot without sender": {room{maxSlots: 1, slots: 1, maxSenders: 1, senders: 1, exists: true, keepSize: 511}, Fine, Wrong, Warning, ""},
		"no timeout":          {room{maxSlots: 1, maxSenders: 1, keepSize: 4096, idleTimeout: timeout("0")}, Fine, Fine, Fine, Fine},
		"timeout":             {room{maxSlots: 1, maxSenders: 1, keepSize: 4096, idleTimeout: timeout("1d")}, Fine, Fine, Fine, Warning},
	} {
		var on platformFacts
		r := test.room
		got := map[string]Finding{
			"slots": r.checkSlots(&on), "senders": r.checkSenders(&on), "keep size": r.checkKeepSize(&on, hold),
		}
		want := map[string]Level{"slots": test.slots, "senders": test.senders, "keep size": test.keepSize}
		if r.idleTimeout != nil {
			got["idle timeout"], want["idle timeout"] = r.checkIdleTimeout(&on), test.idleTimeout
		}
		for check, f := range got {
			if f.Level != want[check] || (f.SQL == nil) != (f.Level == Fine) {
				t.Errorf("%s, %s: %+v, want it %s", name, check, f, want[check])
			}
		}
	}
}
