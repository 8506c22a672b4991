package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/webhook"
)

// checkData looks at what the CRM's tables hold, and what has to be done to them.
func (d *doctor) checkData(ctx context.Context, conn *pgx.Conn) error {
	if _, isTwenty := d.db.catalog.(*mapper.Twenty); isTwenty {
		if goOn, err := d.checkTwenty(ctx, conn); err != nil || !goOn {
			return err
		}
	}
	found, err := checkSchema(ctx, conn, "own schema", d.cfg.Webhook.Schema)
	if err := d.take("own schema", found, err); err != nil {
		return err
	}
	tables, err := d.readData(ctx, conn)
	if err != nil || tables == nil {
		return err
	}
	switch catalog := d.db.catalog.(type) {
	case *mapper.Twenty:
		d.add(catalog.CheckUpgrades()...)
		d.add(catalog.CheckObjects())
		d.add(catalog.CheckSettings()...)
		for _, f := range catalog.CheckReaders() {
			d.add(f)
		}
		found, err = catalog.CheckDeciding(ctx, conn)
		if err := d.take("who may read", found, err); err != nil {
			return err
		}
	case *mapper.Generic:
		if streamed, err := d.db.hasSchema(ctx, conn); err == nil && streamed {
			d.add(catalog.CheckNames(tables)...)
		}
		d.add(catalog.CheckSelection(tables)...)
		found, err = catalog.CheckKeys(ctx, conn)
		if err := d.take("tables", found, err); err != nil {
			return err
		}
		found, err = catalog.CheckCredentials(ctx, conn)
		if err := d.take("credentials", found, err); err != nil {
			return err
		}
		found, err = catalog.CheckBusy(ctx, conn, tables)
		if err := d.take("busy tables", found, err); err != nil {
			return err
		}
		found, err = catalog.CheckTenants(ctx, conn, d.cfg.CDC.Publication, d.cfg.CDC.Identity == cdc.IdentityKeep)
		if err := d.take("tenants", found, err); err != nil {
			return err
		}
	}
	d.add(d.checkTables(tables))
	found, err = cdc.CheckTables(ctx, conn, d.cfg.CDC, tables)
	if err := d.take("tables", found, err); err != nil {
		return err
	}
	if d.cfg.CDC.Identity == cdc.IdentityKeep {
		found, err = cdc.CheckReadBack(ctx, conn, tables)
		if err := d.take("reading back", found, err); err != nil {
			return err
		}
	}
	d.add(checkWebhooks(d.cfg.Webhook, d.db.catalog, tables, d.db.webhooks.List())...)
	if unread := d.db.webhooks.Unread(); unread != nil {
		d.add(cdc.OK("columns of webhooks", "not read: %s", strings.Join(unread, ", ")))
	}
	return nil
}

// checkTwenty reports whether the role may read what describes the records.
func (d *doctor) checkTwenty(ctx context.Context, conn *pgx.Conn) (goOn bool, err error) {
	deployment, err := mapper.FindTwentyDeployment(ctx, conn)
	if err != nil {
		return false, err
	}
	d.add(deployment.Finding())
	found, err := mapper.CheckTwenty(ctx, conn)
	goOn = err == nil && diagnose(found).Healthy
	return goOn, d.take("layout of Twenty", found, err)
}

// readData reads catalog and webhooks, and returns the tables that have to be published for them. Without webhooks it goes on when they are
// only to be had from Hookline's own table, which is yet to be made. For anything else it adds a finding, and returns no tables.
func (d *doctor) readData(ctx context.Context, conn *pgx.Conn) ([]cdc.Table, error) {
	tables, err := d.db.tables(ctx, conn)
	if err == nil {
		err = d.db.read(ctx, conn)
	}
	if err == nil {
		return append([]cdc.Table{}, tables...), nil
	}
	if _, ok := errors.AsType[*cdc.Problem](err); !ok || !d.waitsForOwnTable(ctx, conn) {
		return nil, d.take("webhooks", nil, err)
	}
	tables, err = d.db.recordsAlone(ctx, conn)
	if err != nil {
		return nil, d.take("tables", nil, err)
	}
	return append([]cdc.Table{}, tables...), nil
}

// waitsForOwnTable reports whether Hookline's own table of webhooks is missing, and would do.
func (d *doctor) waitsForOwnTable(ctx context.Context, conn *pgx.Conn) bool {
	there, err := d.db.hasSchema(ctx, conn)
	return err == nil && !there && (d.db.catalog.Profile() == "twenty" || d.cfg.Webhook.Table == d.cfg.Webhook.Schema+".webhook")
}

func (d *doctor) checkTables(tables []cdc.Table) cdc.Finding {
	records, others := 0, 0
	for _, t := range tables {
		switch {
		case t.Left:
		case t.Full:
			records++
		default:
			others++
		}
	}
	if records == 0 {
		f := cdc.Finding{
			Level: cdc.Warning, Check: "tables", Found: "none holds records that are announced",
			Mend: "HOOKLINE_SCHEMAS, HOOKLINE_INCLUDE, HOOKLINE_EXCLUDE and HOOKLINE_PROFILE say which are; " +
				"hookline objects tells of each table why it is left out",
		}
		if generic, ok := d.db.catalog.(*mapper.Generic); ok {
			f.Found += "; tables: " + generic.Nothing(tables)
		}
		return f
	}
	return cdc.OK("tables", "%d with records, %d that describe them or hold webhooks", records, others)
}

