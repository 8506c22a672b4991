package mapper

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
)

// Generic is the catalog of a database of which nothing is known but its tables. Every table with a primary key is an object,
// named by the singular of its name in camelCase: people is person, sales_orders is salesOrder.
//
// A record's JSON is what to_jsonb(row) gives, with these differences:
//   - Keys are in camelCase, those of composite types too. Of columns whose names would then be the same the first has it, the others keep their own.
//   - Timestamps are RFC 3339 in UTC: 2025-02-10T15:30:45.5Z. Config.Forms says of which zone a timestamp without one is.
//   - A type with a cast to json of its own, hstore aside, is a string of its text.
//
// A column deleted_at or deletedAt of a date or timestamp type makes it an object with soft delete.
type Generic struct {
	schemas    []string
	selection  selection
	names      map[string]string
	given      atomic.Pointer[givenNames]
	secrets    *SecretColumns
	touch      *ColumnPatterns
	webhooks   func(table string, columns []string) bool
	pool       *pgxpool.Pool
	log        *slog.Logger
	redactor   *redactor
	forms      Forms
	types      map[string]*types         // by the time zone of what has none: see typesOf
	preset     *preset                   // nil where nothing is known of the application
	known      atomic.Pointer[knowledge] // nil before know
	snapshot   *cdc.Snapshot
	skipping   sync.Mutex // of who changes skipped
	skipped    atomic.Pointer[skips]
	tenants    TenantConfig
	tenancy    tenancy
	divided    bool
	settled    bool            // see Settle
	reported   map[string]bool // warnings that Tables has given, so as not to repeat them
	generation atomic.Uint64
	left       func() // see OnLeft
}

var _ Catalog = (*Generic)(nil)

// NewGeneric returns a catalog that is empty until Load. It takes Schemas, Include, Exclude, ObjectNames, SecretColumns, TouchColumns, Forms,
// HoldsWebhooks and Tenants of cfg; pool is asked about each table when its first change arrives.
func NewGeneric(cfg Config, pool *pgxpool.Pool, log *slog.Logger) *Generic {
	schemas := cfg.Schemas
	if len(schemas) == 0 {
		schemas = []string{"public"}
	}
	redactor := newRedactor(&cfg.SecretColumns)
	g := &Generic{
		schemas: schemas, selection: newSelection(cfg.Include, cfg.Exclude), names: cfg.ObjectNames, secrets: &cfg.SecretColumns, touch: &cfg.TouchColumns, tenants: cfg.Tenants, webhooks: cfg.HoldsWebhooks,
		pool: pool, log: log, redactor: redactor, forms: cfg.Forms, types: map[string]*types{},
		reported: map[string]bool{},
	}
	g.skipped.Store(&skips{names: map[cdc.Table]bool{}, oids: map[uint32]bool{}})
	g.given.Store(&givenNames{})
	return g
}

// Profile returns generic, or the name of the preset.
func (g *Generic) Profile() string {
	if g.preset != nil {
		return g.preset.name
	}
	return "generic"
}

// Describing returns the tables in which the application of a preset describes the others. Without one there are none: the server itself
// tells what there is.
func (g *Generic) Describing() (tables []cdc.Table) {
	if g.preset == nil {
		return nil
	}
	for _, schema := range g.schemas {
		for _, s := range g.preset.says {
			tables = append(tables, cdc.Table{Schema: schema, Name: s.table})
		}
	}
	return tables
}

// skips are tables that serve Hookline itself.
type skips struct {
	names map[cdc.Table]bool
	oids  map[uint32]bool
}

