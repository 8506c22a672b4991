package webhook

import (
	"strings"

	"hookline/cdc"
	"hookline/mapper/naming"
)

// LooksLike reports whether a table with such a name and such columns is one of webhooks, whether
// or not they are served: a copy that a migration makes, a backup, or the CRM's own where
// Hookline's is used.
func LooksLike(table string, columns []string) bool {
	list := make([]cdc.Column, len(columns))
	for i, name := range columns {
		list[i].Name = name
	}
	if find(list, roleNames[roleURL]) < 0 {
		return false
	}
	return strings.Contains(naming.Plain(table), "webhook") ||
		find(list, roleNames[roleSecret]) >= 0
}
