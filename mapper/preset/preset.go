package preset

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/mapper/credential"
	"hookline/mapper/naming"
	"hookline/mapper/pattern"
)

// Preset is what is known of the tables of one application, beside what any database says of
// itself. Such a database is read by the generic catalog all the same. docs/presets.md tells how to
// add one: a file with a value of this type, and a line in All.
type Preset struct {
	Name  string   // as HOOKLINE_PROFILE has it
	Title string   // as people call the application
	Marks []string // tables of the application: a schema that has them all is one of its schemas

	// Says are tables in which the application describes the others. They are followed.
	Says []Saying
	// Values are what becomes of values, unless the configuration says otherwise.
	Values pattern.Values
	// learn returns what is known of each table, given the rows of says. It is called anew when
	// they have changed.
	learn func(said) about
}

// about tells what is known of a table. The columns of the outline are missing where the table is
// asked for by its name alone; its object is yet to be named.
type about func(of *credential.Outline) Facts

// Facts are what a preset knows of one table. The zero value: nothing.
type Facts struct {
	Skipped string // why the table is not announced; "" when it is
	object  string // what the application's API calls its records; "" leaves it to the table's name

	// key is what the API calls a column; nil: camelCase, as anywhere else.
	key func(column string) string
	// Touch: an update of nothing but such columns is not told; nil: there is none.
	Touch      func(column string) bool
	TouchAlone func(column string) bool // likewise, but with others it is among updatedFields
	// rides: a column tells nothing in an update that changes one of these, too; nil: none is so.
	rides  func(column string) []string
	Secret func(column string) bool // the application says that it is one; nil: names alone do

	Identity []string // columns that tell records apart, where the primary key does not
	Drafts   string   // the column that is null in drafts and set in what is published; "": no such

	// Only are what columns have to be in rows that are told, by their names; nil: all are told.
	Only map[string][]string
}

// Saying is a table in which an application describes others.
type Saying struct {
	Table   string
	key     string   // its primary key, of one column
	columns []string // that are read
	where   [2]string
	// where is a column and what it has to be in rows that count; zero: all rows count
}

// said are the rows of the tables in which the application describes others: by table, by key, by
// column. A column that is null, or missing, is "".
type said map[string]map[string]map[string]string

// All are the presets that there are. A database that has the tables of several is taken for the
// first.
var All = []*Preset{strapi, directus, payload, medusa, tryton, requestTracker, ledgerSMB}

// softDeletes, omits and unset return what the settings of these forms say. They panic where a
// preset has a mistake.
func softDeletes(list string) pattern.Entries {
	var s pattern.SoftDeletes
	must(s.UnmarshalText([]byte(list)))
	return s.Entries
}

func omits(list string) pattern.Entries {
	var o pattern.Omissions
	must(o.UnmarshalText([]byte(list)))
	return o.Entries
}

