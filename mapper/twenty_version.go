package mapper

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

// twentyVersion is the newest version of a Twenty server that has worked on the database. Each command of an upgrade is a row of
// core."upgradeMigration", which names the version that has run it.
type twentyVersion struct{ major, minor int }

const upgradeTable = "upgradeMigration"

func (v twentyVersion) least(other twentyVersion) bool {
	return v.major > other.major || v.major == other.major && v.minor >= other.minor
}

// see takes a version and reports whether it is newer than those before.
func (v *twentyVersion) see(text string) bool {
	var seen twentyVersion
	if n, _ := fmt.Sscanf(text, "%d.%d", &seen.major, &seen.minor); n < 2 || v.least(seen) {
		return false
	}
	*v = seen
	return true
}

func (v *twentyVersion) follow(change cdc.Change) bool {
	c := change.Relation.Column("executedByVersion")
	return c >= 0 && change.New != nil && v.see(change.New[c].String())
}

// loadVersion reads the version, where the database tells and the role may read it.
func (m *twentyMetadata) loadVersion(ctx context.Context, tx pgx.Tx) error {
	var readable bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'executedByVersion' AND NOT a.attisdropped
			WHERE n.nspname = 'core' AND c.relname = $1 AND has_table_privilege(c.oid, 'SELECT'))`, upgradeTable).Scan(&readable)
	if err != nil {
		return fmt.Errorf("look for core.%q: %w", upgradeTable, err)
	}
	if !readable {
		return nil
	}
	rows, err := tx.Query(ctx, `SELECT DISTINCT "executedByVersion" FROM core."upgradeMigration"`)
	if err != nil {
		return fmt.Errorf("read core.%q: %w", upgradeTable, err)
	}
	versions, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read core.%q: %w", upgradeTable, err)
	}
	for _, v := range versions {
		m.version.see(v)
	}
	m.control[twentyTable{"core", upgradeTable}] = &m.version
	return nil
}
