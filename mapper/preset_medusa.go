package mapper

import "strings"

// Medusa keeps each of its data models in a table that has the model's name in snake case, as
// queries (query.graph) and the API's JSON have it, and the fields likewise. Tables that join two
// models are told under their own names, since joining moves nothing in the models' rows.
var medusa = &preset{
	name: "medusa", title: "Medusa",
	marks: []string{"link_module_migrations", "auth_identity", "product_variant"},
	learn: func(said) about { return aboutMedusa },
}

// What of Medusa runs the shop and is nobody's record: migrations, workflows, indexes; who may log
// in, and how; the mails that were sent, in whose data are links to log in.
var medusaOwn = set(`
	link_module_migrations script_migrations mikro_orm_migrations workflow_execution
	index_data index_relation index_metadata index_sync
	auth_identity provider_identity api_key invite user notification
	payment_session credit_line
	auth_mfa_factor auth_mfa_recovery_code auth_password_reset_token auth_verification
	user_preference view_configuration property_label
`)

func aboutMedusa(d *outline) facts {
	if medusaOwn[d.table] || strings.HasSuffix(d.table, "_provider") {
		return facts{left: "it is one of Medusa's own"}
	}
	return facts{
		object: d.table,
		key:    func(column string) string { return column },
		touch:  func(column string) bool { return column == "updated_at" },
	}
}
