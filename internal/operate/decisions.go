package operate

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/admin/api"
	"hookline/cdc"
	"hookline/internal/crm"
)

// Decisions is that of api.Backend.
func (d *Backend) Decisions(ctx context.Context, name string) ([]api.Decision, error) {
	var key string
	err := d.view.conn(ctx, func(ctx context.Context, db *crm.Database, conn *pgxpool.Conn) error {
		row, err := db.Webhooks.Row(ctx, conn.Conn(), name)
		key = row.Key
		return answerable(err)
	})
	if err != nil {
		return nil, err
	}
	list := []api.Decision{}
	for _, one := range d.Chosen.Of(key) {
		list = append(list, api.Decision{
			Time: one.Time, Event: one.Event, ID: one.ID, Verdict: string(one.Verdict),
			Reason: one.Reason, Filter: one.Filter.String(),
		})
	}
	return list, nil
}

// unclear adds how the webhook's filter has failed.
func (d *Backend) unclear(h *api.Webhook) {
	f := d.Chosen.Failing(h.Key, h.Filter)
	h.Undecided, h.Unclear = f.Times, f.Reason
}

// unclearFilter tells of a filter that has failed.
func unclearFilter(h *api.Webhook) cdc.Finding {
	return cdc.Finding{
		Level: cdc.Warning, Check: "filter",
		Found: fmt.Sprintf("the filter of %s at %s could not be evaluated for %d events, which were "+
			"sent: %s", h.Key, h.Host, h.Undecided, h.Unclear),
		Hint: "hookline webhooks try " + h.Key,
	}
}