// checkSchema checks that the role may make Hookline's own tables, or use those there are.
func checkSchema(ctx context.Context, conn *pgx.Conn, check, schema string) ([]cdc.Finding, error) {
	var role, database, quoted string
	var exists, mayMake, mayUse, mayTables bool
	err := conn.QueryRow(ctx, `
		SELECT quote_ident(current_user), quote_ident(current_database()), quote_ident($1), n.oid IS NOT NULL,
		       has_database_privilege(current_database(), 'CREATE'),
		       coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE'), false),
		       NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind = 'r' AND NOT (
		           has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
		           AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')))
		FROM (SELECT) one LEFT JOIN pg_namespace n ON n.nspname = $1`, schema).
		Scan(&role, &database, &quoted, &exists, &mayMake, &mayUse, &mayTables)
	if err != nil {
		return nil, fmt.Errorf("look for schema %q: %w", schema, err)
	}
	f := cdc.Finding{Level: cdc.Wrong, Check: check, Mend: "as a superuser"}
	switch {
	case !exists && mayMake:
		f = cdc.OK(check, "%q is not made yet; hookline run makes it", schema)
	case !exists:
		f.Found = fmt.Sprintf("%q does not exist, and the role may not make it", schema)
		f.SQL = []string{fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s", database, role)}
	case !mayUse || !mayTables:
		f.Found = fmt.Sprintf("%q is there, and the role may not use all of it", schema)
		f.SQL = []string{
			fmt.Sprintf("GRANT USAGE, CREATE ON SCHEMA %s TO %s", quoted, role),
			fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO %s", quoted, role),
		}
	default:
		f = cdc.OK(check, "%q is there, and the role may use it", schema)
	}
	return []cdc.Finding{f}, nil
}

// checkWebhooks counts the webhooks, and tells of those that are not what they may be thought to be.
func checkWebhooks(cfg webhook.Config, catalog mapper.Catalog, tables []cdc.Table, list []webhook.Status) []cdc.Finding {
	states := map[webhook.State]int{}
	for _, h := range list {
		states[h.State]++
	}
	found := []cdc.Finding{cdc.OK("webhooks", "%d active, %d skipped, %d disabled",
		states[webhook.Active], states[webhook.Skipped], states[webhook.Disabled])}
	if states[webhook.Active] == 0 {
		found[0].Level = cdc.Warning
		found[0].Mend = fmt.Sprintf("until there is one, nothing is sent. Hookline's own table takes them in any database: "+
			"INSERT INTO %s (url, operations) VALUES ('https://…', '{*.*}');", pgx.Identifier{cfg.Schema, "webhook"}.Sanitize())
	}
	for _, h := range list {
		if h.State != webhook.Disabled && h.Reason != "" {
			found = append(found, checkMistake(h))
		}
		if h.State == webhook.Active {
			found = append(found, checkOperations(catalog, tables, h)...)
		}
	}
	return append(found, checkDoubles(cfg, catalog, list)...)
}

// checkMistake tells of a row that is skipped, or served in part.
func checkMistake(h webhook.Status) cdc.Finding {
	which := h.Key
	if h.Host != "" { // the URL may be what is wrong
		which += " at " + h.Host
	}
	f := cdc.Finding{
		Level: cdc.Warning, Check: "webhook", Found: fmt.Sprintf("%s is %s: %s", which, h.State, h.Reason),
		Mend: "correct the column that is named; it takes effect with its commit",
	}
	if h.State == webhook.Active {
		f.Found = fmt.Sprintf("%s hears of less than its row says: %s", which, h.Reason)
	}
	if strings.Contains(h.Reason, "is encrypted") {
		f.Mend = "make a row of Hookline's own table for it, with a secret that the receiver knows, and delete this one in the CRM"
	}
	return f
}

// checkOperations tells of operations that name what is not announced, so that they never match anything.
func checkOperations(catalog mapper.Catalog, tables []cdc.Table, h webhook.Status) (found []cdc.Finding) {
	finding := func(what, mend string) {
		found = append(found, cdc.Finding{Level: cdc.Warning, Check: "webhook", Found: fmt.Sprintf("%s at %s %s", h.Key, h.Host, what), Mend: mend})
	}
	for _, operation := range h.Operations {
		object, _, _ := strings.Cut(strings.TrimPrefix(operation, mark), ".")
		announced, err := mapper.Announces(catalog, tables, h.Workspace, object)
		switch {
		case err != nil:
			finding("never hears of anything: "+err.Error(), "set the column of the workspace to the id of one that exists, or delete the row")
			return found
		case object != "*" && object != "metadata" && !announced:
			finding(fmt.Sprintf("never hears of %.64q: no object %.64q is announced", operation, object),
				"correct the operation; or wait for the object to be made, to be activated, or to leave HOOKLINE_EXCLUDE")
		}
	}
	return found
}

// mark is the prefix of operations that Twenty stores and never matches.
const mark = "hookline:"

// checkDoubles tells of webhooks that Twenty's own server sends to as well.
func checkDoubles(cfg webhook.Config, catalog mapper.Catalog, list []webhook.Status) []cdc.Finding {
	if catalog.Profile() != "twenty" || cfg.TwentyWebhooks != "all" {
		return nil
	}
	doubles := 0
	for _, h := range list {
		if h.State == webhook.Active && h.Table != cfg.Schema+".webhook" && !allMarked(h.Operations) {
			doubles++
		}
	}
	if doubles == 0 {
		return nil
	}
	return []cdc.Finding{{
		Level: cdc.Warning, Check: "doubles",
		Found: fmt.Sprintf("Twenty's own server sends to %d of the active webhooks, too: their receivers hear of everything twice", doubles),
		Mend: "HOOKLINE_TWENTY_WEBHOOKS=marked; then, for each: create a twin through Twenty's API, with the same URL and secret and with operations " +
			"such as hookline:person.*, and delete the old one",
	}}
}

func allMarked(operations []string) bool {
	for _, o := range operations {
		if !strings.HasPrefix(o, mark) {
			return false
		}
	}
	return true
}
