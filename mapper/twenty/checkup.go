package twenty

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

// checkLayout tells how the database of a Twenty server is laid out and which workspaces it has;
// or, when that cannot be read, which rights the role lacks for it.
func checkLayout(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error) {
	l, err := queryLayout(ctx, conn)
	if err != nil {
		return nil, err
	}
	if l.metadata == "" || !l.tables["core.workspace"] {
		return []cdc.Finding{
			{
				Level: cdc.Wrong,
				Check: "layout of Twenty",
				Found: "there is no core.workspace, or no objectMetadata: this is not the database of a " +
					"Twenty server",
				Hint: "HOOKLINE_PROFILE=auto, or the HOOKLINE_DATABASE_URL of Twenty's database, which is " +
					"PG_DATABASE_URL there",
			},
		}, nil
	}
	if f := l.checkRights(); f.Level != cdc.Fine {
		return []cdc.Finding{f}, nil
	}
	workspaces, err := checkWorkspaces(ctx, conn)
	if err != nil {
		return nil, err
	}
	return []cdc.Finding{l.checkGeneration(), workspaces}, nil
}

// layout is where a Twenty server keeps what describes its records and webhooks, which changed over
// the versions.
type layout struct {
	role     string // quoted
	metadata string // schema of objectMetadata
	webhooks bool   // core.webhook exists; before, each workspace had a table
	// objectMetadata says itself what is custom; since then, the object's application does
	isCustom bool
	// webhooks know which application they belong to, as since January 2026
	origin bool
	closed []string        // schemas that the role may not use, quoted
	hidden []string        // tables that it may not read, quoted
	tables map[string]bool // of those below, by schema.name
}

// layoutTables are the tables that Hookline reads, other than those of records.
var layoutTables = []string{
	"core.workspace", "core.application", "core.webhook", "core.objectMetadata",
	"core.fieldMetadata", "core.upgradeMigration", "metadata.objectMetadata",
	"metadata.fieldMetadata",
}

// queryLayout needs no right to the tables: it asks the system catalog.
func queryLayout(ctx context.Context, conn *pgx.Conn) (l layout, err error) {
	rows, err := conn.Query(ctx, `
		SELECT n.nspname, c.relname, quote_ident(n.nspname), quote_ident(c.relname),
		  quote_ident(current_user),
		       has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'SELECT'),
		       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid
		         AND a.attnum > 0 AND NOT a.attisdropped)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p')
		  AND (n.nspname || '.' || c.relname = ANY ($1) OR n.nspname LIKE 'workspace\_%'
		    AND c.relname = 'webhook')
		ORDER BY n.nspname, c.relname`, layoutTables)
	if err != nil {
		return l, fmt.Errorf("look for Twenty's tables: %w", err)
	}
	l.tables = map[string]bool{}
	var schema, name, quotedSchema, quotedName string
	var usage, readable bool
	var columns []string
	var older []string // tables of webhooks that count only without core.webhook
	_, err = pgx.ForEachRow(
		rows,
		[]any{&schema, &name, &quotedSchema, &quotedName, &l.role, &usage, &readable, &columns},
		func() error {
			if schema == "metadata" && l.metadata == "core" {
				return nil // left over from an upgrade
			}
			l.tables[schema+"."+name] = true
			switch {
			case name == "objectMetadata" && l.metadata == "": // core comes before metadata
				l.metadata, l.isCustom = schema, slices.Contains(columns, "isCustom")
			case schema == "core" && name == "webhook":
				l.webhooks, l.origin = true, slices.Contains(columns, "universalIdentifier")
			}
			if !usage && !slices.Contains(l.closed, quotedSchema) {
				l.closed = append(l.closed, quotedSchema)
			}
			switch {
			case readable:
			case strings.HasPrefix(schema, "workspace_"):
				older = append(older, quotedSchema+"."+quotedName)
			default:
				l.hidden = append(l.hidden, quotedSchema+"."+quotedName)
			}
			return nil
		},
	)
	if err != nil {
		return l, fmt.Errorf("look for Twenty's tables: %w", err)
	}
	if l.webhooks {
		l.closed = slices.DeleteFunc(l.closed, func(schema string) bool {
			return strings.HasPrefix(schema, "workspace_")
		})
	} else {
		l.hidden = append(l.hidden, older...)
	}
	return l, nil
}

func (l *layout) checkRights() cdc.Finding {
	const check = "rights to read"
	var sql []string
	if len(l.closed) > 0 {
		sql = append(sql, fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s", strings.Join(l.closed, ", "),
			l.role))
	}
	if len(l.hidden) > 0 {
		sql = append(sql, fmt.Sprintf("GRANT SELECT ON %s TO %s", strings.Join(l.hidden, ", "), l.role))
	}
	if sql == nil {
		return cdc.OK(check, "the role may read what describes Twenty's records and webhooks")
	}
	return cdc.Finding{
		Level: cdc.Wrong,
		Check: check,
		Found: fmt.Sprintf("role %s may not read what describes Twenty's records and webhooks", l.role),
		Hint:  "as the owner or a superuser",
		SQL:   sql,
	}
}

