package twenty

import (
	"context"
	"slices"
	"strings"

	"hookline/mapper"
)

// Objects tells of the objects of all workspaces, as of the last Load. It asks nothing.
func (t *Catalog) Objects(context.Context, mapper.Querier) ([]mapper.ObjectStatus, error) {
	m := t.metadata
	var list []mapper.ObjectStatus
	for _, o := range m.objects.rows {
		w := m.workspaces.rows[o.workspace]
		if w == nil {
			continue
		}
		table := m.table(w.schemaName(), o)
		s := mapper.ObjectStatus{Table: table.schema + "." + table.name}
		switch {
		case w.deleted:
			s.Reason = "its workspace is deleted"
		case !o.active:
			s.Reason = "the object is not active"
		case t.omits(m, o) != "":
			s.Reason = t.omits(m, o)
		case !m.tables[table]:
			s.Reason = "there is no such table"
		case !t.shown(o):
			s.Reason = "it is private: " + t.reason(o) + "; HOOKLINE_PRIVATE_OBJECTS has it announced"
		default:
			s.Object, s.Key, s.Tenant = o.name, []string{"id"}, o.workspace.String()
			s.Events = mapper.EventNames(o.name, true, true, false)
			if t.rulesIn(o.workspace).of[o].kind == ruleInherited {
				s.Tenant += ", record by record"
			}
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b mapper.ObjectStatus) int {
		return strings.Compare(a.Table, b.Table)
	})
	return list, nil
}
