package preset

import (
	"strings"

	"hookline/mapper/credential"
	"hookline/mapper/naming"
	"hookline/mapper/pattern"
)

// LedgerSMB keeps its contacts in several tables, and what is owed in tables of two letters. What
// it has booked is in acc_trans, lines that nobody edits, and each document is registered in
// transactions once more.
var ledgerSMB = &Preset{
	Name: "ledgersmb", Title: "LedgerSMB",
	Marks: []string{"entity_credit_account", "acc_trans", "oe"},
	Values: pattern.Values{
		Omit: omits("file_*.content:64KB"),
	},
	learn: func(said) about { return aboutLedgerSMB },
}

// What of LedgerSMB runs it and is nobody's record: sessions and forms, settings, menus, rights,
// registers, classes and lists that come with it, what joins a booking to something, and what is
// computed.
var ledgerSMBOwn = naming.Set(`
	acc_trans ac_tax_form account_checkpoint account_link account_link_description audittrail
	batch_class bu_class_to_module business_unit_ac business_unit_class business_unit_inv
	business_unit_jl business_unit_oitem contact_class country country_tax_form cr_coa_to_account
	custom_field_catalog custom_table_catalog db_patch_log db_patches defaults employee_class
	entity_class file_class file_view_catalog fixes invoice_tax_form jctype journal_type
	language location_class location_class_to_entity_class lsmb_group lsmb_group_grants lsmb_module
	lsmb_sequence menu_acl menu_attribute menu_node mime_type note_class oe_class open_forms
	payment_links payment_map payment_type recurring recurringemail recurringprint salutation session
	status tax_extended taxmodule template trans_type transactions trial_balance__yearend_types
	user_preference voucher yearend asset_class asset_dep_method asset_disposal_method
	asset_report_class asset_unit_class
	file_base file_secondary_attachment note translation
	journal_entry journal_line journal_note eca_invoice
`)

var ledgerSMBObjects = map[string]string{
	"ar": "arTransaction", "ap": "apTransaction", "gl": "journalEntry", "oe": "order",
	"orderitems": "orderLine", "invoice": "invoiceLine", "jcitems": "timecard",
	"entity_credit_account": "creditAccount", "entity_employee": "employee",
	"entity_bank_account": "bankAccount", "entity_to_contact": "entityContact",
	"entity_to_location": "entityLocation", "entity_other_name": "otherName",
	"eca_to_contact": "creditAccountContact", "eca_to_location": "creditAccountLocation",
	"eca_note": "creditAccountNote", "eca_tax": "creditAccountTax", "cr_report": "reconciliation",
	"cr_report_line": "reconciliationLine", "budget_info": "budget", "asset_item": "asset",
	"new_shipto": "shippingAddress", "partsgroup": "partsGroup", "partstax": "partTax",
	"partscustomer": "customerPrice", "partsvendor": "vendorPrice", "pricegroup": "priceGroup",
	"exchangerate": "exchangeRate", "taxcategory": "taxCategory", "makemodel": "makeModel",
	"file_eca": "creditAccountFile", "parts_translation": "partTranslation",
}

func aboutLedgerSMB(d *credential.Outline) Facts {
	if ledgerSMBOwn[d.Table] || strings.HasPrefix(d.Table, "payroll_") {
		return Facts{Skipped: "it is one of LedgerSMB's own"}
	}
	return Facts{
		object: ledgerSMBObjects[d.Table],
		key: func(column string) string {
			if name := ledgerSMBNames[column]; name != "" {
				return name
			}
			return naming.CamelCase(column)
		},
	}
}

// ledgerSMBNames are the names of columns that are several words, by how the tables spell them.
var ledgerSMBNames = spelled(`
	avgCost birthDate checkedIn checkedOut creditLimit crDate deliveryDate dueDate employeeNumber
	endDate fxSellPrice intNotes invNumber lastCost leadTime listPrice makeModel maxValue minValue
	netAmount onHand ordNumber partNumber partsGroup poNumber priceBreak priceGroup priceUpdate
	quoNumber reqDate sellPrice serialNumber shippingDate shippingPoint shipVia startDate
	taxCategoryName taxIncluded taxModuleName taxNumber transDate validFrom validTo assemblyItem
`, map[string]string{})
