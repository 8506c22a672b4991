package twenty

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
	"hookline/mapper"
)

// Announces reports whether objects of that name are announced in a workspace, in any for Everyone.
// The error says why nothing of the workspace is.
func (t *Catalog) Announces(_ []cdc.Table, workspace, object string) (bool, error) {
	if workspace == mapper.Everyone {
		for name, o := range t.metadata.names {
			if name.name == object && t.announces(o) {
				return true, nil
			}
		}
		return false, nil
	}
	var id pgtype.UUID
	_ = id.Scan(workspace) // one that is no UUID is not there
	if w := t.metadata.workspaces.rows[id]; w == nil || w.deleted {
		return false, fmt.Errorf("workspace %q does not exist", workspace)
	}
	o := t.metadata.names[objectKey{id, object}]
	return o != nil && t.announces(o), nil
}

// Checks returns what the doctor checks of Twenty's database, by the last Load.
func (t *Catalog) Checks(mapper.Circumstances) []mapper.Check {
	known := func(name string, f func() []cdc.Finding) mapper.Check {
		return mapper.Check{
			Name: name,
			Run:  func(context.Context, *pgx.Conn) ([]cdc.Finding, error) { return f(), nil },
		}
	}
	return []mapper.Check{
		known("version of Twenty", t.checkUpgrades),
		known("objects", func() []cdc.Finding { return []cdc.Finding{t.checkObjects()} }),
		known("objects", t.checkSettings),
		known("who may read", t.checkReaders),
		{Name: "who may read", Run: t.CheckDeciding},
	}
}

// CheckLayout tells how the database is laid out, or which rights the role lacks to read that.
func (t *Catalog) CheckLayout(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error) {
	return checkLayout(ctx, conn)
}

// FindDeployment finds out how the server was probably set up.
func (t *Catalog) FindDeployment(ctx context.Context, conn *pgx.Conn) (mapper.Deployment, error) {
	d, err := findDeployment(ctx, conn)
	return &d, err
}
