// Package twentydb makes a miniature of the database of a Twenty CRM, generation 2.21, for tests
// and the demo.
//
// Schema core has the tables that describe the instance: workspace, application, objectMetadata,
// fieldMetadata, webhook, upgradeMigration. Each workspace has a schema of its own with the tables
// workspaceMember, company, person, opportunity, note, task, noteTarget, taskTarget,
// timelineActivity and the custom object _rocket. Columns, enum types, defaults, foreign keys and
// unique indexes are those of Twenty; metadata rows describe every column, and every field type
// occurs. There are no records. Upgrade makes of it what later versions do.
//
// See https://docs.twenty.com for what Twenty is; nothing in here is taken from its source.
package twentydb

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"math/big"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

const (
	// Workspace is the id of the workspace that Load makes. It is the one that Twenty's own
	// development seed has.
	Workspace = "20202020-1c25-4d02-bf25-6aeccf7ea419"

	// Schema is where the records of Workspace are.
	Schema = "workspace_1wgvd1injqtife6y4rvfbu3h5"

	// StandardApplication is the universalIdentifier of the application that Twenty's standard objects
	// belong to. The tables of other applications' objects have a name that begins with an underscore.
	StandardApplication = "20202020-64aa-4b6f-b003-9c74b97cee20"
)

var (
	//go:embed core.sql
	coreSQL string
	//go:embed model.sql
	modelSQL string
	//go:embed metadata.sql
	metadataSQL string
	//go:embed tables.sql
	tablesSQL string
)

// Load fills an empty database: schema core and one workspace, Workspace, with the name Apple.
func Load(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, coreSQL); err != nil {
		return fmt.Errorf("make schema core: %w", err)
	}
	_, err := AddWorkspace(ctx, conn, Workspace, "Apple")
	return err
}

// AddWorkspace adds a workspace in one transaction and returns the name of its schema.
func AddWorkspace(
	ctx context.Context, conn *pgx.Conn, id, displayName string,
) (schema string, err error) {
	schema, err = SchemaName(id)
	if err != nil {
		return "", err
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, modelSQL); err != nil {
			return fmt.Errorf("read the model: %w", err)
		}
		if _, err := tx.Exec(ctx, "insert into new_workspace values ($1, $2, $3)", id, displayName,
			schema); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, metadataSQL); err != nil {
			return fmt.Errorf("write the metadata: %w", err)
		}
		rows, err := tx.Query(ctx, tablesSQL)
		if err != nil {
			return err
		}
		statements, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (sql string, err error) {
			return sql, row.Scan(nil, &sql)
		})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, strings.Join(statements, ";\n")); err != nil {
			return fmt.Errorf("make the tables: %w", err)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("add workspace %s: %w", id, err)
	}
	return schema, nil
}

// SchemaName is the schema of a workspace: its id as one number, written to base 36.
func SchemaName(id string) (string, error) {
	var uuid pgtype.UUID
	if err := uuid.Scan(id); err != nil {
		return "", fmt.Errorf("workspace id %q: want a UUID", id)
	}
	return "workspace_" + new(big.Int).SetBytes(uuid.Bytes[:]).Text(36), nil
}

// Webhook is what an administrator enters to get a webhook.
type Webhook struct {
	Workspace  string   // default: Workspace
	URL        string   // where to send
	Secret     string   // key of the signature; empty: unsigned
	Operations []string // such as "person.created"; default: "*.*"
}

// AddWebhook adds a row to core.webhook and returns its id.
func AddWebhook(ctx context.Context, conn *pgx.Conn, w Webhook) (id string, err error) {
	workspace := cmp.Or(w.Workspace, Workspace)
	err = conn.QueryRow(ctx, `
		insert into core.webhook (
			id, "universalIdentifier", "targetUrl", secret, operations, "workspaceId", "applicationId")
		select hook, hook, $2, $3, coalesce($4, '{*.*}'::text[]), id, "workspaceCustomApplicationId"
		from core.workspace, public.uuid_generate_v4() hook
		where id = $1
		returning id::text`,
		workspace, w.URL, w.Secret, w.Operations).Scan(&id)
	if err != nil {
		return "", fmt.Errorf("add webhook to workspace %s: %w", workspace, err)
	}
	return id, nil
}
