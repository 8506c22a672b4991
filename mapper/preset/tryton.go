package preset

import (
	"strings"

	"hookline/mapper/credential"
	"hookline/mapper/naming"
	"hookline/mapper/pattern"
)

// Tryton keeps a model in the table of its name, sale.line in sale_line, and says in ir_model what
// people call it: Sale Line. A record with a history is copied to another table at each save. All
// of its rows tell who wrote them last and when, so an update of that alone is none.
var tryton = &Preset{
	Name: "tryton", Title: "Tryton",
	Marks: []string{trytonModels, "ir_module", "res_user"},
	Says: []Saying{
		{Table: trytonModels, key: "id", columns: []string{"model", "name"}},
	},
	Values: pattern.Values{
		Omit: omits("ir_attachment.data:64KB,account_invoice.invoice_report_cache"),
	},
	learn: learnTryton,
}

const trytonModels = "ir_model"

// What of Tryton's models is nobody's record, beside those of the modules ir and res: what other
// records are computed, numbered or set up by; and who has tried to log in. So are the values that
// a record has in each company: there are rows of them even if nobody has set one.
var trytonOwn = naming.Set(`
	web_user_session web_user_authenticate_attempt
	stock_period_cache account_account_deferral account_journal_period
	account_journal_sequence account_fiscalyear_invoice_sequence
	party_party_account party_party_lang party_party_location party_party_payment_term
	party_contact_mechanism_language party_address_format party_address_subdivision_type
	product_cost_price product_cost_price_method product_cost_price_revision
	account_account_template account_account_template_tax_rel account_account_type_template
	account_tax_template account_tax_code_template account_tax_code_line_template
	account_tax_rule_template account_tax_rule_line_template
	currency_cron currency_cron-currency_currency cron_company_rel
`)

// trytonPeoples are the tables of the modules ir and res that hold what people make.
var trytonPeoples = naming.Set(`ir_attachment ir_note res_user`)

func learnTryton(rows said) about {
	objects := map[string]string{}
	for _, row := range rows[trytonModels] {
		objects[strings.ReplaceAll(row["model"], ".", "_")] = naming.Object(row["name"])
	}
	return func(d *credential.Outline) Facts {
		own := strings.HasPrefix(d.Table, "ir_") || strings.HasPrefix(d.Table, "res_")
		switch {
		case strings.HasSuffix(d.Table, "__history"):
			return Facts{Skipped: "it holds the history of records of Tryton"}
		case own && !trytonPeoples[d.Table], trytonOwn[d.Table],
			strings.Contains(d.Table, "_configuration"):
			return Facts{Skipped: "it is one of Tryton's own"}
		}
		return Facts{
			object: objects[d.Table],
			Touch:  func(column string) bool { return column == "write_date" || column == "write_uid" },
		}
	}
}
