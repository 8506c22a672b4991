package generic

import (
	"bytes"
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
	"hookline/mapper"
	"hookline/mapper/credential"
	"hookline/mapper/naming"
	"hookline/mapper/pattern"
	"hookline/mapper/pgtext"
	"hookline/mapper/preset"
	"hookline/mapper/tenants"
)

// Catalog is the catalog of a database of which nothing is known but its tables. Every table with a
// primary key is an object, named by the singular of its name in camelCase: people is person,
// sales_orders is salesOrder.
//
// A record's JSON is what to_jsonb(row) gives, with these differences:
//   - Keys are in camelCase, those of composite types too. Of columns whose names would then be the
//     same the first has it, the others keep their own.
//   - Timestamps are RFC 3339 in UTC: 2025-02-10T15:30:45.5Z. Config.Forms says of which zone a
//     timestamp without one is.
//   - A type with a cast to json of its own, hstore aside, is a string of its text.
//
// A column deleted_at or deletedAt of a date or timestamp type makes it an object with soft delete.
type Catalog struct {
	schemas    []string
	selection  pattern.Selection
	names      map[string]string
	given      atomic.Pointer[givenNames]
	secrets    *credential.SecretColumns
	touch      *pattern.Columns
	values     pattern.Values
	webhooks   func(table string, columns []string) bool
	pool       *pgxpool.Pool
	log        *slog.Logger
	redactor   *pgtext.Redactor
	forms      Forms
	types      map[string]*types                // by the time zone of what has none: see typesOf
	preset     *preset.Preset                   // nil where nothing is known of the application
	known      atomic.Pointer[preset.Knowledge] // nil before know
	snapshot   *cdc.Snapshot
	skipping   sync.Mutex // of who changes skipped
	skipped    atomic.Pointer[skips]
	tenants    tenants.Config
	tenancy    tenancy
	divided    bool
	settled    bool            // see Settle
	reported   map[string]bool // warnings that Tables has given, so as not to repeat them
	generation atomic.Uint64
	onSkipped  func() // see OnSkipped
}

var (
	_ mapper.Catalog   = (*Catalog)(nil)
	_ mapper.Tenanted  = (*Catalog)(nil)
	_ mapper.Selective = (*Catalog)(nil)
	_ mapper.Naming    = (*Catalog)(nil)
)

// New returns a catalog that is empty until Load. pool is asked about each table when its
// first change arrives.
func New(cfg Config, pool *pgxpool.Pool, log *slog.Logger) *Catalog {
	schemas := cfg.Schemas
	if len(schemas) == 0 {
		schemas = []string{"public"}
	}
	redactor := pgtext.NewRedactor(cfg.SecretColumns.Classify)
	g := &Catalog{
		schemas:   schemas,
		selection: pattern.NewSelection(cfg.Include, cfg.Exclude),
		names:     cfg.ObjectNames,
		secrets:   &cfg.SecretColumns,
		touch:     &cfg.TouchColumns,
		tenants:   cfg.Tenants,
		webhooks:  cfg.HoldsWebhooks,
		pool:      pool,
		log:       log,
		redactor:  redactor,
		forms:     cfg.Forms,
		types:     map[string]*types{},
		values: pattern.Values{
			SoftDelete: cfg.SoftDelete.Entries, Omit: cfg.Omit.Entries, Nulls: cfg.Nulls.Entries,
		},
		reported: map[string]bool{},
	}
	g.skipped.Store(&skips{names: map[cdc.Table]bool{}, oids: map[uint32]bool{}})
	g.given.Store(&givenNames{})
	return g
}

// Profile returns generic, or the name of the preset.
func (g *Catalog) Profile() string {
	if g.preset != nil {
		return g.preset.Name
	}
	return "generic"
}

// Describing returns the tables in which the application of a preset describes the others. Without
// one there are none: the server itself tells what there is.
func (g *Catalog) Describing() (tables []cdc.Table) {
	if g.preset == nil {
		return nil
	}
	for _, schema := range g.schemas {
		for _, s := range g.preset.Says {
			tables = append(tables, cdc.Table{Schema: schema, Name: s.Table})
		}
	}
	return tables
}

