package cdc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Platform is what runs a server, as far as it can be told from inside. It decides how a setting is changed, and who may give rights.
type Platform string

const (
	Plain    Platform = ""          // none of the following
	Spilo    Platform = "Spilo"     // Zalando's image: Postgres under Patroni, alone or under the Postgres operator
	Patroni  Platform = "Patroni"   // outside of Spilo
	RDS      Platform = "RDS"       // Amazon's, Aurora among them
	CloudSQL Platform = "Cloud SQL" // Google's
	Azure    Platform = "Azure"     // flexible server
)

// adminRoles are the roles that providers make in each of their servers, for administrators that are no superusers.
var adminRoles = map[Platform]string{RDS: "rds_superuser", CloudSQL: "cloudsqlsuperuser", Azure: "azure_pg_admin"}

// platformFacts is what a platform is told by.
type platformFacts struct {
	Roles       []string // those of all roles that tell something
	BgMon       bool     // the extension bg_mon is loaded, which Spilo brings along
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
	case f.BgMon, slices.Contains(f.Roles, "robot_zmon") && slices.Contains(f.Roles, "standby"):
		return Spilo
	case slices.Contains(f.CommandLine, "cluster_name") && slices.Contains(f.CommandLine, "wal_level"):
		return Patroni
	}
	return Plain
}

// lookAtPlatform reads the facts. What the role may not see counts as not there.
//
// https://patroni.readthedocs.io/en/latest/patroni_configuration.html, https://github.com/zalando/spilo
func lookAtPlatform(ctx context.Context, conn *pgx.Conn) (f platformFacts, err error) {
	err = conn.QueryRow(ctx, `SELECT
		ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY ('{rds_superuser,cloudsqlsuperuser,azure_pg_admin,robot_zmon,standby}')),
		current_setting('bg_mon.listen_address', true) IS NOT NULL
			OR EXISTS (SELECT FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting ~ '\mbg_mon\M'),
		current_setting('cluster_name'), ARRAY(SELECT name::text FROM pg_settings WHERE source = 'command line')`).
		Scan(&f.Roles, &f.BgMon, &f.Cluster, &f.CommandLine)
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
		return fmt.Sprintf("where Patroni runs, which overrules ALTER SYSTEM:\npatronictl edit-config %s --pg %s=%s --force%s",
			f.Cluster, name, value, then), nil
	case RDS, CloudSQL, Azure:
		if restart {
			then = ", then restart the server"
		}
		parameter := map[Platform]string{RDS: "parameter group", CloudSQL: "database flag", Azure: "server parameter"}[p]
		switch {
		case name == "wal_level" && p == RDS:
			name, value = "rds.logical_replication", "1"
		case name == "wal_level" && p == CloudSQL:
			name, value = "cloudsql.logical_decoding", "on"
		}
		return fmt.Sprintf("%s, %s: %s = %s%s", p, parameter, name, value, then), nil
	}
	if slices.Contains(f.CommandLine, name) {
		return fmt.Sprintf("%s is given on the command line of the server, which overrules ALTER SYSTEM. Change it there, "+
			"and restart Postgres: postgres -c %[1]s=%s", name, value), nil
	}
	sql = []string{fmt.Sprintf("ALTER SYSTEM SET %s = %s", name, quoteLiteral(value))}
	if !restart {
		return "as a superuser", append(sql, "SELECT pg_reload_conf()")
	}
	return fmt.Sprintf("in a container: command: postgres -c %s=%s\nElsewhere as a superuser, and then restart Postgres", name, value), sql
}

// admin is who may give rights.
func (p Platform) admin() string {
	if role, managed := adminRoles[p]; managed {
		return "as a role that is in " + role
	}
	return "as a superuser"
}

// patroniSlots warns of what Patroni does to slots that it has not made. Whether it was told to let ours be cannot be seen from here.
//
// https://patroni.readthedocs.io/en/latest/dynamic_configuration.html (ignore_slots)
func (f *platformFacts) patroniSlots(slot, database string) []Finding {
	if p := f.platform(); p != Spilo && p != Patroni {
		return nil
	}
	return []Finding{{
		Level: Warning, Check: "patroni",
		Found: fmt.Sprintf("Patroni drops slots that it does not know when nobody reads them, as after a restart or a failover; that would be a gap. "+
			"Whether it has been told to spare %q cannot be seen from here", slot),
		Mend: strings.Join([]string{
			fmt.Sprintf("patronictl edit-config %s, and add on the top level, unless it is there:", f.Cluster),
			"ignore_slots:",
			"- name: " + slot,
			"  type: logical",
			"  database: " + database,
			"  plugin: pgoutput",
		}, "\n"),
	}}
}

// FindPlatform tells what runs the server of conn.
func FindPlatform(ctx context.Context, conn *pgx.Conn) (Platform, error) {
	facts, err := lookAtPlatform(ctx, conn)
	return facts.platform(), err
}
