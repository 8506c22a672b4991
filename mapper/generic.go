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
//   - Keys are in camelCase, those of composite types too. Columns whose names would then be the same keep their names.
//   - Timestamps are RFC 3339 in UTC: 2025-02-10T15:30:45.5Z. A timestamp without time zone is taken as UTC.
//   - A type with a cast to json of its own, hstore aside, is a string of its text.
//
// A column deleted_at or deletedAt of a date or timestamp type makes it an object with soft delete.
type Generic struct {
	schemas    []string
	exclude    []string
	names      map[string]string
	secrets    *SecretColumns
	webhooks   func(table string, columns []string) bool
	pool       *pgxpool.Pool
	log        *slog.Logger
	redactor   *redactor
	types      *types
	skipping   sync.Mutex // of who changes skipped
	skipped    atomic.Pointer[skips]
	tenants    TenantConfig
	tenancy    tenancy
	divided    bool
	reported   map[string]bool // warnings that Tables has given, so as not to repeat them
	generation atomic.Uint64
}

var _ Catalog = (*Generic)(nil)

// NewGeneric returns a catalog that is empty until Load. It takes Schemas, Exclude, ObjectNames, SecretColumns, HoldsWebhooks and Tenants
// of cfg; pool is asked about each table when its first change arrives.
func NewGeneric(cfg Config, pool *pgxpool.Pool, log *slog.Logger) *Generic {
	schemas := cfg.Schemas
	if len(schemas) == 0 {
		schemas = []string{"public"}
	}
	redactor := newRedactor(&cfg.SecretColumns)
	g := &Generic{
		schemas: schemas, exclude: cfg.Exclude, names: cfg.ObjectNames, secrets: &cfg.SecretColumns, tenants: cfg.Tenants, webhooks: cfg.HoldsWebhooks,
		pool: pool, log: log, redactor: redactor, types: newTypes(pool, redactor),
		reported: map[string]bool{},
	}
	g.skipped.Store(&skips{names: map[cdc.Table]bool{}, oids: map[uint32]bool{}})
	return g
}

// Profile returns generic.
func (g *Generic) Profile() string { return "generic" }

// Describing returns none: the server itself tells what there is.
func (g *Generic) Describing() []cdc.Table { return nil }

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

// Load forgets what it knows of types.
func (g *Generic) Load(context.Context, pgx.Tx, *cdc.Snapshot) error {
	if len(g.types.composites) > 0 {
		g.renew()
	}
	return nil
}

// Tables returns all tables, sorted by schema and name; those that are not announced are marked as left. What is odd about one is logged
// when it is first seen.
func (g *Generic) Tables(ctx context.Context, tx pgx.Tx) ([]cdc.Table, error) {
	survey, err := g.survey(ctx, tx)
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
	objects := map[string]cdc.Table{}
	table, keyed := cdc.Table{Full: true}, false
	_, err = pgx.ForEachRow(rows, []any{&table.Schema, &table.Name, &table.ParentSchema, &table.Parent, &keyed}, func() error {
		name, announced := g.announces(table.Schema, table.Name)
		if !announced && table.Parent != "" {
			_, announced = g.announces(table.ParentSchema, table.Parent)
		} else {
			table.ParentSchema, table.Parent = "", ""
		}
		if survey.tables[cdc.Table{Schema: table.Schema, Name: table.Name}].whole != "" {
			announced = false
		}
		if announced && !keyed {
			keyless = append(keyless, table.String()) // as long as it is new it stays so: a key may be on its way
			return nil
		}
		if table.Left = !announced; announced && table.Parent == "" {
			g.warnOfName(table)
			if first, taken := objects[name]; taken {
				g.warnOfTwins(name, first, table)
			} else {
				objects[name] = table
			}
		}
		tables = append(tables, table)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	g.warnOfKeyless(keyless)
	g.tell(survey)
	owners, err := g.Ownerships(ctx, tx)
	g.tellTenants(owners)
	return tables, err
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

func (g *Generic) warnOfTwins(object string, a, b cdc.Table) {
	if !g.reportedAlready("object " + object + " " + b.String()) {
		g.log.Warn("two tables are announced as the same object; HOOKLINE_OBJECT_NAMES can give one another name",
			"object", object, "table", a.String(), "other", b.String())
	}
}

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
	if _, named := g.names[t.Schema+"."+t.Name]; named || !announced {
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
	if !slices.Contains(g.schemas, schema) || isReserved(schema) || g.skipped.Load().names[cdc.Table{Schema: schema, Name: table}] {
		return "", false
	}
	object, named := g.names[schema+"."+table]
	if !named {
		object = objectName(table)
	}
	return object, !slices.Contains(g.exclude, object)
}

// isReserved reports whether a schema is Hookline's own or the server's.
func isReserved(schema string) bool {
	return schema == "hookline" || schema == "information_schema" || strings.HasPrefix(schema, "pg_")
}

// Observe reports false: no table describes others here.
func (g *Generic) Observe(cdc.Change) bool { return false }

// Generation rises when types turn out to have changed.
func (g *Generic) Generation() uint64 { return g.generation.Load() }

func (g *Generic) refresh(ctx context.Context, tx *cdc.Tx) error {
	current, err := g.types.current(ctx, tx)
	if err == nil && !current {
		g.renew()
	}
	return err
}

func (g *Generic) renew() {
	g.types.forget()
	g.generation.Add(1)
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
	if err := g.types.learn(ctx, oids); err != nil {
		return nil, err
	}
	o := &object{
		hash:      xxhash.Sum64String(cdc.Table{Schema: rel.Schema, Name: rel.Name}.String()),
		deletedAt: -1, fields: make([]field, 0, len(rel.Columns)),
	}
	if err := g.key(ctx, rel, o); err != nil {
		return nil, fmt.Errorf("read the primary key: %w", err)
	}
	o.call(name)
	of := outline{schema: rel.Schema, table: rel.Name, object: name, columns: make([]outlineColumn, len(columns))}
	for i, column := range columns {
		t := g.types.of(oids[i])
		of.columns[i] = outlineColumn{name: column, of: t.holds, free: isFree(t.base), key: slices.Contains(o.key, i)}
	}
	judged := g.judge(&of)
	if judged.whole != "" {
		return nil, nil
	}
	g.guard(o, judged)
	g.belongs(o, rel)
	for i, fieldName := range fieldNames(columns) {
		t := g.types.of(oids[i])
		if judged.left[i] {
			continue
		}
		encode := t.withoutCredentials()
		if judged.through[i] {
			encode = t.encode
		}
		o.fields = append(o.fields, field{
			name: fieldName, key: jsonKey(fieldName), columns: []int{i}, encode: nullable(i, encode),
			guarded: judged.setting != nil && slices.Contains(judged.setting.values, i),
		})
		o.composite = o.composite || t.composite
		if fieldName == "deletedAt" && isDay(t.base) {
			o.deletedAt = i
		}
	}
	return o, nil
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

// watch returns nil: everybody may read everything.
func (g *Generic) watch(*cdc.Relation) *watchPlan { return nil }
