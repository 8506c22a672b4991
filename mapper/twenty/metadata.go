package twenty

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
	"hookline/internal/pg"
)

// standardApplication is the universalIdentifier of the application that Twenty's own objects
// belong to, in every workspace.
const standardApplication = "20202020-64aa-4b6f-b003-9c74b97cee20"

// metadata is what the tables that describe a Twenty database say, kept as the stream leaves them.
type metadata struct {
	workspaces   *metadataTable[workspace]
	applications *metadataTable[application]
	objects      *metadataTable[object]
	fields       *metadataTable[field]
	upgrades     *upgrades

	// those of the five above that the database has, by where they are
	control map[tableName]follower

	schemas  map[string]*workspace    // by schema
	names    map[objectKey]*object    // by workspace and name
	fieldsOf map[pgtype.UUID][]*field // by object, in no order
	tables   map[tableName]bool       // tables of records that are known to exist
	order    int                      // the last field.order given out
}

type tableName struct{ schema, name string }

type objectKey struct {
	workspace pgtype.UUID
	name      string
}

type workspace struct {
	id      pgtype.UUID
	schema  string // as the database has it; "" when it is left to be computed
	deleted bool
}

func (w *workspace) set(column string, v cdc.Value) {
	switch column {
	case "id":
		w.id = uuidOf(v)
	case "databaseSchema":
		w.schema = v.String()
	case "deletedAt":
		w.deleted = !v.IsNull()
	}
}

// schemaName returns the schema that holds the workspace's records. By default it is named after
// the id, read as one number, to base 36.
func (w *workspace) schemaName() string {
	if w.schema != "" {
		return w.schema
	}
	return "workspace_" + new(big.Int).SetBytes(w.id.Bytes[:]).Text(36)
}

type application struct {
	id       pgtype.UUID
	standard bool // Twenty's own
}

func (a *application) set(column string, v cdc.Value) {
	switch column {
	case "id":
		a.id = uuidOf(v)
	case "universalIdentifier":
		a.standard = v.String() == standardApplication
	}
}

type object struct {
	id, workspace, application pgtype.UUID

	name   string
	active bool
	// whether the database says if the object is custom, as it did until 2026, and what it says
	custom, isCustom bool

	// what its application says, and what its workspace says instead
	readability, override access
	said, instead         string      // likewise, in the database's words
	universal             pgtype.UUID // identifier, the same in every workspace
	// fields through which its records inherit, as an array of identifiers
	parents string
}

func (o *object) set(column string, v cdc.Value) {
	switch column {
	case "id":
		o.id = uuidOf(v)
	case "workspaceId":
		o.workspace = uuidOf(v)
	case "applicationId":
		o.application = uuidOf(v)
	case "nameSingular":
		o.name = v.String()
	case "isActive":
		o.active = v.String() == "t"
	case "isCustom":
		o.custom, o.isCustom = true, v.String() == "t"
	case "readability":
		o.said = v.String()
		o.readability = readabilityOf(o.said)
	case "overrides":
		o.instead = readabilityIn(v)
		o.override = readabilityOf(o.instead)
	case "universalIdentifier":
		o.universal = uuidOf(v)
	case "readabilityParentFieldUniversalIdentifiers":
		o.parents = v.String()
	}
}

type field struct {
	id, object pgtype.UUID

	name, kind string // kind is the column type: TEXT, LINKS, RELATION, …
	// MANY_TO_ONE or ONE_TO_MANY; "" for other kinds, and in versions before 1.0
	relation   string
	joinColumn string      // of a MANY_TO_ONE; "" in versions before 1.0
	target     pgtype.UUID // the object that a relation leads to
	inverse    pgtype.UUID // the field of that object that leads back
	morph      pgtype.UUID // what the fields have in common that are one morph relation
	universal  pgtype.UUID // identifier, the same in every workspace
	order      int         // fields are announced as they were read, later ones last
}

func (f *field) set(column string, v cdc.Value) {
	switch column {
	case "id":
		f.id = uuidOf(v)
	case "objectMetadataId":
		f.object = uuidOf(v)
	case "name":
		f.name = v.String()
	case "type":
		f.kind = v.String()
	case "relationTargetObjectMetadataId":
		f.target = uuidOf(v)
	case "relationTargetFieldMetadataId":
		f.inverse = uuidOf(v)
	case "morphId":
		f.morph = uuidOf(v)
	case "universalIdentifier":
		f.universal = uuidOf(v)
	case "settings":
		var settings struct {
			RelationType   string `json:"relationType"`
			JoinColumnName string `json:"joinColumnName"`
		}
		if !v.IsNull() {
			// settings of another form are not those of a relation
			_ = json.Unmarshal(v.Bytes(), &settings)
		}
		f.relation, f.joinColumn = settings.RelationType, settings.JoinColumnName
	}
}

// The sides of a relation. The first owns the column.
const (
	manyToOne = "MANY_TO_ONE"
	oneToMany = "ONE_TO_MANY"
)

// column returns the column of the side of a relation that owns it.
func (f *field) column() string { return cmp.Or(f.joinColumn, f.name+"Id") }