// checkGeneration tells which versions of Twenty lay their database out like this.
func (l *layout) checkGeneration() cdc.Finding {
	const check = "layout of Twenty"
	var versions string
	tried := false
	switch {
	case l.metadata == "metadata":
		versions = "before 1.0, May 2025 or older"
	case !l.webhooks:
		versions = "0.54 to 1.3, mid-2025"
	case !l.origin:
		versions = "1.1 to 1.15, second half of 2025"
	case l.isCustom:
		versions = "1.16 or newer, first months of 2026"
	default:
		versions, tried = "2026 or newer", true
	}
	where := "webhooks in each workspace's schema"
	if l.webhooks {
		where = "webhooks in core.webhook"
	}
	if l.tables["core.application"] {
		where += ", applications"
	}
	found := fmt.Sprintf("metadata in %s, %s: %s", l.metadata, where, versions)
	if tried {
		return cdc.OK(check, "%s", found)
	}
	return cdc.Finding{
		Level: cdc.Warning,
		Check: check,
		Found: found + ". Hookline reads it, and has been compared with version 2.21 only",
		Hint: "compare the data of a few events with GET /rest/<object>/<id>?depth=0 before a " +
			"receiver relies on them, or upgrade Twenty",
	}
}

func checkWorkspaces(ctx context.Context, conn *pgx.Conn) (cdc.Finding, error) {
	const check = "workspaces"
	rows, err := conn.Query(ctx, `
		SELECT CASE WHEN to_jsonb(w)->>'deletedAt' IS NOT NULL THEN 'deleted'
		  ELSE coalesce(to_jsonb(w)->>'activationStatus', 'of unknown status') END,
		       count(*)
		FROM core.workspace w GROUP BY 1 ORDER BY 1`)
	if err != nil {
		return cdc.Finding{}, fmt.Errorf("count workspaces: %w", err)
	}
	var parts []string
	var status string
	var n, alive int
	_, err = pgx.ForEachRow(rows, []any{&status, &n}, func() error {
		parts = append(parts, fmt.Sprintf("%d %s", n, status))
		if status == "ACTIVE" || status == "SUSPENDED" || status == "of unknown status" {
			alive += n
		}
		return nil
	})
	if err != nil {
		return cdc.Finding{}, fmt.Errorf("count workspaces: %w", err)
	}
	if alive == 0 {
		return cdc.Finding{
			Level: cdc.Warning, Check: check,
			Found: strings.Join(append([]string{"none is active"}, parts...), ", "),
			Hint:  "create one in Twenty; Hookline announces nothing before",
		}, nil
	}
	return cdc.OK(check, "%s", strings.Join(parts, ", ")), nil
}

// checkUpgrades tells which version the server has, as of the last Load. It names the workspaces in
// which an upgrade that writes records has not ended.
func (t *Catalog) checkUpgrades() []cdc.Finding {
	m := t.metadata
	const check = "version of Twenty"
	found := []cdc.Finding{
		cdc.OK(check, "not written down: records are told as those of version 2.21"),
	}
	if m.upgrades.server.known() {
		found[0] = cdc.OK(check, `%s, as core."upgradeMigration" has it`, m.upgrades.server)
	}
	for i := range upgradeCommands {
		c := &upgradeCommands[i]
		var waiting []string
		for _, w := range m.workspaces.rows {
			if !w.deleted && m.upgrades.pending(i, w.id) && m.writes(c, w) {
				waiting = append(waiting, w.id.String())
			}
		}
		if waiting == nil || t.announcesUpgrades {
			continue
		}
		slices.Sort(waiting)
		found = append(found, cdc.Finding{
			Level: cdc.Warning, Check: "upgrade of Twenty",
			Found: fmt.Sprintf("%s of version %s is not done for workspace %s: "+
				"until it is, what it writes to %s is not announced",
				c.class, c.version, strings.Join(waiting, ", "), strings.Join(c.objects, " and ")),
			Hint: "let Twenty's command upgrade come to its end, whose log tells what failed; " +
				"or HOOKLINE_TWENTY_UPGRADES=told",
		})
	}
	return found
}

// writes reports whether there is something in the workspace that the command may write.
func (m *metadata) writes(c *upgradeCommand, w *workspace) bool {
	return slices.ContainsFunc(c.objects, func(name string) bool {
		o := m.names[objectKey{w.id, name}]
		return o != nil && m.tables[m.table(w.schemaName(), o)]
	})
}

// checkObjects counts the objects of all workspaces, as of the last Load.
func (t *Catalog) checkObjects() cdc.Finding {
	m := t.metadata
	var announced, custom, inactive, excluded, missing, private int
	for _, o := range m.objects.rows {
		w := m.workspaces.rows[o.workspace]
		switch {
		case w == nil || w.deleted:
		case !o.active:
			inactive++
		case t.omits(m, o) != "":
			excluded++
		case !m.tables[m.table(w.schemaName(), o)]:
			missing++
		case !t.shown(o):
			private++
		default:
			announced++
			if m.isCustom(o) {
				custom++
			}
		}
	}
	found := fmt.Sprintf("%d announced, %d of them custom; %d inactive, %d excluded", announced,
		custom, inactive, excluded)
	if missing > 0 {
		found += fmt.Sprintf(", %d without a table", missing)
	}
	if private > 0 {
		found += fmt.Sprintf(", %d private", private)
	}
	return cdc.OK("objects", "%s", found)
}

