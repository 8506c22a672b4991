package mapper

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

// preset is what is known of the tables of one application, beside what any database says of
// itself. Such a database is read by the generic catalog all the same. docs/presets.md tells how to
// add one: a file with a value of this type, and a line in presets.
type preset struct {
	name  string   // as HOOKLINE_PROFILE has it
	title string   // as people call the application
	marks []string // tables of the application: a schema that has them all is one of its schemas

	// says are tables in which the application describes the others. They are followed.
	says []saying
	// drafts reports whether records of a relation have drafts, if it is a table of the application
	// and not said to have none: their changes are kept until the transaction ends. nil: none has.
	drafts func(rel *cdc.Relation) bool
	// learn returns what is known of each table, given the rows of says. It is called anew when
	// they have changed.
	learn func(said) about
}

// about tells what is known of a table. The columns of the outline are missing where the table is
// asked for by its name alone; its object is yet to be named.
type about func(of *outline) facts

// facts are what a preset knows of one table. The zero value: nothing.
type facts struct {
	left   string // why the table is not announced; "" when it is
	object string // what the application's API calls its records; "" leaves it to the table's name

	key    func(column string) string   // what the API calls a column; nil: camelCase, as anywhere else
	touch  func(column string) bool     // an update of nothing but such columns is not told; nil: there is none
	rides  func(column string) []string // a column that tells nothing in an update that changes one of these, too; nil: none does
	secret func(column string) bool     // the application says that it is one; nil: names alone do

	identity []string // columns that tell records apart, where the primary key does not
	drafts   string   // the column that is null in drafts and set in what is published; "": no such
}

// saying is a table in which an application describes others.
type saying struct {
	table   string
	key     string   // its primary key, of one column
	columns []string // that are read
	where   [2]string
	// where is a column and what it has to be in rows that count; zero: all rows count
}

// said are the rows of the tables in which the application describes others: by table, by key, by
// column. A column that is null, or missing, is "".
type said map[string]map[string]map[string]string

// presets are all that there are. A database that has the tables of several is taken for the first.
var presets = []*preset{strapi, directus, payload, medusa}

func presetNamed(name string) *preset {
	if i := slices.IndexFunc(presets, func(p *preset) bool { return p.name == name }); i >= 0 {
		return presets[i]
	}
	return nil
}

// Profiles returns the names of all profiles, auto not among them.
func Profiles() []string {
	names := []string{"twenty", "generic"}
	for _, p := range presets {
		names = append(names, p.name)
	}
	return names
}

// schemas returns those that have all tables that mark the application, sorted.
func (p *preset) schemas(ctx context.Context, db querier) ([]string, error) {
	rows, err := db.Query(ctx, `
		SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND c.relname = ANY ($1)
		GROUP BY n.nspname HAVING count(*) = $2 ORDER BY 1`, p.marks, len(p.marks))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// knowledge is what a preset makes of one state of a database. It does not change.
type knowledge struct {
	preset *preset
	by     map[string]about // by schema of the application
	rows   map[string]said  // likewise
}

// of returns what is known of a table. k may be nil.
func (k *knowledge) of(d *outline) facts {
	if k == nil || k.by[d.schema] == nil {
		return facts{}
	}
	return k.by[d.schema](d)
}

// ofTable is of for who knows a table by its name alone.
func (k *knowledge) ofTable(schema, table string) facts {
	return k.of(&outline{schema: schema, table: table})
}

// objectName returns what the object of a table is called, as far as no other table is called so.
func (k *knowledge) objectName(schema, table string) string {
	if name := k.ofTable(schema, table).object; name != "" {
		return name
	}
	return objectName(table)
}

// read reads what the application says of its tables, in those of schemas that are its own.
func (p *preset) read(ctx context.Context, db querier, schemas []string) (*knowledge, error) {
	k := &knowledge{preset: p, by: map[string]about{}, rows: map[string]said{}}
	if p == nil {
		return k, nil
	}
	homes, err := p.schemas(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("look for the tables of %s: %w", p.title, err)
	}
	for _, home := range homes {
		if !slices.Contains(schemas, home) {
			continue
		}
		rows := said{}
		for _, s := range p.says {
			if rows[s.table], err = s.read(ctx, db, home); err != nil {
				return nil, fmt.Errorf("read what %s says of its tables: %w", p.title, err)
			}
		}
		k.rows[home], k.by[home] = rows, p.learn(rows)
	}
	return k, nil
}

func (s *saying) read(ctx context.Context, db querier, schema string,
) (map[string]map[string]string, error) {
	var sql strings.Builder
	fmt.Fprintf(&sql, "SELECT %s::text", pgx.Identifier{s.key}.Sanitize())
	for _, c := range s.columns {
		fmt.Fprintf(&sql, ", coalesce(%s::text, '')", pgx.Identifier{c}.Sanitize())
	}
	fmt.Fprintf(&sql, " FROM %s", pgx.Identifier{schema, s.table}.Sanitize())
	if s.where[0] != "" {
		fmt.Fprintf(&sql, " WHERE %s = '%s'", pgx.Identifier{s.where[0]}.Sanitize(), s.where[1])
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

// followed returns the table of the preset's descriptions that rel is, nil when it is none.
func (k *knowledge) followed(rel *cdc.Relation) *saying {
	if k == nil || k.by[rel.Schema] == nil {
		return nil
	}
	for i := range k.preset.says {
		if k.preset.says[i].table == rel.Name {
			return &k.preset.says[i]
		}
	}
	return nil
}

// after returns what is known once change, of a table that s says is followed, has come: k itself
// when it makes no difference.
func (k *knowledge) after(s *saying, change cdc.Change) *knowledge {
	rel := change.Relation
	before := k.rows[rel.Schema][s.table]
	rows := maps.Clone(before)
	if change.Kind == cdc.Truncate {
		clear(rows)
	} else if !s.follow(rows, change) {
		return k
	}
	all := maps.Clone(k.rows[rel.Schema])
	all[s.table] = rows
	now := &knowledge{preset: k.preset, by: maps.Clone(k.by), rows: maps.Clone(k.rows)}
	now.rows[rel.Schema], now.by[rel.Schema] = all, k.preset.learn(all)
	return now
}

// follow has rows be as after a change of one, and reports whether that makes a difference.
func (s *saying) follow(rows map[string]map[string]string, change cdc.Change) bool {
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