// uuidOf returns the id that v holds, the zero UUID, which no row has, when it holds none.
func uuidOf(v cdc.Value) (id pgtype.UUID) {
	_ = id.Scan(v.String())
	return id
}

func newMetadata() *metadata {
	m := &metadata{
		upgrades: newUpgrades(),
		control:  map[tableName]follower{},
		schemas:  map[string]*workspace{},
		names:    map[objectKey]*object{},
		fieldsOf: map[pgtype.UUID][]*field{},
		tables:   map[tableName]bool{},
	}
	m.workspaces = newMetadataTable((*workspace).set,
		func(w *workspace) { m.schemas[w.schemaName()] = w },
		func(w *workspace) { forget(m.schemas, w.schemaName(), w) })
	m.applications = newMetadataTable((*application).set, func(*application) {}, func(*application) {})
	m.objects = newMetadataTable((*object).set,
		func(o *object) { m.names[objectKey{o.workspace, o.name}] = o },
		func(o *object) { forget(m.names, objectKey{o.workspace, o.name}, o) })
	m.fields = newMetadataTable((*field).set,
		func(f *field) {
			if f.order == 0 {
				m.order++
				f.order = m.order
			}
			m.fieldsOf[f.object] = append(m.fieldsOf[f.object], f)
		},
		func(f *field) {
			rest := slices.DeleteFunc(m.fieldsOf[f.object], func(other *field) bool { return other == f })
			if m.fieldsOf[f.object] = rest; len(rest) == 0 {
				delete(m.fieldsOf, f.object)
			}
		})
	return m
}

// forget removes a key, unless it has come to stand for another row.
func forget[K comparable, R any](index map[K]*R, key K, row *R) {
	if index[key] == row {
		delete(index, key)
	}
}

// A follower takes the changes of one table and reports whether they made a difference.
type follower interface {
	follow(cdc.Change) bool
}

// metadataTable is a table that describes records, as far as it matters: one R for each row. It has
// a primary key id.
type metadataTable[R comparable] struct {
	rows map[pgtype.UUID]*R
	// takes one column over; keeps no part of v
	set          func(row *R, column string, v cdc.Value)
	add, discard func(row *R) // keep what is derived from the rows
}

func newMetadataTable[R comparable](
	set func(*R, string, cdc.Value), add, discard func(*R),
) *metadataTable[R] {
	return &metadataTable[R]{rows: map[pgtype.UUID]*R{}, set: set, add: add, discard: discard}
}

func (d *metadataTable[R]) follow(change cdc.Change) bool {
	if change.Kind == cdc.Truncate {
		for _, row := range d.rows {
			d.discard(row)
		}
		known := len(d.rows) > 0
		clear(d.rows)
		return known
	}
	id := change.Relation.Column("id")
	if id < 0 {
		return false
	}
	was, is := change.Old, change.New
	if was == nil { // an insert, or an update that leaves the key alone
		was = is
	}
	key := uuidOf(was[id])
	before := d.rows[key]
	var after *R
	if is != nil {
		after = new(R)
		if before != nil {
			// for the columns that did not come: unchanged ones, and what no column holds
			*after = *before
		}
		for i, column := range change.Relation.Columns {
			if !is[i].IsUnchanged() {
				d.set(after, column.Name, is[i])
			}
		}
		if before != nil && *after == *before {
			return false
		}
	}
	if before != nil {
		d.discard(before)
		delete(d.rows, key)
	}
	if after != nil {
		d.rows[uuidOf(is[id])] = after
		d.add(after)
	}
	return before != nil || after != nil
}

// load reads everything from tx.
func (m *metadata) load(ctx context.Context, tx pgx.Tx) error {
	columns, err := metadataColumns(ctx, tx)
	if err != nil {
		return err
	}
	for _, source := range []struct {
		name             string
		needed, optional []string
		into             follower
	}{
		{"workspace", []string{"id"}, []string{"databaseSchema", "deletedAt"}, m.workspaces},
		{"application", nil, []string{"id", "universalIdentifier"}, m.applications}, // since 2026
		{
			"objectMetadata",
			[]string{"id", "workspaceId", "nameSingular", "isActive"},
			[]string{
				"isCustom", "applicationId", "readability", "overrides", "universalIdentifier",
				"readabilityParentFieldUniversalIdentifiers",
			},
			m.objects,
		},
		{
			"fieldMetadata",
			[]string{"id", "objectMetadataId", "name", "type"},
			[]string{
				"settings", "relationTargetObjectMetadataId", "relationTargetFieldMetadataId", "morphId",
				"universalIdentifier",
			},
			m.fields,
		},
		{ // since 2.x
			"upgradeMigration",
			nil,
			[]string{"name", "status", "executedByVersion", "createdAt", "workspaceId", "isInitial"},
			m.upgrades,
		},
	} {
		table := tableName{"core", source.name}
		if columns[table] == nil {
			table.schema = "metadata" // where versions before 1.0 have objects and fields
		}
		present := columns[table]
		if present == nil && source.needed == nil {
			continue
		}
		for _, column := range source.needed {
			if !slices.Contains(present, column) {
				return fmt.Errorf("no column %q in table core.%q: want the database of a Twenty server", column,
					source.name)
			}
		}
		present = slices.DeleteFunc(present, func(column string) bool {
			return !slices.Contains(source.needed, column) &&
				!slices.Contains(source.optional, column)
		})
		if err := readRows(ctx, tx, table, present, source.into); err != nil {
			return err
		}
		m.control[table] = source.into
	}
	return m.loadTables(ctx, tx)
}