// checkSettings tells of entries of settings that name no object, as of the last Load.
func (t *Catalog) checkSettings() (found []cdc.Finding) {
	for _, m := range t.mistakes() {
		found = append(found, m.Finding("objects"))
	}
	return found
}

// checkReaders tells what is not announced since not everybody may read it, and why, as of the last
// Load. It also tells what is announced record by record.
func (t *Catalog) checkReaders() []cdc.Finding {
	const check = "who may read"
	why := map[string]string{}
	private := t.names(func(o *object) bool {
		if t.shown(o) {
			return false
		}
		why[o.name] = t.reason(o)
		return true
	})
	var found []cdc.Finding
	var parts []string
	for _, name := range private {
		parts = append(parts, name+" ("+why[name]+")")
	}
	if len(parts) > 0 {
		found = append(found, cdc.OK(check, "not announced, unless HOOKLINE_PRIVATE_OBJECTS names it: %s",
			strings.Join(parts, ", ")))
	}
	if shared := t.Shared(); len(shared) > 0 {
		done := "not announced"
		if t.announcesUndecided {
			done = "announced"
		}
		found = append(
			found,
			cdc.OK(
				check,
				"announced record by record, if something that the record belongs to is for everybody: %s. "+
					"What cannot be decided any more is %s (HOOKLINE_UNDECIDED) and counted in "+
					"hookline_events_undecided_total",
				strings.Join(shared, ", "),
				done,
			),
		)
	}
	return found
}

// CheckDeciding tells of tables that decide which records may be told, and that the role may not
// read, as of the last Load.
func (t *Catalog) CheckDeciding(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error) {
	var schemas, names []string
	for _, table := range t.deciding() {
		schemas, names = append(schemas, table.schema), append(names, table.name)
	}
	rows, err := conn.Query(ctx, `
		SELECT quote_ident(n.nspname), quote_ident(n.nspname) || '.' || quote_ident(c.relname),
		  quote_ident(current_user),
		       has_schema_privilege(n.oid, 'USAGE'), row_security_active(c.oid)
		FROM unnest($1::text[], $2::text[]) t (schema, name)
		JOIN pg_namespace n ON n.nspname = t.schema
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
		WHERE NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT')
		   OR row_security_active(c.oid)
		ORDER BY n.nspname, c.relname`, schemas, names)
	if err != nil {
		return nil, fmt.Errorf("look whether the tables that decide can be read: %w", err)
	}
	var schema, table, role string
	var usage, hidden bool
	var closed, refused, sql []string
	_, err = pgx.ForEachRow(rows, []any{&schema, &table, &role, &usage, &hidden}, func() error {
		if !usage && !slices.Contains(closed, schema) {
			closed = append(closed, schema)
		}
		if bypass := fmt.Sprintf("ALTER ROLE %s BYPASSRLS", role); hidden &&
			!slices.Contains(sql, bypass) {
			sql = append(sql, bypass)
		}
		refused = append(refused, table)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look whether the tables that decide can be read: %w", err)
	}
	if refused == nil {
		return nil, nil
	}
	if closed != nil {
		sql = append(sql, fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s", strings.Join(closed, ", "), role))
	}
	sql = append(sql, fmt.Sprintf("GRANT SELECT ON %s TO %s", strings.Join(refused, ", "), role))
	return []cdc.Finding{
		{
			Level: cdc.Wrong,
			Check: "who may read",
			Found: fmt.Sprintf(
				"role %s may not read all of %s: who may read the records that are older than this process, "+
					"such as notes, cannot be decided",
				role,
				strings.Join(refused, ", "),
			),
			Hint: "as a superuser",
			SQL:  sql,
		},
	}, nil
}

// deciding returns the tables that are asked which records may be told.
func (t *Catalog) deciding() (tables []tableName) {
	add := func(by lookup) {
		if by.watch == nil {
			return
		}
		if table := (tableName{by.schema, by.table}); !slices.Contains(tables, table) {
			tables = append(tables, table)
		}
	}
	for _, o := range t.metadata.objects.rows {
		w := t.metadata.workspaces.rows[o.workspace]
		if w == nil || w.deleted || !o.active || t.omits(t.metadata, o) != "" || !t.shown(o) {
			continue
		}
		r := t.rulesIn(o.workspace).of[o]
		for _, up := range r.columns {
			if !up.of.never() {
				add(up.by)
			}
		}
		for _, down := range r.rows {
			add(down.by)
		}
	}
	return tables
}

// reason tells why nothing of an object is announced.
func (t *Catalog) reason(o *object) string {
	switch by := t.metadata.readableBy(o); {
	case by == inherited:
		return "what it belongs to is not announced"
	case by != o.readableBy():
		return fmt.Sprintf("private to a server of version %s", t.metadata.upgrades.newest)
	default:
		return cmp.Or(o.instead, o.said)
	}
}
