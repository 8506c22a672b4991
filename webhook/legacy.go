package webhook

import (
	"cmp"
	"strings"

	"hookline/cdc"
	"hookline/mapper"
)

// legacyColumn is where Twenty kept what a webhook hears of before 0.33.
const legacyColumn = "operation"

// fromLegacy returns an operation of that column as Twenty has spelled it since: person.create is person.created, and so is create.person,
// the order of the versions before mid 2024. What is neither stays as it is.
func fromLegacy(operation string) string {
	pattern := strings.TrimPrefix(operation, mark)
	prefix := strings.TrimSuffix(operation, pattern)
	object, action, found := strings.Cut(pattern, ".")
	if !found {
		return operation
	}
	if fromLegacyAction(action) == "" && (fromLegacyAction(object) != "" || object == "*" && action != "*") {
		object, action = action, object
	}
	return prefix + object + "." + cmp.Or(fromLegacyAction(action), action)
}

// fromLegacyAction returns an action by its name of today, "" for what is not one.
func fromLegacyAction(name string) string {
	switch name {
	case "create":
		return mapper.Created.String()
	case "update":
		return mapper.Updated.String()
	case "delete":
		return mapper.Deleted.String()
	case "destroy":
		return mapper.Destroyed.String()
	}
	if _, known := mapper.ParseAction(name); known {
		return name
	}
	return ""
}

// adopt makes a source of the table of webhooks of a workspace that came after Load, in a version that has one for each; nil when rel is no
// such table.
func (r *Registry) adopt(rel *cdc.Relation) *source {
	if rel.Name != coreWebhook.Name || r.sources[coreWebhook] != nil || r.cfg.ownOnly() {
		return nil
	}
	workspace, _ := workspaceOf(rel.Schema)
	if _, known := r.tenants[workspace]; !known {
		return nil
	}
	s := &source{
		table: cdc.Table{Schema: rel.Schema, Name: rel.Name}, oid: rel.OID, kind: ofTwenty, tenants: true, workspace: workspace,
		marked: r.cfg.TwentyWebhooks == twentyMarked, format: r.cfg.Format, workspaces: r.tenants, primaryKey: []string{"id"},
	}
	if err := s.follow(rel); err != nil {
		r.log.Error("the webhooks of a workspace are left out", "table", s.name(), "error", err)
		return nil
	}
	s.has = s.layout.names
	r.mu.Lock()
	r.sources[s.table] = s
	r.mu.Unlock()
	return s
}