// Where the tables that describe records are: versions before 1.0 have objects and fields in
// metadata.
var (
	metadataSchemas = []string{"core", "metadata"}
	metadataTables  = []string{
		"workspace", "application", "objectMetadata", "fieldMetadata", "upgradeMigration",
	}
)

// metadataColumns returns the columns of the tables that may describe records.
func metadataColumns(ctx context.Context, tx pgx.Tx) (map[tableName][]string, error) {
	rows, err := tx.Query(ctx, `
		SELECT n.nspname, c.relname, a.attname
		FROM pg_namespace n
		JOIN pg_class c ON c.relnamespace = n.oid
		JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
		  AND c.relname = ANY ($2)`,
		metadataSchemas, metadataTables)
	if err != nil {
		return nil, fmt.Errorf("read columns of the metadata tables: %w", err)
	}
	columns := map[tableName][]string{}
	var table tableName
	var column string
	_, err = pgx.ForEachRow(rows, []any{&table.schema, &table.name, &column}, func() error {
		columns[table] = append(columns[table], column)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read columns of the metadata tables: %w", err)
	}
	return columns, nil
}

// readRows has into follow the rows of a table as if they were inserted one after the other, in the
// order in which they are stored: that is the order in which Twenty reads its fields, so records
// come out in the same order of keys.
func readRows(
	ctx context.Context, tx pgx.Tx, table tableName, columns []string, into follower,
) error {
	rel := &cdc.Relation{Schema: table.schema, Name: table.name}
	names := make([]string, len(columns))
	for i, column := range columns {
		rel.Columns = append(rel.Columns, cdc.Column{Name: column})
		names[i] = pg.Identifier(column)
	}
	from := pg.Identifier(table.schema, table.name)
	sql := fmt.Sprintf("SELECT %s FROM %s ORDER BY ctid", strings.Join(names, ", "), from)
	result := tx.Conn().PgConn().ExecParams(ctx, sql, nil, nil, nil, nil) // text, as in the stream
	row := make(cdc.Tuple, len(columns))
	for result.NextRow() {
		for i, text := range result.Values() {
			row[i] = cdc.Value{}
			if text != nil {
				row[i] = cdc.Text(text)
			}
		}
		into.follow(cdc.Change{Kind: cdc.Insert, Relation: rel, New: row})
	}
	if _, err := result.Close(); err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	return nil
}

// loadTables reads which tables the workspaces have.
func (m *metadata) loadTables(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `
		SELECT n.nspname, c.relname
		FROM pg_namespace n
		JOIN pg_class c ON c.relnamespace = n.oid
		WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'`,
		slices.Collect(maps.Keys(m.schemas)))
	if err != nil {
		return fmt.Errorf("read tables of the workspaces: %w", err)
	}
	var table tableName
	_, err = pgx.ForEachRow(rows, []any{&table.schema, &table.name}, func() error {
		m.tables[table] = true
		return nil
	})
	if err != nil {
		return fmt.Errorf("read tables of the workspaces: %w", err)
	}
	return nil
}

// table returns the table that holds the object's records. Its name is the object's, with an
// underscore before it when the object is custom. How the database says that changed over the
// versions, so where only the other of the two tables exists, it is that one.
func (m *metadata) table(schema string, o *object) tableName {
	likely, other := tableName{schema, o.name}, tableName{schema, "_" + o.name}
	if m.isCustom(o) {
		likely, other = other, likely
	}
	if !m.tables[likely] && m.tables[other] {
		return other
	}
	return likely
}

func (m *metadata) isCustom(o *object) bool {
	if o.custom {
		return o.isCustom
	}
	application := m.applications.rows[o.application]
	return application == nil || !application.standard
}

// object returns the object whose records a table holds, nil when it holds none or its workspace is
// deleted.
func (m *metadata) object(table tableName) *object {
	w := m.schemas[table.schema]
	if w == nil || w.deleted {
		return nil
	}
	m.tables[table] = true // it is in the stream
	for _, name := range []string{table.name, strings.TrimPrefix(table.name, "_")} {
		if o := m.names[objectKey{w.id, name}]; o != nil && m.table(table.schema, o) == table {
			return o
		}
	}
	return nil
}

// fieldsIn returns the fields of an object in order.
func (m *metadata) fieldsIn(o *object) []*field {
	return slices.SortedFunc(slices.Values(m.fieldsOf[o.id]), func(a, b *field) int {
		return cmp.Compare(a.order, b.order)
	})
}