// Skip keeps tables that serve Hookline itself, such as the one that holds the webhooks, from being announced, by their names; and the
// relations of the given OIDs, whatever they are called. Those of earlier calls stay. Safe for concurrent use.
func (g *Generic) Skip(tables []cdc.Table, oids []uint32) {
	g.skipping.Lock()
	defer g.skipping.Unlock()
	before := g.skipped.Load()
	now := &skips{names: maps.Clone(before.names), oids: maps.Clone(before.oids)}
	for _, t := range tables {
		now.names[cdc.Table{Schema: t.Schema, Name: t.Name}] = true
	}
	for _, oid := range oids {
		now.oids[oid] = true
	}
	if len(now.names) > len(before.names) || len(now.oids) > len(before.oids) {
		g.skipped.Store(now)
		g.generation.Add(1)
	}
}

// Load forgets what it knows of types, and reads what the application of a preset says of its tables.
func (g *Generic) Load(ctx context.Context, tx pgx.Tx, snapshot *cdc.Snapshot) error {
	for _, t := range g.types {
		if len(t.composites) > 0 {
			g.renew()
			break
		}
	}
	return g.learn(ctx, tx, snapshot)
}

// Tables returns all tables, sorted by schema and name; those that are not announced are marked as left. What is odd about one is logged
// when it is first seen.
func (g *Generic) Tables(ctx context.Context, tx pgx.Tx) ([]cdc.Table, error) {
	known, err := g.know(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `
		SELECT n.nspname, c.relname, coalesce(parent.schema, ''), coalesce(parent.name, ''),
		       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`+parentSQL+`
		WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
		  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
		  AND NOT EXISTS (
		      SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
		ORDER BY n.nspname, c.relname`)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	var tables []cdc.Table
	var keyless []string
	var listed []listedTable
	table, keyed := cdc.Table{Full: true}, false
	_, err = pgx.ForEachRow(rows, []any{&table.Schema, &table.Name, &table.ParentSchema, &table.Parent, &keyed}, func() error {
		listed = append(listed, listedTable{table, keyed})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	g.giveNames(known, listed)
	survey, err := g.survey(ctx, tx, known)
	if err != nil {
		return nil, err
	}
	for _, l := range listed {
		table := l.Table
		_, announced := g.announcesBy(known, table.Schema, table.Name)
		if !announced && table.Parent != "" {
			_, announced = g.announcesBy(known, table.ParentSchema, table.Parent)
		} else {
			table.ParentSchema, table.Parent = "", ""
		}
		if survey.tables[cdc.Table{Schema: table.Schema, Name: table.Name}].whole != "" {
			announced = false
		}
		if announced && !l.keyed {
			keyless = append(keyless, table.String()) // as long as it is new it stays so: a key may be on its way
			continue
		}
		if table.Left = !announced; announced && table.Parent == "" {
			g.warnOfName(table)
		}
		tables = append(tables, table)
	}
	tables = known.withSayings(tables)
	g.warnOfKeyless(keyless)
	g.tell(survey)
	g.tellSelection(listed, tables)
	owners, err := g.Ownerships(ctx, tx)
	g.tellTenants(owners)
	return tables, err
}

// listedTable is a table, and whether it has a primary key.
type listedTable struct {
	cdc.Table
	keyed bool
}

// parentSQL joins a table c with the one under whose name its changes are announced, where that is another one: the parent of which it is a
// child by inheritance, in another schema, and which has never had rows itself: relpages alone is 0 until the table is analyzed. So
// TimescaleDB keeps the rows of a hypertable in chunks.
const parentSQL = `
		LEFT JOIN LATERAL (
		    SELECT pn.nspname AS schema, p.relname AS name
		    FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
		    WHERE h.inhrelid = c.oid AND NOT c.relispartition AND p.relkind = 'r' AND pn.oid <> n.oid
		      AND CASE WHEN p.relpages = 0 THEN pg_relation_size(p.oid) = 0 ELSE false END
		    ORDER BY h.inhseqno LIMIT 1) parent ON true`

// warnOfName tells of an object that had another name in earlier versions.
func (g *Generic) warnOfName(t cdc.Table) {
	if former, name := g.renamed(t); former != name && !g.reportedAlready("name "+t.String()) {
		g.log.Warn("an object has another name than in earlier versions; "+
			"HOOKLINE_OBJECT_NAMES can keep the old one, or confirm the new one",
			"table", t.String(), "object", name, "formerly", former)
	}
}

// renamed returns the name that a table's object had in earlier versions, and the one it has. They are
// the same where the configuration says the name.
func (g *Generic) renamed(t cdc.Table) (former, name string) {
	name, announced := g.announces(t.Schema, t.Name)
	if !announced || name != objectName(t.Name) || g.isNamed(t) {
		return name, name
	}
	return formerName(t.Name), name
}

func (g *Generic) warnOfKeyless(tables []string) {
	tables = slices.DeleteFunc(tables, func(t string) bool { return g.reportedAlready("keyless " + t) })
	if len(tables) > 0 {
		g.log.Warn("tables without a primary key are not announced", "tables", tables)
	}
}

func (g *Generic) reportedAlready(what string) bool {
	before := g.reported[what]
	g.reported[what] = true
	return before
}

// announces returns the name of the object that a table holds, and whether its changes are announced.
func (g *Generic) announces(schema, table string) (object string, announced bool) {
	return g.announcesBy(g.known.Load(), schema, table)
}

// announcesBy is announces by what is known of the application's tables.
func (g *Generic) announcesBy(known *knowledge, schema, table string) (object string, announced bool) {
	if g.omitsBy(known, schema, table) != "" {
		return "", false
	}
	return g.nameOfBy(known, schema, table), true
}

// omits tells why a table is not announced whatever it holds, "" when it may be.
func (g *Generic) omits(schema, table string) string { return g.omitsBy(g.known.Load(), schema, table) }

func (g *Generic) omitsBy(known *knowledge, schema, table string) string {
	switch {
	case isReserved(schema):
		return "it is Hookline's own, or the server's"
	case !slices.Contains(g.schemas, schema):
		return "HOOKLINE_SCHEMAS does not have its schema"
	case g.skipped.Load().names[cdc.Table{Schema: schema, Name: table}]:
		return "webhooks are read from it"
	}
	return g.selection.omits(candidate{schema, table, g.nameOfBy(known, schema, table)})
}

// nameOf returns the name of the object that a table holds.
func (g *Generic) nameOf(schema, table string) string {
	return g.nameOfBy(g.known.Load(), schema, table)
}

func (g *Generic) nameOfBy(known *knowledge, schema, table string) string {
	if name, named := g.names[schema+"."+table]; named {
		return name
	}
	if name, given := g.given.Load().names[cdc.Table{Schema: schema, Name: table}]; given {
		return name
	}
	return known.objectName(schema, table)
}

// isReserved reports whether a schema is Hookline's own or the server's.
func isReserved(schema string) bool {
	return schema == "hookline" || schema == "information_schema" || strings.HasPrefix(schema, "pg_")
}

// Observe follows what the application of a preset says of its tables.
func (g *Generic) Observe(change cdc.Change) bool {
	if g.preset == nil {
		return false
	}
	known := g.known.Load()
	s := known.followed(change.Relation)
	if s == nil {
		return false
	}
	if !g.snapshot.Covers(change.Tx) {
		if now := known.after(s, change); now != known {
			g.known.Store(now)
			g.generation.Add(1)
		}
	}
	return true
}

// Generation rises when types turn out to have changed, or the application says something else of its tables.
func (g *Generic) Generation() uint64 { return g.generation.Load() }

func (g *Generic) refresh(ctx context.Context, tx *cdc.Tx) error {
	for _, t := range g.types {
		current, err := t.current(ctx, tx)
		if err != nil {
			return err
		}
		if !current {
			g.renew()
			return nil
		}
	}
	return nil
}

func (g *Generic) renew() {
	for _, t := range g.types {
		t.forget()
	}
	g.generation.Add(1)
}

// typesOf returns the types of a table's columns.
func (g *Generic) typesOf(rel *cdc.Relation) *types {
	zone := g.forms.Zones.of(rel.Schema, rel.Name)
	t := g.types[zone.name]
	if t == nil {
		t = newTypes(g.pool, g.redactor, g.forms, zone.encoder())
		g.types[zone.name] = t
	}
	return t
}

func (g *Generic) object(ctx context.Context, rel *cdc.Relation) (*object, error) {
	name, announced := g.announces(rel.Schema, rel.Name)
	if !announced || g.skipped.Load().oids[rel.OID] {
		return nil, nil
	}
	columns, oids := make([]string, len(rel.Columns)), make([]uint32, len(rel.Columns))
	for i, c := range rel.Columns {
		columns[i], oids[i] = c.Name, c.Type
	}
	types := g.typesOf(rel)
	if err := types.learn(ctx, oids); err != nil {
		return nil, err
	}
	o := &object{
		hash:      xxhash.Sum64String(cdc.Table{Schema: rel.Schema, Name: rel.Name}.String()),
		deletedAt: -1, fields: make([]field, 0, len(rel.Columns)),
	}
	if err := g.key(ctx, rel, o); err != nil {
		return nil, fmt.Errorf("read the primary key: %w", err)
	}
	if o.key == nil {
		if bare, err := g.isBare(ctx, rel); err != nil || bare {
			return nil, err
		}
	}
	o.call(name)
	of := outline{schema: rel.Schema, table: rel.Name, object: name, columns: make([]outlineColumn, len(columns))}
	for i, column := range columns {
		t := types.of(oids[i])
		of.columns[i] = outlineColumn{name: column, of: t.holds, free: isFree(t.base), key: slices.Contains(o.key, i)}
	}
	f := g.known.Load().of(&of)
	judged := g.judge(&of, f)
	if judged.whole != "" {
		if g.left != nil {
			g.left()
		}
		return nil, nil
	}
	g.guard(o, judged)
	g.belongs(o, rel)
	g.apply(f, o, rel)
	for i, fieldName := range f.fieldNames(columns) {
		t := types.of(oids[i])
		identifies := slices.Contains(o.ordering(), i) // then a change of it is news, whatever it is called
		if judged.left[i] {
			continue
		}
		encode := t.withoutCredentials()
		if judged.through[i] {
			encode = t.encode
		}
		o.fields = append(o.fields, field{
			name: fieldName, key: jsonKey(fieldName), columns: []int{i}, encode: nullable(i, encode),
			touch:   !identifies && g.touch.matches(rel.Schema, []string{rel.Name, name}, columns[i]),
			guarded: judged.setting != nil && slices.Contains(judged.setting.values, i),
			silent:  f.touch != nil && f.touch(columns[i]), rides: f.ridesOn(columns[i], rel),
		})
		o.composite = o.composite || t.composite
		if camelCase(columns[i]) == "deletedAt" && isDay(t.base) {
			o.deletedAt = i
		}
	}
	return o, nil
}

// OnLeft has f called when the stream brings changes of a table that is to be left out for a column's name, so
// that it leaves the publication. f must not wait for anything. Call it before the first change.
func (g *Generic) OnLeft(f func()) { g.left = f }

// isBare reports whether a table has no primary key, and is published with its schema or all tables: nobody
// can take it out of the publication alone.
func (g *Generic) isBare(ctx context.Context, rel *cdc.Relation) (bare bool, err error) {
	err = g.pool.QueryRow(ctx, `
		SELECT EXISTS (
		    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		    JOIN pg_publication_tables p ON (p.schemaname, p.tablename) = (n.nspname, c.relname)
		    WHERE c.oid = $1 AND NOT EXISTS (SELECT FROM pg_publication_rel r WHERE r.prrelid = c.oid)
		      AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))`,
		rel.OID).Scan(&bare)
	if err != nil {
		return false, fmt.Errorf("look how a table without a primary key is published: %w", err)
	}
	return bare, nil
}

// nullable encodes one column of a row.
func nullable(column int, encode encoder) func(dst []byte, row cdc.Tuple) []byte {
	return func(dst []byte, row cdc.Tuple) []byte {
		v := row[column]
		if v.IsNull() || v.IsUnchanged() {
			return append(dst, "null"...)
		}
		return encode(dst, v.Bytes())
	}
}

// isDay reports whether values of the type tell a day, so that one in deleted_at says when.
func isDay(oid uint32) bool {
	return oid == pgtype.DateOID || oid == pgtype.TimestampOID || oid == pgtype.TimestamptzOID
}

// key sets the columns of o's primary key: those that the table has today, or, where rel has none of them any more, those of the replica
// identity that it had.
//
// Keys are exact where equal ones are equal in every bit, as the server knows it of most types: 1.0 and 1.00 are equal and are not. A
// numeric of a fixed scale is not among those types, and exact.
//
// https://www.postgresql.org/docs/current/btree.html#BTREE-SUPPORT-FUNCS (equalimage)
func (g *Generic) key(ctx context.Context, rel *cdc.Relation, o *object) error {
	rows, err := g.pool.Query(ctx, `
		WITH RECURSIVE tree (oid) AS (
			SELECT $1::oid
			UNION ALL
			SELECT h.inhrelid FROM pg_inherits h JOIN tree ON h.inhparent = tree.oid WHERE $2
		)
		SELECT a.attname,
		       coalesce(l.collisdeterministic, true) AND (
		           a.atttypid = 'numeric'::regtype AND a.atttypmod <> -1
		           OR EXISTS (
		               SELECT FROM pg_opclass c JOIN pg_amproc p ON p.amprocfamily = c.opcfamily
		               WHERE c.oid = i.indclass[k.position - 1] AND p.amprocnum = 4
		                 AND p.amproclefttype = c.opcintype AND p.amprocrighttype = c.opcintype)),
		       EXISTS (
		           SELECT FROM tree JOIN pg_partitioned_table p ON p.partrelid = tree.oid
		           JOIN pg_attribute b ON b.attrelid = tree.oid AND b.attnum = ANY (p.partattrs)
		           WHERE b.attname = a.attname),
		       EXISTS (
		           SELECT FROM pg_index x
		           WHERE x.indrelid = i.indrelid AND x.indisvalid AND x.indpred IS NULL AND x.indkey[0] = a.attnum),
		       NOT i.indimmediate
		FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
		LEFT JOIN pg_collation l ON l.oid = a.attcollation
		WHERE i.indrelid = $1 AND i.indisprimary AND k.position <= i.indnkeyatts
		ORDER BY k.position`, rel.OID, rel.Partitioned)
	if err != nil {
		return err
	}
	var name string
	var exact, moves, leads, found bool
	o.exact = true
	_, err = pgx.ForEachRow(rows, []any{&name, &exact, &moves, &leads, &o.deferred}, func() error {
		c := rel.Column(name)
		o.exact = o.exact && exact && c >= 0
		if c >= 0 {
			o.key = append(o.key, c)
		}
		if c >= 0 && !moves {
			o.stays = append(o.stays, c)
			found = found || leads
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !rel.Partitioned || !found {
		o.stays = nil
	}
	if rel.Identity == 'i' {
		o.index = identityBeside(rel, o.key)
	}
	if o.key == nil {
		if o.exact = false; rel.Full() {
			return nil
		}
		for i, c := range rel.Columns {
			if c.Identity {
				o.key = append(o.key, i)
			}
		}
	}
	return nil
}

// identityBeside returns the columns of a replica identity that lacks some of the key, nil for any other.
func identityBeside(rel *cdc.Relation, key []int) (columns []int) {
	if !slices.ContainsFunc(key, func(c int) bool { return !rel.Columns[c].Identity }) {
		return nil
	}
	for i, c := range rel.Columns {
		if c.Identity {
			columns = append(columns, i)
		}
	}
	return columns
}

// watch returns nil: everybody may read everything.
func (g *Generic) watch(*cdc.Relation) *watchPlan { return nil }
