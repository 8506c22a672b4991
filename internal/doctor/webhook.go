package doctor

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/crm"
	"hookline/webhook"
)

// CheckWebhook makes the checks of what one webhook names: objects, fields, and what it ignores. It
// reads webhooks and catalog of db anew.
func CheckWebhook(ctx context.Context, db *crm.Database, conn *pgx.Conn, key string,
) ([]cdc.Finding, error) {
	x := &checkup{cfg: db.Config, db: db, conn: conn, only: key}
	var err error
	if x.tables, err = db.Tables(ctx, conn); err != nil {
		return nil, err
	}
	if err := db.Read(ctx, conn); err != nil {
		return nil, err
	}
	if x.cfg.CDC.Identity == cdc.IdentityKeep {
		x.known |= keepsIdentity
	}
	var found []cdc.Finding
	for _, h := range x.list() {
		if h.State == webhook.Active {
			found = append(found, checkOperations(x.cfg.Webhook, db.Catalog, x.tables, h)...)
		}
	}
	for _, check := range []func(*checkup, context.Context) ([]cdc.Finding, error){
		(*checkup).choices, (*checkup).ignoring,
	} {
		more, err := check(x, ctx)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// list returns the webhooks that are looked at.
func (x *checkup) list() []webhook.Status {
	list := x.db.Webhooks.List()
	for _, h := range list {
		if x.only == h.Key {
			return []webhook.Status{h}
		}
	}
	if x.only != "" {
		return nil
	}
	return list
}
