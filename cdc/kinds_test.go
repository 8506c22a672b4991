package cdc_test

import (
	"fmt"
	"strings"
	"testing"

	"hookline/cdc"
)

// kinds are tables as a CRM may have them, and what becomes of each under
// HOOKLINE_REPLICA_IDENTITY=full, under keep, and as a table that is followed and not announced,
// such as one of webhooks.
var kinds = []struct {
	name  string
	since int    // version of Postgres
	ddl   string // $ is the name
	// The identity that it has in the publication, "" when it is left out, and the reason that is
	// told.
	full, keep, followed string
}{
	{"plain", 0, `CREATE TABLE $ (id int PRIMARY KEY, a int)`, "f", "d", "d"},
	{"unkeyed", 0, `CREATE TABLE $ (id int, a int)`, " no_key", " no_key", " no_key"},
	{
		"bare", 0, `CREATE TABLE $ (id int PRIMARY KEY, a int); ALTER TABLE $ REPLICA IDENTITY NOTHING`,
		"f", " no_replica_identity", " no_replica_identity",
	},
	{
		"complete",
		0,
		`CREATE TABLE $ (id int PRIMARY KEY, a int); ALTER TABLE $ REPLICA IDENTITY FULL`,
		"f",
		"f",
		"f",
	},
	{
		"indexed", 0, `CREATE TABLE $ (id int PRIMARY KEY, a int NOT NULL UNIQUE);
			ALTER TABLE $ REPLICA IDENTITY USING INDEX $_a_key`,
		"f", "i", "i",
	},
	{"unindexed", 0, `CREATE TABLE $ (id int PRIMARY KEY, a int NOT NULL); CREATE UNIQUE INDEX $_i
		ON $ (a);
		ALTER TABLE $ REPLICA IDENTITY USING INDEX $_i; DROP INDEX $_i`, "f", " no_replica_identity", " no_replica_identity"},
	{
		"deferred",
		0,
		`CREATE TABLE $ (id int PRIMARY KEY DEFERRABLE, a int)`,
		"f",
		" no_replica_identity",
		" no_replica_identity",
	},
	{
		"replaced", 0, `CREATE TABLE $ (id int PRIMARY KEY DEFERRABLE, a int NOT NULL UNIQUE);
			ALTER TABLE $ REPLICA IDENTITY USING INDEX $_a_key`,
		"f", "i", "i",
	},
	{"stored", 0, `CREATE TABLE $ (id int PRIMARY KEY, a int,
		b int GENERATED ALWAYS AS (a * 2) STORED)`, "f", "d", "d"},
	{
		"virtual",
		18,
		`CREATE TABLE $ (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2))`,
		"d generated_columns",
		"d",
		"d",
	},
	{
		"virtual_full", 18, `CREATE TABLE $ (id int PRIMARY KEY, a int,
			b int GENERATED ALWAYS AS (a * 2)); ALTER TABLE $ REPLICA IDENTITY FULL`,
		"d generated_columns", " generated_columns", " generated_columns",
	},
	{
		"virtual_deferred", 18, `CREATE TABLE $ (id int PRIMARY KEY DEFERRABLE, a int,
			b int GENERATED ALWAYS AS (a * 2))`,
		" no_replica_identity", " no_replica_identity", " no_replica_identity",
	},
	{"virtual_indexed", 18, `CREATE TABLE $ (id int PRIMARY KEY DEFERRABLE, a int NOT NULL UNIQUE,
		b int GENERATED ALWAYS AS (a * 2));
		ALTER TABLE $ REPLICA IDENTITY USING INDEX $_a_key`, "i generated_columns", "i", "i"},
	{"parted", 0, `CREATE TABLE $ (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);
		CREATE TABLE $_low PARTITION OF $ FOR VALUES FROM (0) TO (5) PARTITION BY RANGE (id);
		CREATE TABLE $_low_1 PARTITION OF $_low FOR VALUES FROM (0) TO (5);
		    CREATE TABLE $_rest PARTITION OF $ DEFAULT`, "f", "d", "d"},
	{
		"parted_empty",
		0,
		`CREATE TABLE $ (id int PRIMARY KEY, a int) PARTITION BY RANGE (id)`,
		"f",
		"d",
		"d",
	},
	{"parted_bare", 0, `CREATE TABLE $ (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);
		CREATE TABLE $_1 PARTITION OF $ DEFAULT;
		ALTER TABLE $_1 REPLICA IDENTITY NOTHING`, "f", " no_replica_identity", " no_replica_identity"},
	{
		"parted_deferred",
		0,
		`CREATE TABLE $ (id int PRIMARY KEY DEFERRABLE,
			a int) PARTITION BY RANGE (id); CREATE TABLE $_1 PARTITION OF $ DEFAULT`,
		" no_replica_identity_of_partitions",
		" no_replica_identity_of_partitions",
		" no_replica_identity_of_partitions",
	},
	{"parted_virtual", 18, `CREATE TABLE $ (id int PRIMARY KEY, a int,
		b int GENERATED ALWAYS AS (a * 2)) PARTITION BY RANGE (id);
		CREATE TABLE $_1 PARTITION OF $ DEFAULT`, "d generated_columns", "d", "d"},
}

// TestKindsOfTables publishes every kind of table as far as it can be, and no kind makes the CRM's
// own statements fail, whether it is published or not.
func TestKindsOfTables(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, "")
		identity := func(table string) string {
			return p.query(`SELECT string_agg(DISTINCT relreplident::text, '') FROM pg_class
				WHERE oid = to_regclass($1) OR oid IN (SELECT relid FROM pg_partition_tree(to_regclass($1))
				    WHERE isleaf)`, table)
		}
		for _, mode := range []string{"full", "keep", "followed"} {
			p.exec(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP PUBLICATION IF EXISTS hookline`)
			p.exec(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
				WHERE database = current_database()`)
			p.cfg.Identity, p.tables = cdc.IdentityFull, nil
			if mode == "keep" {
				p.cfg.Identity = cdc.IdentityKeep
			}
			for _, k := range kinds {
				if k.since <= p.version() {
					p.exec(strings.ReplaceAll(k.ddl, "$", k.name))
					p.tables = append(p.tables, cdc.Table{
						Schema: "public", Name: k.name,
						Full: mode != "followed",
					})
				}
			}
			before := map[string]string{}
			for _, table := range p.tables {
				before[table.Name] = identity(table.Name)
			}
			plan := p.apply()
			published := " " + p.published() + " "
			for _, k := range kinds {
				if k.since > p.version() {
					continue
				}
				want, reason, _ := strings.Cut(map[string]string{
					"full": k.full, "keep": k.keep,
					"followed": k.followed,
				}[mode], " ")
				got := ""
				if strings.Contains(published, " "+k.name+" ") {
					got = identity(k.name)
				}
				if got != want || got == "" && identity(k.name) != before[k.name] {
					t.Errorf("%s, %s: published with identity %q, want %q; left out it has %q, before %q",
						mode, k.name, got, want, identity(k.name), before[k.name])
				}
				if s := wantSkipped(t, plan, k.name, cdc.SkipReason(reason)); reason != "" &&
					(s.Published != (want != "") || s.Hint == "") {
					t.Errorf("%s, %s: %+v", mode, k.name, s)
				}
				p.exec(fmt.Sprintf(`INSERT INTO %[1]s (id, a) SELECT n, n FROM generate_series(1, 9) n
					WHERE '%[1]s' <> 'parted_empty';
					UPDATE %[1]s SET a = 20 WHERE id = 1; DELETE FROM %[1]s WHERE id IN (1, 7)`, k.name))
			}
		}
	})
}
