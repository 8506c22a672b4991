package twentydb

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/jackc/pgx/v5"
)

//go:embed upgrade
var upgradeSQL embed.FS

// Versions are the versions of Twenty that Upgrade takes a database to, each by way of those before
// it. For each, the files in upgrade say what its server does to schema core, and what to each
// workspace; and which version in between did what.
var Versions = []string{"2.21", "2.39", "2.41", "2.43", "2.46"}

// LoadAt fills an empty database as Load does and takes it to one of Versions. "" is as good as the
// first, but for the standard objects that the miniature leaves out.
func LoadAt(ctx context.Context, conn *pgx.Conn, version string) error {
	if err := Load(ctx, conn); err != nil || version == "" {
		return err
	}
	return Upgrade(ctx, conn, version)
}

// Upgrade takes the server and all workspaces to one of Versions, as Twenty's command upgrade does:
// from what Load has made, from an earlier version, or from the database of a real server of
// version 2.21. What is done already, as core."upgradeMigration" has it, is not done again.
func Upgrade(ctx context.Context, conn *pgx.Conn, version string) error {
	return upgrade(ctx, conn, version, true)
}

// UpgradeServer takes the server alone to one of Versions. It is what the database looks like until
// the workspaces have their turn, or when that fails.
func UpgradeServer(ctx context.Context, conn *pgx.Conn, version string) error {
	return upgrade(ctx, conn, version, false)
}

func upgrade(ctx context.Context, conn *pgx.Conn, version string, workspaces bool) error {
	last := slices.Index(Versions, version)
	if last < 0 {
		return fmt.Errorf("version %q: want one of %q", version, Versions)
	}
	functions, err := upgradeSQL.ReadFile("upgrade/functions.sql")
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, string(functions)); err != nil {
		return fmt.Errorf("make the functions of an upgrade: %w", err)
	}
	for _, v := range Versions[:last+1] {
		if err := step(ctx, conn, v, "server", ""); err != nil {
			return err
		}
		if !workspaces {
			continue
		}
		rows, err := conn.Query(ctx, "select id::text from core.workspace order by id")
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := step(ctx, conn, v, "workspace", id); err != nil {
				return err
			}
		}
	}
	return nil
}

// step does to the server, or to a workspace, what a version does, in one transaction, and notes it
// down.
func step(ctx context.Context, conn *pgx.Conn, version, what, workspace string) error {
	sql, err := upgradeSQL.ReadFile("upgrade/" + version + "-" + what + ".sql")
	if errors.Is(err, fs.ErrNotExist) {
		sql = nil
	} else if err != nil {
		return err
	}
	name := version + ".0_Miniature_" + what
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var done bool
		err := tx.QueryRow(ctx, `
			select exists (select from core."upgradeMigration"
				where name = $1 and "workspaceId" is not distinct from nullif($2, '')::uuid)`, name, workspace).Scan(&done)
		if err != nil || done {
			return err
		}
		_, err = tx.Exec(ctx, `create temp table upgraded (id uuid, schema text) on commit drop`)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			insert into upgraded select id, "databaseSchema" from core.workspace where id = nullif($1, '')::uuid`, workspace)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, string(sql)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			insert into core."upgradeMigration" (name, status, "executedByVersion", "workspaceId")
			values ($1, 'completed', $2 || '.0', nullif($3, '')::uuid)`, name, version, workspace)
		return err
	})
	if err != nil {
		return fmt.Errorf("upgrade %s to %s: %w", what, version, err)
	}
	return nil
}