// skips are tables that serve Hookline itself.
type skips struct {
	names map[cdc.Table]bool
	oids  map[uint32]bool
}

// Skip keeps tables that serve Hookline itself, such as the one that holds the webhooks, from being
// announced, by their names; and the relations of the given OIDs, whatever they are called. Those
// of earlier calls stay. Safe for concurrent use.
func (g *Catalog) Skip(tables []cdc.Table, oids []uint32) {
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

// Load forgets what it knows of types, and reads what the application of a preset says of its
// tables.
func (g *Catalog) Load(ctx context.Context, tx pgx.Tx, snapshot *cdc.Snapshot) error {
	for _, t := range g.types {
		if len(t.composites) > 0 {
			g.renew()
			break
		}
	}
	return g.learn(ctx, tx, snapshot)
}

// Tables returns all tables, sorted by schema and name; those that are not announced are marked as
// left. What is odd about one is logged when it is first seen.
func (g *Catalog) Tables(ctx context.Context, tx pgx.Tx) ([]cdc.Table, error) {
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
		      SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
		        AND d.objsubid = 0 AND d.deptype = 'e')
		ORDER BY n.nspname, c.relname`)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	var tables []cdc.Table
	var keyless []string
	var listed []listedTable
	table, keyed := cdc.Table{Full: true}, false
	_, err = pgx.ForEachRow(
		rows,
		[]any{&table.Schema, &table.Name, &table.ParentSchema, &table.Parent, &keyed},
		func() error {
			listed = append(listed, listedTable{Table: table, keyed: keyed})
			return nil
		},
	)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	if err := g.markFrameworks(ctx, tx, known, listed); err != nil {
		return nil, err
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
		if survey.tables[cdc.Table{Schema: table.Schema, Name: table.Name}].Whole != "" {
			announced = false
		}
		if announced && !l.keyed {
			// as long as it is new it stays so: a key may be on its way
			keyless = append(keyless, table.String())
			continue
		}
		if table.Skip = !announced; announced && table.Parent == "" {
			g.warnOfName(table)
		}
		tables = append(tables, table)
	}
	tables = known.WithSayings(tables)
	g.warnOfKeyless(keyless)
	g.logSurvey(survey)
	g.logSelection(listed, tables)
	owners, err := g.Ownerships(ctx, tx)
	g.logOwnerships(owners)
	return tables, err
}

// listedTable is a table, and whether it has a primary key, and is a framework's.
type listedTable struct {
	cdc.Table
	keyed     bool
	framework bool // which is left out for it
}

// parentSQL joins a table c with the one under whose name its changes are announced, where that is
// another one: the parent of which it is a child by inheritance, in another schema, and which has
// never had rows itself: relpages alone is 0 until the table is analyzed. So TimescaleDB keeps the
// rows of a hypertable in chunks.
const parentSQL = `
		LEFT JOIN LATERAL (
		    SELECT pn.nspname AS schema, p.relname AS name
		    FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent
		      JOIN pg_namespace pn ON pn.oid = p.relnamespace
		    WHERE h.inhrelid = c.oid AND NOT c.relispartition AND p.relkind = 'r' AND pn.oid <> n.oid
		      AND CASE WHEN p.relpages = 0 THEN pg_relation_size(p.oid) = 0 ELSE false END
		    ORDER BY h.inhseqno LIMIT 1) parent ON true`

// warnOfName tells of an object that had another name in earlier versions.
func (g *Catalog) warnOfName(t cdc.Table) {
	if former, name := g.renamed(t); former != name && !g.reportedAlready("name "+t.String()) {
		g.log.Warn("an object has another name than in earlier versions; "+
			"HOOKLINE_OBJECT_NAMES can keep the old one, or confirm the new one",
			"table", t.String(), "object", name, "before", former)
	}
}

// renamed returns the name that a table's object had in earlier versions, and the one it has. They
// are the same where the configuration says the name.
func (g *Catalog) renamed(t cdc.Table) (former, name string) {
	name, announced := g.announces(t.Schema, t.Name)
	if !announced || name != naming.Object(t.Name) || g.isNamed(t) {
		return name, name
	}
	return naming.Earlier(t.Name), name
}

func (g *Catalog) warnOfKeyless(tables []string) {
	tables = slices.DeleteFunc(tables, func(t string) bool {
		return g.reportedAlready("keyless " + t)
	})
	if len(tables) > 0 {
		g.log.Warn("tables without a primary key are not announced", "tables", tables)
	}
}

func (g *Catalog) reportedAlready(what string) bool {
	before := g.reported[what]
	g.reported[what] = true
	return before
}

// announces returns the name of the object that a table holds, and whether its changes are
// announced.
func (g *Catalog) announces(schema, table string) (object string, announced bool) {
	return g.announcesBy(g.known.Load(), schema, table)
}

// announcesBy is announces by what is known of the application's tables.
func (g *Catalog) announcesBy(
	known *preset.Knowledge, schema, table string,
) (object string, announced bool) {
	if g.omitsBy(known, schema, table) != "" {
		return "", false
	}
	return g.nameOfBy(known, schema, table), true
}

// omits tells why a table is not announced whatever it holds, "" when it may be.
func (g *Catalog) omits(
	schema, table string,
) string {
	return g.omitsBy(g.known.Load(), schema, table)
}

func (g *Catalog) omitsBy(known *preset.Knowledge, schema, table string) string {
	switch {
	case isReserved(schema):
		return "it is Hookline's own, or the server's"
	case !slices.Contains(g.schemas, schema):
		return "HOOKLINE_SCHEMAS does not have its schema"
	case g.skipped.Load().names[cdc.Table{Schema: schema, Name: table}]:
		return "webhooks are read from it"
	}
	return g.selection.Omits(pattern.Candidate{
		Schema: schema, Table: table,
		Object: g.nameOfBy(known, schema, table),
	})
}

// nameOf returns the name of the object that a table holds.
func (g *Catalog) nameOf(schema, table string) string {
	return g.nameOfBy(g.known.Load(), schema, table)
}

func (g *Catalog) nameOfBy(known *preset.Knowledge, schema, table string) string {
	if name, named := g.names[schema+"."+table]; named {
		return name
	}
	if name, given := g.given.Load().names[cdc.Table{Schema: schema, Name: table}]; given {
		return name
	}
	return known.ObjectName(schema, table)
}

// isReserved reports whether a schema is Hookline's own or the server's.
func isReserved(schema string) bool {
	return schema == "hookline" || schema == "information_schema" ||
		strings.HasPrefix(schema, "pg_")
}

// Observe follows what the application of a preset says of its tables.
func (g *Catalog) Observe(change cdc.Change) bool {
	if g.preset == nil {
		return false
	}
	known := g.known.Load()
	s := known.Followed(change.Relation)
	if s == nil {
		return false
	}
	if !g.snapshot.Covers(change.Tx) {
		if now := known.After(s, change); now != known {
			g.known.Store(now)
			g.generation.Add(1)
		}
	}
	return true
}

// Generation rises when types turn out to have changed, or the application says something else of
// its tables.
func (g *Catalog) Generation() uint64 { return g.generation.Load() }

// Refresh has types of tables be looked up anew when one of them has changed before tx.
func (g *Catalog) Refresh(ctx context.Context, tx *cdc.Tx) error {
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

func (g *Catalog) renew() {
	for _, t := range g.types {
		t.forget()
	}
	g.generation.Add(1)
}

// typesOf returns the types of a table's columns.
func (g *Catalog) typesOf(rel *cdc.Relation) *types {
	zone := g.forms.Zones.of(rel.Schema, rel.Name)
	t := g.types[zone.name]
	if t == nil {
		t = newTypes(
			g.pool, g.secrets, g.redactor, g.forms, zone.encoder(), zone.shape())
		g.types[zone.name] = t
	}
	return t
}

// Describe returns how rows of rel are announced, nil when they are not.
func (g *Catalog) Describe(ctx context.Context, rel *cdc.Relation) (*mapper.Description, error) {
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
	o := &mapper.Description{
		Object:    name,
		Hash:      xxhash.Sum64String(cdc.Table{Schema: rel.Schema, Name: rel.Name}.String()),
		DeletedAt: -1, Fields: make([]mapper.Field, 0, len(rel.Columns)),
	}
	if err := g.key(ctx, rel, o); err != nil {
		return nil, fmt.Errorf("read the primary key: %w", err)
	}
	if o.Key == nil {
		if bare, err := g.isBare(ctx, rel); err != nil || bare {
			return nil, err
		}
	}
	bases := make([]uint32, len(columns))
	of := credential.Outline{
		Schema: rel.Schema, Table: rel.Name, Object: name,
		Columns: make([]credential.Column, len(columns)),
	}
	for i, column := range columns {
		t := types.of(oids[i])
		of.Columns[i] = credential.Column{
			Name: column, Of: t.holds, Free: isFree(t.base), Day: isDay(t.base),
			Type: t.base, Key: slices.Contains(o.Key, i),
		}
		bases[i] = t.base
	}
	f := g.known.Load().Of(&of)
	judged := g.judge(&of, f)
	if judged.Whole != "" {
		if g.onSkipped != nil {
			g.onSkipped()
		}
		return nil, nil
	}
	g.withhold(o, judged)
	g.belongs(o, rel)
	g.apply(f, o, rel)
	values := g.valuesIn(g.known.Load(), rel.Schema)
	o.Absent = newAbsences(values.SoftDelete, f.Only, &of, bases)
	for i, fieldName := range f.FieldNames(columns) {
		t := types.of(oids[i])
		// then a change of it is news, whatever it is called
		identifies := slices.Contains(o.Ordering(), i)
		if judged.withholds(i) {
			continue
		}
		encode := t.withoutCredentials()
		if judged.Through[i] {
			encode = t.encode
		}
		var unset []pattern.Entry
		if !of.Columns[i].Key {
			unset = values.Nulls.Of(rel.Schema, []string{rel.Name, name}, columns[i])
			encode = orUnset(encode, t.base, unset)
		}
		shape := t.shape
		if len(unset) > 0 {
			shape = orNull(shape)
		}
		limit := judged.limitOf(i)
		o.Fields = append(o.Fields, mapper.Field{
			Limit:   int(limit),
			Binary:  isBinary(t.base),
			Name:    fieldName,
			Key:     pgtext.JSONKey(fieldName),
			Columns: []int{i},
			Encode:  nullable(i, encode),
			Shape:   shape,
			Touch: !identifies &&
				(g.touch.Matches(rel.Schema, []string{rel.Name, name}, columns[i]) ||
					f.TouchAlone != nil && f.TouchAlone(columns[i])),
			MaybeSecret: judged.Setting != nil && slices.Contains(judged.Setting.Values, i),
			Silent:      f.Touch != nil && f.Touch(columns[i]),
			Rides:       f.RidesOn(columns[i], rel),
		})
		if identifies && t.redacted != nil && !judged.Through[i] {
			if o.Veiled == nil {
				o.Veiled = map[int]func([]byte) []byte{}
			}
			o.Veiled[i] = veil(encode)
		}
		o.Composite = o.Composite || t.composite
		if naming.CamelCase(columns[i]) == "deletedAt" && isDay(t.base) {
			o.DeletedAt, o.Undeleted = i, unsetTexts(t.base, unset)
		}
	}
	return o, nil
}

// veil returns what is told of a value of the key.
func veil(encode pgtext.Encoder) func(text []byte) []byte {
	return func(text []byte) []byte {
		if !pgtext.MayBeDocument(text) && !bytes.HasPrefix(text, []byte{'('}) {
			return text // nothing within it has a name
		}
		return encode(nil, text)
	}
}

// OnSkipped has f called when the stream brings changes of a table that a column's name leaves out.
// The table then has to leave the publication. f must not wait for anything. Call it before the
// first change.
func (g *Catalog) OnSkipped(f func()) { g.onSkipped = f }

// isBare reports whether a table has no primary key, and is published with its schema or all
// tables: nobody can take it out of the publication alone.
func (g *Catalog) isBare(ctx context.Context, rel *cdc.Relation) (bare bool, err error) {
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
func nullable(column int, encode pgtext.Encoder) func(dst []byte, row cdc.Tuple) []byte {
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
