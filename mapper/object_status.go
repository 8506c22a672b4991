package mapper

// ObjectStatus is what is announced of a table, or why nothing is.
type ObjectStatus struct {
	Table   string   `json:"table"` // schema.table
	Object  string   `json:"object,omitempty"`
	Events  []string `json:"events,omitempty"`
	Key     []string `json:"key,omitempty"`     // columns that tell records apart
	Tenant  string   `json:"tenant,omitempty"`  // whose the records are; "" where there are no tenants
	LeftOut []string `json:"leftOut,omitempty"` // columns that are
	Reason  string   `json:"reason,omitempty"`  // why nothing is announced
}

// EventNames returns the names of the events that an object may have.
func EventNames(object string, softDeletes, destroys, drafts bool) (names []string) {
	for a := range actions {
		switch {
		case a == Published && !drafts, a == Unpublished && !drafts:
		case a == Restored && !softDeletes, a == Destroyed && !softDeletes && !destroys:
		default:
			names = append(names, object+"."+a.String())
		}
	}
	return names
}
