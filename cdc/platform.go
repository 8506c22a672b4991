package cdc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// Platform is what runs a server, as far as it can be told from inside. It decides how a setting is
// changed, and who may give rights.
type Platform string

const (
	Plain Platform = "" // none of the following
	// Zalando's image: Postgres under Patroni, alone or under the Postgres operator
	Spilo    Platform = "Spilo"
	Patroni  Platform = "Patroni" // outside of Spilo
	CNPG     Platform = "CloudNativePG"
	RDS      Platform = "RDS"       // Amazon's, Aurora among them
	CloudSQL Platform = "Cloud SQL" // Google's
	Azure    Platform = "Azure"     // flexible server
)

// adminRoles are the roles that providers make in each of their servers, for administrators that
// are no superusers.
var adminRoles = map[Platform]string{
	RDS:      "rds_superuser",
	CloudSQL: "cloudsqlsuperuser",
	Azure:    "azure_pg_admin",
}

// platformFacts is what a platform is told by.
type platformFacts struct {
	Roles       []string // those of all roles that tell something
	BgMon       bool     // the extension bg_mon is loaded, which Spilo brings along
	Controller  bool     // CloudNativePG's instance manager is at work, which lies in /controller
	Cluster     string   // cluster_name, which is the scope under Patroni
	CommandLine []string // settings that the command line of the server gives
}

func (f *platformFacts) platform() Platform {
	for platform, role := range adminRoles {
		if slices.Contains(f.Roles, role) {
			return platform
		}
	}
	switch {
	case f.Controller:
		return CNPG
	case f.BgMon, slices.Contains(f.Roles, "robot_zmon") && slices.Contains(f.Roles, "standby"):
		return Spilo
	case slices.Contains(f.CommandLine, "cluster_name") && slices.Contains(f.CommandLine, "wal_level"):
		return Patroni
	}
	return Plain
}

// queryPlatform reads the facts. What the role may not see counts as not there.
//
// https://patroni.readthedocs.io/en/latest/patroni_configuration.html,
// https://github.com/zalando/spilo,
// https://cloudnative-pg.io/documentation/current/postgresql_conf/
func queryPlatform(ctx context.Context, conn *pgx.Conn) (f platformFacts, err error) {
	err = conn.QueryRow(ctx, `SELECT
		ARRAY(SELECT rolname::text FROM pg_roles
		    WHERE rolname = ANY ('{rds_superuser,cloudsqlsuperuser,azure_pg_admin,robot_zmon,standby}')),
		current_setting('bg_mon.listen_address', true) IS NOT NULL
			OR EXISTS (SELECT FROM pg_settings WHERE name = 'shared_preload_libraries'
			    AND setting ~ '\mbg_mon\M'),
		EXISTS (SELECT FROM pg_settings
			WHERE name IN ('archive_command', 'ssl_cert_file') AND setting LIKE '/controller/%'),
		current_setting('cluster_name'), ARRAY(SELECT name::text FROM pg_settings
		    WHERE source = 'command line')`).
		Scan(&f.Roles, &f.BgMon, &f.Controller, &f.Cluster, &f.CommandLine)
	if err != nil {
		return f, fmt.Errorf("find out what runs the server: %w", err)
	}
	return f, nil
}

// set tells how a setting gets a value. restart says that the server has to be restarted for it.
func (f *platformFacts) set(name, value string, restart bool) (mend string, sql []string) {
	then := ""
	switch p := f.platform(); p {
	case Spilo, Patroni:
		if restart {
			then = fmt.Sprintf("\npatronictl restart %s --force", f.Cluster)
		}
		return fmt.Sprintf("where Patroni runs, which overrules ALTER SYSTEM:\npatronictl edit-config "+
			"%s --pg %s=%s --force%s",
			f.Cluster, name, value, then), nil
	case CNPG:
		return fmt.Sprintf("CloudNativePG allows no ALTER SYSTEM; in the manifest of its Cluster "+
			"%s:\nspec:\n  postgresql:\n    parameters:\n      %s: %q",
			f.Cluster, name, value), nil
	case RDS, CloudSQL, Azure:
		if restart {
			then = ", then restart the server"
		}
		parameter := map[Platform]string{
			RDS: "parameter group", CloudSQL: "database flag", Azure: "server parameter",
		}[p]
		switch {
		case name == "wal_level" && p == RDS:
			name, value = "rds.logical_replication", "1"
		case name == "wal_level" && p == CloudSQL:
			name, value = "cloudsql.logical_decoding", "on"
		}
		return fmt.Sprintf("%s, %s: %s = %s%s", p, parameter, name, value, then), nil
	}
	if slices.Contains(f.CommandLine, name) {
		return fmt.Sprintf("%s is given on the command line of the server, which overrules ALTER "+
			"SYSTEM. Change it there, "+
			"and restart Postgres: postgres -c %[1]s=%s", name, value), nil
	}
	sql = []string{fmt.Sprintf("ALTER SYSTEM SET %s = %s", name, pg.Literal(value))}
	if !restart {
		return "as a superuser", append(sql, "SELECT pg_reload_conf()")
	}
	return fmt.Sprintf("in a container: command: postgres -c %s=%s\nElsewhere as a superuser, and "+
		"then restart Postgres", name, value), sql
}