func unset(list string) pattern.Entries {
	var u pattern.UnsetDates
	must(u.UnmarshalText([]byte(list)))
	return u.Entries
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Named returns the preset of that name, nil when there is none.
func Named(name string) *Preset {
	if i := slices.IndexFunc(All, func(p *Preset) bool { return p.Name == name }); i >= 0 {
		return All[i]
	}
	return nil
}

// Detect returns the preset of the application that the database is of, nil for none.
func Detect(ctx context.Context, db mapper.Querier) (*Preset, error) {
	for _, p := range All {
		if schemas, err := p.schemas(ctx, db); err != nil || len(schemas) > 0 {
			return p, err
		}
	}
	return nil, nil
}

// schemas returns those that have all tables that mark the application, sorted.
func (p *Preset) schemas(ctx context.Context, db mapper.Querier) ([]string, error) {
	rows, err := db.Query(ctx, `
		SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND c.relname = ANY ($1)
		GROUP BY n.nspname HAVING count(*) = $2 ORDER BY 1`, p.Marks, len(p.Marks))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Knowledge is what a preset makes of one state of a database. It does not change.
type Knowledge struct {
	preset *Preset
	By     map[string]about // by schema of the application
	rows   map[string]said  // likewise
}

// Of returns what is known of a table. k may be nil.
func (k *Knowledge) Of(d *credential.Outline) Facts {
	if k == nil || k.By[d.Schema] == nil {
		return Facts{}
	}
	return k.By[d.Schema](d)
}

// Values are what the preset says of values in the tables of a schema.
func (k *Knowledge) Values(schema string) pattern.Values {
	if k == nil || k.By[schema] == nil {
		return pattern.Values{}
	}
	return k.preset.Values
}

// OfTable is of for who knows a table by its name alone.
func (k *Knowledge) OfTable(schema, table string) Facts {
	return k.Of(&credential.Outline{Schema: schema, Table: table})
}

// ObjectName returns what the object of a table is called, as far as no other table is called so.
func (k *Knowledge) ObjectName(schema, table string) string {
	if name := k.OfTable(schema, table).object; name != "" {
		return name
	}
	return naming.Object(table)
}

// Read reads what the application says of its tables, in those of schemas that are its own.
func (p *Preset) Read(
	ctx context.Context, db mapper.Querier, schemas []string,
) (*Knowledge, error) {
	k := &Knowledge{preset: p, By: map[string]about{}, rows: map[string]said{}}
	if p == nil {
		return k, nil
	}
	homes, err := p.schemas(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("look for the tables of %s: %w", p.Title, err)
	}
	for _, home := range homes {
		if !slices.Contains(schemas, home) {
			continue
		}
		rows := said{}
		for _, s := range p.Says {
			if rows[s.Table], err = s.read(ctx, db, home); err != nil {
				return nil, fmt.Errorf("read what %s says of its tables: %w", p.Title, err)
			}
		}
		k.rows[home], k.By[home] = rows, p.learn(rows)
	}
	return k, nil
}

func (s *Saying) read(ctx context.Context, db mapper.Querier, schema string,
) (map[string]map[string]string, error) {
	var sql strings.Builder
	fmt.Fprintf(&sql, "SELECT %s::text", pg.Identifier(s.key))
	for _, c := range s.columns {
		fmt.Fprintf(&sql, ", coalesce(%s::text, '')", pg.Identifier(c))
	}
	fmt.Fprintf(&sql, " FROM %s", pg.Identifier(schema, s.Table))
	if s.where[0] != "" {
		fmt.Fprintf(&sql, " WHERE %s = '%s'", pg.Identifier(s.where[0]), s.where[1])
	}
	rows, err := db.Query(ctx, sql.String())
	if err != nil {
		return nil, err
	}
	found := map[string]map[string]string{}
	var key string
	values := make([]string, len(s.columns))
	scan := []any{&key}
	for i := range values {
		scan = append(scan, &values[i])
	}
	_, err = pgx.ForEachRow(rows, scan, func() error {
		row := make(map[string]string, len(values))
		for i, c := range s.columns {
			row[c] = values[i]
		}
		found[key] = row
		return nil
	})
	return found, err
}

// Followed returns the table of the preset's descriptions that rel is, nil when it is none.
func (k *Knowledge) Followed(rel *cdc.Relation) *Saying {
	if k == nil || k.By[rel.Schema] == nil {
		return nil
	}
	for i := range k.preset.Says {
		if k.preset.Says[i].Table == rel.Name {
			return &k.preset.Says[i]
		}
	}
	return nil
}

// After returns what is known once change, of a table that s says is followed, has come: k itself
// when it makes no difference.
func (k *Knowledge) After(s *Saying, change cdc.Change) *Knowledge {
	rel := change.Relation
	before := k.rows[rel.Schema][s.Table]
	rows := maps.Clone(before)
	if change.Kind == cdc.Truncate {
		clear(rows)
	} else if !s.follow(rows, change) {
		return k
	}
	all := maps.Clone(k.rows[rel.Schema])
	all[s.Table] = rows
	now := &Knowledge{preset: k.preset, By: maps.Clone(k.By), rows: maps.Clone(k.rows)}
	now.rows[rel.Schema], now.By[rel.Schema] = all, k.preset.learn(all)
	return now
}

// follow has rows be as after a change of one, and reports whether that makes a difference.
func (s *Saying) follow(rows map[string]map[string]string, change cdc.Change) bool {
	rel := change.Relation
	id := rel.Column(s.key)
	if id < 0 {
		return false
	}
	was := change.Old
	if was == nil {
		was = change.New
	}
	key := was[id].String()
	before, known := rows[key]
	delete(rows, key)
	if change.Kind == cdc.Delete {
		return known
	}
	row := map[string]string{}
	for _, c := range s.columns {
		row[c] = before[c] // of what did not come, as it is unchanged
		if i := rel.Column(c); i >= 0 && !change.New[i].IsUnchanged() {
			row[c] = change.New[i].String()
		}
	}
	if s.where[0] != "" && row[s.where[0]] != s.where[1] {
		return known
	}
	if !change.New[id].IsUnchanged() {
		key = change.New[id].String()
	}
	rows[key] = row
	return !known || !maps.Equal(before, row)
}

// WithSayings marks the tables that describe others: they are published, and not announced.
func (k *Knowledge) WithSayings(tables []cdc.Table) []cdc.Table {
	for i, t := range tables {
		if k.Followed(&cdc.Relation{Schema: t.Schema, Name: t.Name}) != nil {
			tables[i] = cdc.Table{Schema: t.Schema, Name: t.Name}
		}
	}
	return tables
}

// FieldNames returns the keys of columns in records.
func (f *Facts) FieldNames(columns []string) []string {
	if f.key == nil {
		return naming.Fields(columns)
	}
	names, taken := make([]string, len(columns)), map[string]int{}
	for i, c := range columns {
		names[i] = f.key(c)
		taken[names[i]]++
	}
	for i, c := range columns {
		if taken[names[i]] > 1 {
			names[i] = c
		}
	}
	return names
}

// RidesOn returns the columns whose changes explain one of a column.
func (f *Facts) RidesOn(column string, rel *cdc.Relation) (list []int) {
	if f.rides == nil {
		return nil
	}
	for _, name := range f.rides(column) {
		if c := rel.Column(name); c >= 0 {
			list = append(list, c)
		}
	}
	return list
}
