package main

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"hookline/internal/twentydb"
)

// loadDemo makes the demo's Twenty database of an empty one, without records and webhooks.
func loadDemo(ctx context.Context, url string, out io.Writer) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("--load: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var taken bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'core')`).
		Scan(&taken)
	if err != nil {
		return fmt.Errorf("look at database %q: %w", conn.Config().Database, err)
	}
	if taken {
		return fmt.Errorf("--load: database %q has a schema core already, want an empty database",
			conn.Config().Database)
	}
	if err := twentydb.Load(ctx, conn); err != nil {
		return err
	}
	fmt.Fprintf(out, "Loaded a small Twenty database: workspace %s, its records in schema %s.\n",
		twentydb.Workspace, twentydb.Schema)
	return nil
}