// admin is who may give rights.
func (p Platform) admin() string {
	if role, managed := adminRoles[p]; managed {
		return "as a role that is in " + role
	}
	if p == CNPG {
		return "in the manifest of the Cluster, under spec.managed.roles, or in that of its " +
			"DatabaseRole: replication: true. Or as a superuser"
	}
	return "as a superuser"
}

// failoverSlots tells what has to be set for the slot to be on the server that takes over, where
// something beside Postgres decides on that. Whether it is set cannot be seen from here.
func (f *platformFacts) failoverSlots(slot, database string, major int) []Finding {
	switch f.platform() {
	case Spilo, Patroni:
		return []Finding{f.patroniSlots(slot, database, major)}
	case CNPG:
		return []Finding{f.cnpgSlots(major)}
	}
	return nil
}

// patroniSlots is failoverSlots of Patroni, which carries logical slots along when they are under
// slots. ignore_slots has it spare a slot on the server that has it.
//
// https://patroni.readthedocs.io/en/latest/dynamic_configuration.html
func (f *platformFacts) patroniSlots(slot, database string, major int) Finding {
	found := fmt.Sprintf("Patroni brings only those slots to the server that takes over that are "+
		"under slots in its configuration, and drops those "+
		"that it does not know, as after a restart; without %q there, either would be a gap. Whether "+
		"it is there cannot be seen from here", slot)
	var carried []string
	if major >= keepsSlots {
		found += ". From Patroni 4.1 on it leaves slots with failover alone, as this one, also those " +
			"under slots: the server has to bring them along, by sync_replication_slots"
		carried = []string{
			fmt.Sprintf("from Patroni 4.1 on, in place of that: patronictl edit-config %s --pg "+
				"sync_replication_slots=on --force", f.Cluster),
			"after a switchover drop the slot of the server that was the primary, on that: it is in the " +
				"way of the one that is brought",
		}
	}
	return Finding{
		Level: Warning, Check: "patroni", Found: found,
		Hint: strings.Join(append([]string{
			fmt.Sprintf("patronictl edit-config %s, and add on the top level, unless it is there:",
				f.Cluster),
			"slots:",
			"  " + slot + ":",
			"    type: logical",
			"    database: " + database,
			"    plugin: pgoutput",
			"ignore_slots is not enough: the server that takes over would not have the slot",
		}, carried...), "\n"),
	}
}

// cnpgSlots is failoverSlots of CloudNativePG.
//
// https://cloudnative-pg.io/documentation/current/replication/
func (f *platformFacts) cnpgSlots(major int) Finding {
	finding := Finding{
		Level: Warning, Check: "cloudnative-pg",
		Found: "CloudNativePG brings logical slots to the server that takes over only if it is told " +
			"to; else that would be a gap. " +
			"Whether it is told cannot be seen from here",
		Hint: fmt.Sprintf("in the manifest of Cluster %s, unless it is there:\nspec:\n  "+
			"replicationSlots:\n    highAvailability:\n      enabled: true\n"+
			"      synchronizeLogicalDecoding: true", f.Cluster),
	}
	if major < keepsSlots {
		finding.Hint += "\nBefore Postgres 17 that needs the extension pg_failover_slots in its image"
	}
	return finding
}

// QueryPlatform tells what runs the server of conn.
func QueryPlatform(ctx context.Context, conn *pgx.Conn) (Platform, error) {
	facts, err := queryPlatform(ctx, conn)
	return facts.platform(), err
}
