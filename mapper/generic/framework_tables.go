package generic

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/credential"
	"hookline/mapper/naming"
	"hookline/mapper/pattern"
	"hookline/mapper/preset"
)

// An application's framework, and the libraries that it uses, keep tables of their own beside its
// records: of migrations, of jobs, of locks. They are noise to whoever hears of records, and the
// arguments of a job may hold anything. So they are not announced, unless a setting names them.

// frameworkTable is one of them.
type frameworkTable struct {
	framework string // as people call it
	holds     string // what it holds, in the plural where there are several
	name      string // of the table; * stands for anything

	// columns are those that it must have. After = it must have no others. name:number must be a
	// number.
	columns string
}

// frameworkOf returns the framework's table that a table is, by its name and columns; nil for one
// that is none. Names are compared without capitals and underscores.
func frameworkOf(table string, columns []credential.Column) *frameworkTable {
	for _, f := range frameworksNamed(table) {
		if f.has(columns) {
			return f
		}
	}
	return nil
}

// frameworksNamed returns the frameworks' tables that are called so.
func frameworksNamed(table string) (list []*frameworkTable) {
	table = naming.Folded(table)
	byName := frameworksByName()
	list = append(list, byName[table]...)
	for _, f := range byName["*"] {
		if pattern.Glob(naming.Folded(f.name), table) {
			list = append(list, f)
		}
	}
	return list
}

// frameworksByName are the frameworks' tables by their folded names, and under * those whose names
// are patterns.
var frameworksByName = sync.OnceValue(func() map[string][]*frameworkTable {
	by := map[string][]*frameworkTable{}
	for i := range frameworks {
		name := naming.Folded(frameworks[i].name)
		if strings.Contains(name, "*") {
			name = "*"
		}
		by[name] = append(by[name], &frameworks[i])
	}
	return by
})

// has reports whether the columns are those that the table has.
func (f *frameworkTable) has(columns []credential.Column) bool {
	list, only := strings.CutPrefix(f.columns, "= ")
	wanted := strings.Fields(list)
	if only && len(wanted) != len(columns) {
		return false
	}
	for _, name := range wanted {
		name, _, isNumber := strings.Cut(name, ":")
		name = naming.Folded(name)
		if !slices.ContainsFunc(columns, func(c credential.Column) bool {
			return naming.Folded(c.Name) == name && (!isNumber || c.Of == credential.Number)
		}) {
			return false
		}
	}
	return true
}

// String tells what it is: jobs of Oban.
func (f *frameworkTable) String() string { return f.holds + " of " + f.framework }

// leaveFramework has j leave out a framework's table. Where credentials leave it out they decide
// alone.
func (g *Catalog) leaveFramework(j *omitted, d *credential.Outline) {
	if j.Whole != "" ||
		g.wants(pattern.Candidate{Schema: d.Schema, Table: d.Table, Object: d.Object}) {
		return
	}
	if f := frameworkOf(d.Table, d.Columns); f != nil {
		j.framework, j.Whole = f, "it holds "+f.String()
	}
}

// wants reports whether a setting names a table itself, so that it is announced even if it is a
// framework's: HOOKLINE_OBJECT_NAMES, HOOKLINE_INCLUDE without *, or HOOKLINE_SECRET_COLUMNS, which
// lets all of it through.
func (g *Catalog) wants(c pattern.Candidate) bool {
	return g.isNamed(cdc.Table{Schema: c.Schema, Name: c.Table}) || g.selection.Names(c) ||
		g.secrets.LetsTable(c.Schema, []string{c.Table, c.Object})
}

