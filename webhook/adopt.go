package webhook

import (
	"hookline/cdc"
	"hookline/mapper/twenty"
)

// adopt begins to follow the table of webhooks of a workspace that came after Load, in a version
// that has one for each; nil when rel is no such table.
func (r *Registry) adopt(rel *cdc.Relation) *webhookTable {
	if rel.Name != twenty.WebhookTable.Name || r.tables[twenty.WebhookTable] != nil ||
		r.cfg.ownOnly() {
		return nil
	}
	workspace, _ := twenty.WorkspaceOf(rel.Schema)
	if _, known := r.tenants[workspace]; !known {
		return nil
	}
	s := &webhookTable{
		table: cdc.Table{
			Schema: rel.Schema,
			Name:   rel.Name,
		},
		oid:        rel.OID,
		kind:       ofTwenty,
		tenants:    true,
		workspace:  workspace,
		marked:     r.cfg.TwentyWebhooks == twentyMarked,
		format:     r.cfg.Format,
		workspaces: r.tenants,
		primaryKey: []string{"id"},
		changes:    r.cfg.changes(),
	}
	if err := s.follow(rel); err != nil {
		r.log.Error("the webhooks of a workspace are left out", "table", s.name(), "error", err)
		return nil
	}
	s.has = s.layout.names
	r.mu.Lock()
	r.tables[s.table] = s
	r.mu.Unlock()
	return s
}
