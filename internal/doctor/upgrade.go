package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
)

// upgradeFacts is what pg_upgrade looks at, as far as it concerns slots, and what the new server
// needs for them.
type upgradeFacts struct {
	major, minor int
	prepared     []string // transactions that are prepared
	slots        int      // logical ones
	lost         []string // logical slots that can no longer be read
	others       []string // logical slots beside ours that can
}

// CheckUpgrade checks what pg_upgrade refuses for the sake of slots, before anything is done, and
// tells of what the new server needs.
//
// https://www.postgresql.org/docs/current/logical-replication-upgrade.html
func CheckUpgrade(ctx context.Context, conn *pgx.Conn, cfg cdc.Config) ([]cdc.Finding, error) {
	var f upgradeFacts
	err := conn.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int / 10000,
		       current_setting('server_version_num')::int % 10000,
		       ARRAY(SELECT gid FROM pg_prepared_xacts ORDER BY gid), count(*),
		       coalesce(array_agg(slot_name::text) FILTER (WHERE lost), '{}'),
		       coalesce(array_agg(slot_name::text) FILTER (WHERE NOT lost AND slot_name <> $1), '{}')
		FROM (
		    SELECT slot_name, coalesce(wal_status = 'lost', false)
		        OR to_jsonb(s)->>'invalidation_reason' IS NOT NULL AS lost
		    FROM pg_replication_slots s WHERE slot_type = 'logical' AND NOT temporary
		    ORDER BY slot_name) slots`, cfg.Slot).
		Scan(&f.major, &f.minor, &f.prepared, &f.slots, &f.lost, &f.others)
	if err != nil {
		return nil, fmt.Errorf("look at what pg_upgrade refuses: %w", err)
	}
	return f.findings(), nil
}

func (f *upgradeFacts) findings() []cdc.Finding {
	found := []cdc.Finding{f.checkVersion(), f.checkPrepared()}
	if cdc.KeepsSlots(f.major) {
		found = append(found, f.checkLost(), f.checkOthers())
	}
	return found
}

func (f *upgradeFacts) checkVersion() cdc.Finding {
	const check = "version"
	if fault := cdc.KnownFaults(f.major, f.minor); fault != "" {
		return cdc.Finding{
			Level: cdc.Warning, Check: check,
			Found: fmt.Sprintf("Postgres %d.%d %s", f.major, f.minor, fault),
			Hint: "bring the server to its latest minor release before the upgrade, and upgrade to the " +
				"latest one of the new version",
		}
	}
	return cdc.OK(check, "Postgres %d.%d", f.major, f.minor)
}

func (f *upgradeFacts) checkPrepared() cdc.Finding {
	const check = "prepared transactions"
	if len(f.prepared) == 0 {
		return cdc.OK(check, "none")
	}
	found := cdc.Finding{
		Level: cdc.Wrong, Check: check, Found: fmt.Sprintf("pg_upgrade refuses them: %s",
			strings.Join(f.prepared, ", ")),
		Hint: "commit them, or roll them back, each in its database",
	}
	for _, gid := range f.prepared {
		found.SQL = append(found.SQL, "ROLLBACK PREPARED "+pg.Literal(gid))
	}
	return found
}

func (f *upgradeFacts) checkLost() cdc.Finding {
	const check = "lost slots"
	if len(f.lost) == 0 {
		return cdc.OK(check, "none")
	}
	found := cdc.Finding{
		Level: cdc.Wrong, Check: check,
		Found: fmt.Sprintf("pg_upgrade refuses logical slots that can no "+
			"longer be read: %s", strings.Join(f.lost, ", ")),
		Hint: "drop them",
	}
	for _, name := range f.lost {
		found.SQL = append(found.SQL, "SELECT pg_drop_replication_slot("+pg.Literal(name)+")")
	}
	return found
}

func (f *upgradeFacts) checkOthers() cdc.Finding {
	const check = "slots of others"
	if len(f.others) == 0 {
		return cdc.OK(check, "none")
	}
	return cdc.Finding{
		Level: cdc.Warning, Check: check,
		Found: fmt.Sprintf("pg_upgrade refuses while these logical slots "+
			"have not consumed all of the WAL: %s", strings.Join(f.others, ", ")),
		Hint: "see to it that whoever reads them has come to the end; drop those that nobody reads",
	}
}

// NewServer tells what the server needs that pg_upgrade makes of this one.
func NewServer(ctx context.Context, conn *pgx.Conn) (needs string, keepsSlot bool, err error) {
	var major, slots int
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int / 10000,
		(SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'logical' AND NOT temporary)`).
		Scan(&major, &slots)
	if err != nil {
		return "", false, fmt.Errorf("count the slots: %w", err)
	}
	return fmt.Sprintf("wal_level = logical and max_replication_slots = %d or more", max(slots, 1)),
		cdc.KeepsSlots(major), nil
}