// markFrameworks marks the tables that are left out as a framework's.
func (g *Catalog) markFrameworks(
	ctx context.Context, db mapper.Querier, known *preset.Knowledge, tables []listedTable,
) error {
	of := map[cdc.Table]int{}
	var schemas, names []string
	for i, l := range tables {
		if l.Parent != "" || !slices.Contains(g.schemas, l.Schema) ||
			frameworksNamed(l.Name) == nil ||
			g.wants(pattern.Candidate{
				Schema: l.Schema, Table: l.Name,
				Object: known.ObjectName(l.Schema, l.Name),
			}) {
			continue
		}
		schemas, names = append(schemas, l.Schema), append(names, l.Name)
		of[cdc.Table{Schema: l.Schema, Name: l.Name}] = i
	}
	if names == nil {
		return nil
	}
	rows, err := db.Query(ctx, `
		SELECT n.nspname, c.relname, `+columnsSQL+`
		FROM unnest($1::text[], $2::text[]) AS t (schema, name)
		JOIN pg_namespace n ON n.nspname = t.schema
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name`, schemas, names)
	if err != nil {
		return fmt.Errorf("look for tables of frameworks: %w", err)
	}
	var table cdc.Table
	var columns frameworkColumns
	_, err = pgx.ForEachRow(rows, []any{
		&table.Schema, &table.Name, &columns.names, &columns.categories,
	}, func() error {
		tables[of[table]].framework = frameworkOf(table.Name, columns.outline()) != nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for tables of frameworks: %w", err)
	}
	return nil
}

// announcing returns the setting that has a table announced which a framework keeps for itself.
func announcing(schema, table string) string {
	return fmt.Sprintf("HOOKLINE_OBJECT_NAMES=%s.%s=%s", schema, table, naming.Object(table))
}

// frameworkTables are those of the survey, with what they hold, sorted.
func (s *survey) frameworkTables() (list []string) {
	for _, t := range s.frameworks {
		list = append(list, fmt.Sprintf("%s (%s)", t.Name, s.tables[t].framework))
	}
	return list
}

// tellFrameworks logs, once, which tables frameworks keep for themselves. One that an earlier
// version has announced is told alone, as long as a publication lists it.
func (g *Catalog) tellFrameworks(s *survey) {
	list := s.frameworkTables()
	if text := strings.Join(list, " "); text != "" && !g.reportedAlready("frameworks "+text) {
		g.log.Info("tables that frameworks keep for themselves are not announced; "+
			"HOOKLINE_OBJECT_NAMES announces those that it names", "tables", list)
	}
	noted := g.given.Load().noted
	for _, t := range s.frameworks {
		d, object := s.tables[t], noted[written(t)]
		if object == "" || !d.listed || g.reportedAlready("framework "+t.String()) {
			continue
		}
		args := []any{
			"table", t.String(), "object", object, "reason", d.Whole,
			"to_announce", announcing(t.Schema, t.Name),
		}
		if d.full {
			args = append(args, "to_mend_it", resetIdentity(t))
		}
		g.log.Warn("a table that was announced is not announced any more", args...)
	}
}

// resetIdentity is the SQL for a table whose old rows nobody needs in the stream any more.
func resetIdentity(t cdc.Table) string {
	return "ALTER TABLE " + t.String() + " REPLICA IDENTITY DEFAULT"
}

// checkFrameworks tells which tables frameworks keep for themselves, and of which an earlier
// version has left the replica identity FULL: their updates then write more WAL than they need.
func (g *Catalog) checkFrameworks(s *survey) (found []cdc.Finding) {
	list := s.frameworkTables()
	if list == nil {
		return nil
	}
	const check = "frameworks"
	found = append(found, cdc.OK(check,
		"tables that frameworks keep for themselves are not announced: %s; "+
			"HOOKLINE_OBJECT_NAMES announces those that it names", strings.Join(list, ", ")))
	noted := g.given.Load().noted
	for _, t := range s.frameworks {
		if s.tables[t].full && noted[written(t)] != "" {
			found = append(found, cdc.Finding{
				Level: cdc.Warning, Check: check,
				Found: t.String() + " was announced before, and its replica identity still is " +
					"FULL: its updates write more WAL than they need",
				Hint: "unless something else reads its old rows, as its owner",
				SQL:  []string{resetIdentity(t)},
			})
		}
	}
	return found
}

// frameworkColumns are what tells a framework's table, as columnsSQL selects it.
type frameworkColumns struct{ names, categories []string }

func (f *frameworkColumns) outline() []credential.Column {
	list := make([]credential.Column, len(f.names))
	for i, name := range f.names {
		list[i] = credential.Column{Name: name, Of: heldBy(f.categories[i][0], 0)}
	}
	return list
}

// columnsSQL selects the names and type categories of the columns of table c, each as an array.
const columnsSQL = `ARRAY(SELECT a.attname::text FROM pg_attribute a
		      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum),
		ARRAY(SELECT t.typcategory::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
		      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)`
