package webhook_test

import (
	"fmt"
	"strings"
	"testing"

	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/webhook"
)

// Operator events are for webhooks of Hookline's own table that name them, and of no tenant.
func TestOperators(t *testing.T) {
	database := postgrestest.NewDatabase(t)
	hook := func(values string) string {
		return `INSERT INTO hookline.webhook (url, secret, operations, format)
			VALUES ('http://example.com', '', ` + values + `)`
	}
	for name, test := range map[string]struct {
		row    string
		hears  string // of what
		reason string // in the status
	}{
		"all":               {hook(`'{hookline.*}', NULL`), "failing recovered slotSafe", ""},
		"one":               {hook(`'{hookline.failing}', 'slack'`), "failing", ""},
		"marked":            {hook(`'{hookline:hookline.failing}', 'plain'`), "failing", ""},
		"beside records":    {hook(`'{person.*,hookline.recovered}', 'event'`), "recovered", ""},
		"everything else":   {hook(`'{*.*,hookline.created}', NULL`), "", ""},
		"no such event":     {hook(`'{hookline.broken}', NULL`), "", "want an object or *"},
		"a sentence alone":  {hook(`'{*.*,hookline.*}', 'slack'`), "", "operations may be hookline.*"},
		"of records alone":  {hook(`'{*.*}', 'plain'`), "", "operations may be hookline.*"},
		"of another object": {hook(`'{person.failing}', NULL`), "", "want an object or *"},
		"in the CRM's table": {
			`CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, events text[]);
			INSERT INTO webhooks VALUES (1, 'http://example.com', 's', '{hookline.*}')`, "", "",
		},
		"in the CRM's table by name": {
			`CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, events text[]);
			INSERT INTO webhooks VALUES (1, 'http://example.com', 's',
				'{hookline.failing}')`, "", "Hookline's own table alone",
		},
		"in the CRM's table as a sentence": {
			`CREATE TABLE webhooks (id int PRIMARY KEY, url text, secret text, events text[], format text);
			INSERT INTO webhooks VALUES (1, 'http://example.com', 's', '{*.*}',
				'slack')`, "", "Hookline's own table alone",
		},
		"of a tenant": {
			`INSERT INTO hookline.webhook (url, secret, workspace_id, operations)
				VALUES ('http://example.com', '', 't', '{hookline.*}')`,
			"", "nobody who hears of one tenant alone",
		},
		"of all tenants": {
			`INSERT INTO hookline.webhook (url, secret, workspace_id, operations)
				VALUES ('http://example.com', '', '*', '{hookline.*}')`,
			"failing recovered slotSafe", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := generic
			if !strings.Contains(test.row, "CREATE TABLE") {
				cfg.Table = "hookline.webhook"
			}
			if strings.Contains(test.row, "workspace_id") {
				cfg.Tenants.Column = "workspace_id"
			}
			d := newDatabaseIn(t, database, cfg, webhook.SchemaSQL("hookline"), test.row)
			d.load()
			var hears []string
			for _, a := range []mapper.Action{mapper.Failing, mapper.Recovered, mapper.SlotSafe} {
				for range d.Operators(a) {
					hears = append(hears, a.String())
				}
			}
			if got := strings.Join(hears, " "); got != test.hears {
				t.Errorf("it hears of %q, want %q", got, test.hears)
			}
			list := d.List()
			if reason := fmt.Sprint(list[0].Reason); len(list) != 1 ||
				!strings.Contains(reason, test.reason) || test.reason == "" && reason != "" {
				t.Errorf("status %+v, want the reason %q", list, test.reason)
			}
		})
	}
}
