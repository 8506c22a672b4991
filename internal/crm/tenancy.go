package crm

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/tenants"
)

// ErrTenants ends a session when webhooks are kept apart otherwise than at its start.
var ErrTenants = errors.New(
	"another column, or none, says by now which tenant a webhook belongs to")

// divide has the catalog keep tenants apart as the webhooks are. Once that is settled it stays so:
// errTenants calls for a new start.
func (d *Database) divide(ctx context.Context, tx pgx.Tx) error {
	tenanted, ok := d.Catalog.(mapper.Tenanted)
	if !ok {
		return nil
	}
	tenancy, err := d.Webhooks.FindTenancy(ctx, tx)
	if err != nil {
		return err
	}
	before, divided := tenanted.Divided()
	switch {
	case !divided && !tenancy.On:
		if err := d.asksForTenants(ctx, tx); err != nil {
			return err
		}
		return tenanted.Divide(ctx, tx, tenancy)
	case !divided:
		_, column, err := cdc.NotedTenant(ctx, tx, d.Config.CDC)
		if err != nil {
			return err
		}
		if column != "" {
			tenanted.Settle()
		}
		return tenanted.Divide(ctx, tx, tenancy)
	case before == tenancy:
	case !tenancy.On: // by mistake, most likely, and then all would hear of everything
		if !d.lost {
			d.lost = true
			d.Log.Error("the column that tells tenants apart is gone: "+
				"webhooks keep the tenants that they had, and the next start will ask",
				"table", before.Table.String(), "column", before.Own, "to_mend_it",
				"HOOKLINE_TENANT_COLUMN names the column, or is none where there are no tenants any more")
		}
	default:
		return ErrTenants
	}
	return nil
}

// asksForTenants returns a *cdc.Problem where tenants were told apart before, and nobody has said
// that there are none any more: all webhooks would hear of everything.
func (d *Database) asksForTenants(ctx context.Context, tx pgx.Tx) error {
	if d.Config.Webhook.Tenants.Off() {
		return nil
	}
	table, column, err := cdc.NotedTenant(ctx, tx, d.Config.CDC)
	if err != nil || column == "" {
		return err
	}
	what := fmt.Sprintf("webhooks were kept apart by column %s of table %s, "+
		"and nothing says any more which tenant a webhook belongs to", column, table)
	if own, _ := d.Webhooks.OwnTenant(); table == own {
		return &cdc.Problem{What: what, Hint: fmt.Sprintf(
			"HOOKLINE_TENANT_COLUMN=<column> names the column of the other tables that it is matched with, "+
				"as it did; HOOKLINE_TENANT_COLUMN=%s says that there are no tenants any more, "+
				"and all webhooks hear of everything", tenants.None)}
	}
	return &cdc.Problem{
		What: what,
		Hint: fmt.Sprintf("HOOKLINE_TENANT_COLUMN=<column> names the column that does, with "+
			"%s.%s=<column> where the table of webhooks has "+
			"another than the other tables; HOOKLINE_TENANT_COLUMN=%s says that there are no tenants any "+
			"more, and all webhooks hear of everything",
			table.Schema, table.Name, tenants.None),
	}
}

// noteTenancy writes down how webhooks are kept apart, for asksForTenants.
func (d *Database) noteTenancy(ctx context.Context, conn *pgx.Conn) error {
	tenanted, ok := d.Catalog.(mapper.Tenanted)
	if !ok {
		return nil
	}
	tenancy, _ := tenanted.Divided()
	if !tenancy.On {
		return nil
	}
	table, column := tenancy.Table, tenancy.Own
	if column == "" {
		table, column = d.Webhooks.OwnTenant()
	}
	return cdc.NoteTenant(ctx, conn, d.Config.CDC, table, column)
}

// divideAsConfigured has the catalog keep tenants apart as the settings say, where no table of
// webhooks has told yet.
func (d *Database) divideAsConfigured(ctx context.Context, tx pgx.Tx) error {
	tenanted, ok := d.Catalog.(mapper.Tenanted)
	if !ok {
		return nil
	}
	if _, divided := tenanted.Divided(); divided {
		return nil
	}
	return tenanted.Divide(ctx, tx, d.Webhooks.ConfiguredTenancy())
}

// losesTenants reports whether tenants are kept apart, and the webhooks that were read last have
// none: their table is another one. Nobody would hear of anything.
func (d *Database) losesTenants() bool {
	tenanted, ok := d.Catalog.(mapper.Tenanted)
	if !ok {
		return false
	}
	before, _ := tenanted.Divided()
	return before.On && !d.Webhooks.Tenancy().On
}
