package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hookline/cdc"
	"hookline/internal/crm"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/mapper/twenty"
	"hookline/webhook"
)

func (x *checkup) webhooks(ctx context.Context) ([]cdc.Finding, error) {
	list := x.db.Webhooks.List()
	if store, err := crm.OpenSpool(ctx, x.cfg); err == nil { // else the check of the spool tells
		defer store.Close()
		_ = crm.NoteSince(ctx, store, list)
	}
	return checkWebhooks(x.cfg.Webhook, x.db.Catalog, x.tables, list), nil
}

// webhookColumns tells which columns are not read.
func (x *checkup) webhookColumns(context.Context) ([]cdc.Finding, error) {
	unread := x.db.Webhooks.Unread()
	if unread == nil {
		return nil, nil
	}
	return []cdc.Finding{
		cdc.OK("columns of webhooks", "not read: %s", strings.Join(unread, ", ")),
	}, nil
}

// checkWebhooks counts the webhooks, and tells of those that are not what they may be thought to
// be.
func checkWebhooks(cfg webhook.Config, catalog mapper.Catalog, tables []cdc.Table,
	list []webhook.Status,
) []cdc.Finding {
	states := map[webhook.RowState]int{}
	for _, h := range list {
		states[h.State]++
	}
	found := []cdc.Finding{cdc.OK("webhooks", "%d active, %d skipped, %d disabled",
		states[webhook.Active], states[webhook.Skipped], states[webhook.Disabled])}
	if states[webhook.Active] == 0 {
		found[0].Level = cdc.Warning
		found[0].Hint = fmt.Sprintf("until there is one, nothing is sent. Hookline's own table takes "+
			"them in any database: "+
			"INSERT INTO %s (url, operations) VALUES ('https://…', '{*.*}');",
			pg.Identifier(cfg.Schema, "webhook"))
	}
	for _, h := range list {
		if h.State != webhook.Disabled && h.Reason != "" {
			found = append(found, checkMistake(h, cfg.Schema+"."+webhook.OwnTable))
		}
		if h.State == webhook.Active {
			found = append(found, checkOperations(cfg, catalog, tables, h)...)
		}
	}
	return append(found, checkDoubles(cfg, catalog, list)...)
}

// checkMistake tells of a row that is skipped, or served in part. One of Hookline's own table is a
// problem; one of the CRM's may be there for good.
func checkMistake(h webhook.Status, own string) cdc.Finding {
	which := h.Key
	if h.Host != "" { // the URL may be what is wrong
		which += " at " + h.Host
	}
	f := cdc.Finding{
		Level: cdc.Warning, Check: "webhook",
		Found: fmt.Sprintf("%s is %s: %s", which, h.State, h.Reason),
		Hint:  "correct the column that is named; it takes effect with its commit",
	}
	if h.State == webhook.Active {
		f.Found = fmt.Sprintf("%s is not quite what its row says: %s", which, h.Reason)
		return f
	}
	if !h.Since.IsZero() {
		f.Found += "; it gets nothing since " + h.Since.Format(time.RFC3339)
	}
	f.Hint += ": " + h.Meanwhile()
	if h.Table == own {
		f.Level = cdc.Wrong
	}
	if strings.Contains(h.Reason, "is encrypted") {
		f.Hint = "make a row of Hookline's own table for it, with a secret that the receiver knows, " +
			"and delete this one in the CRM"
	}
	return f
}

// checkOperations tells of operations that name what is not announced, so that they never match
// anything. Operator events are told to webhooks of Hookline's own table, whatever is announced.
func checkOperations(cfg webhook.Config, catalog mapper.Catalog, tables []cdc.Table,
	h webhook.Status,
) (found []cdc.Finding) {
	own := h.Table == cfg.Schema+"."+webhook.OwnTable
	finding := func(what, mend string) {
		found = append(found, cdc.Finding{
			Level: cdc.Warning, Check: "webhook",
			Found: fmt.Sprintf("%s at %s %s", h.Key, h.Host, what), Hint: mend,
		})
	}
	for _, operation := range h.Operations {
		object, _, _ := strings.Cut(strings.TrimPrefix(operation, twenty.Mark), ".")
		announced, err := catalog.Announces(tables, h.Workspace, object)
		switch {
		case err != nil:
			finding("never hears of anything: "+err.Error(), "set the column of the workspace to the id "+
				"of one that exists, or delete the row")
			return found
		case own && object == mapper.Operator:
		case object != "*" && object != "metadata" && !announced:
			finding(fmt.Sprintf("never hears of %.64q: no object %.64q is announced", operation, object),
				"correct the operation; or wait for the object to be made, to be activated, or to leave "+
					"HOOKLINE_EXCLUDE")
		}
	}
	return found
}

// checkDoubles tells of webhooks that Twenty's own server sends to as well.
func checkDoubles(cfg webhook.Config, catalog mapper.Catalog, list []webhook.Status) []cdc.Finding {
	if catalog.Profile() != "twenty" || cfg.TwentyWebhooks != "all" {
		return nil
	}
	doubles := 0
	for _, h := range list {
		if h.State == webhook.Active && h.Table != cfg.Schema+".webhook" && !allMarked(h.Operations) {
			doubles++
		}
	}
	if doubles == 0 {
		return nil
	}
	return []cdc.Finding{{
		Level: cdc.Warning, Check: "doubles",
		Found: fmt.Sprintf("Twenty's own server sends to %d of the active webhooks, too: their "+
			"receivers hear of everything twice", doubles),
		Hint: "HOOKLINE_TWENTY_WEBHOOKS=marked; then, for each: create a twin through Twenty's API, " +
			"with the same URL and secret and with operations " +
			"such as hookline:person.*, and delete the old one",
	}}
}

func allMarked(operations []string) bool {
	for _, o := range operations {
		if !strings.HasPrefix(o, twenty.Mark) {
			return false
		}
	}
	return true
}
