package preset

import (
	"slices"
	"strings"

	"hookline/mapper/credential"
	"hookline/mapper/naming"
)

// Medusa keeps each of its data models in a table that has the model's name in snake case, and the
// fields likewise. Queries (query.graph) and the API's JSON have these names, too. Tables that join
// two models are told under their own names, since joining moves nothing in the models' rows.
var medusa = &Preset{
	Name: "medusa", Title: "Medusa",
	Marks: []string{"link_module_migrations", "auth_identity", "product_variant"},
	learn: func(said) about { return aboutMedusa },
}

// What of Medusa runs the shop and is nobody's record: migrations, workflows, indexes; who may log
// in, and how; the mails that were sent, in whose data are links to log in.
var medusaOwn = naming.Set(`
	link_module_migrations script_migrations mikro_orm_migrations workflow_execution
	api_key publishable_api_key_sales_channel invite user notification payment_session
	provider_identity user_preference view_configuration layout_configuration property_label
	invite_rbac_role user_rbac_role
`)

// medusaOwnModules are the beginnings of the names of tables that are its own likewise.
var medusaOwnModules = []string{"auth_", "index_", "search_", "rbac_"}

func aboutMedusa(d *credential.Outline) Facts {
	module := func(prefix string) bool { return strings.HasPrefix(d.Table, prefix) }
	if medusaOwn[d.Table] || slices.ContainsFunc(medusaOwnModules, module) ||
		strings.HasSuffix(d.Table, "_provider") || strings.HasSuffix(d.Table, "_providers") {
		return Facts{Skipped: "it is one of Medusa's own"}
	}
	return Facts{
		object: d.Table,
		key:    func(column string) string { return column },
		Touch:  func(column string) bool { return column == "updated_at" },
	}
}
