package mapper

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/spelling"
)

// judge tells what is left out of a table. One that looks like a table of webhooks is left out
// whole: their URLs and headers are credentials, too. A secret that is let through does not make
// it look so.
func (g *Generic) judge(d *outline, f facts) judgement {
	j := g.secrets.judge(d)
	for i, c := range d.columns {
		if f.secret != nil && !j.through[i] && f.secret(c.name) {
			j.left[i] = true
		}
	}
	if _, named := g.names[d.schema+"."+d.table]; f.left != "" && !named {
		j.whole, j.mend, j.own = f.left, "", true
		return j
	}
	if g.webhooks == nil {
		return j
	}
	var columns []string
	for i, c := range d.columns {
		if !j.through[i] {
			columns = append(columns, c.name)
		}
	}
	if g.webhooks(d.table, columns) {
		j.whole, j.mend = "it looks like a table of webhooks", ""
	}
	return j
}

// guard has o leave out what the judgement says, but for fields that are not made in the first
// place.
func (g *Generic) guard(o *object, j judgement) {
	if slices.Contains(j.left, true) {
		o.ignore = j.left
	}
	if s := j.setting; s != nil {
		o.secret = func(row cdc.Tuple) bool {
			return slices.ContainsFunc(s.names, func(c int) bool { return g.redactor.names(row[c].Bytes()) })
		}
	}
}

// survey is what is left out of the tables of a database.
type survey struct {
	tables   map[cdc.Table]judged
	columns  []string    // that are left out of tables that are announced: table.column
	settings []string    // tables of settings
	whole    []cdc.Table // that are left out
	own      []string    // tables that are left out as an application keeps them for itself
}

type judged struct {
	outline
	judgement
}

// survey judges the tables that would be announced otherwise.
func (g *Generic) survey(ctx context.Context, db querier, known *knowledge) (*survey, error) {
	rows, err := db.Query(ctx, `
		WITH tables AS MATERIALIZED (
			SELECT c.oid, n.nspname, c.relname,
			       coalesce(parent.schema, n.nspname) AS schema, coalesce(parent.name, c.relname) AS name,
			       (SELECT (i.indkey::int2[])[0:i.indnkeyatts - 1] FROM pg_index i
			        WHERE i.indrelid = c.oid AND i.indisprimary) AS key
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`+parentSQL+`
			WHERE (n.nspname = ANY ($1) OR parent.schema = ANY ($1))
			  AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
		)
		SELECT nspname, relname, schema, name, a.attname, t.typcategory::text,
		       coalesce(nullif(t.typbasetype, 0), t.oid), coalesce(a.attnum = ANY (key), false)
		FROM tables
		JOIN pg_attribute a ON a.attrelid = tables.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type t ON t.oid = a.atttypid
		ORDER BY nspname, relname, a.attnum`, g.schemas)
	if err != nil {
		return nil, fmt.Errorf("look columns up: %w", err)
	}
	s := &survey{tables: map[cdc.Table]judged{}}
	var names []cdc.Table
	var table, as cdc.Table
	var column outlineColumn
	var category string
	var base uint32
	_, err = pgx.ForEachRow(rows, []any{
		&table.Schema, &table.Name, &as.Schema, &as.Name, &column.name, &category, &base, &column.key,
	}, func() error {
		d, met := s.tables[table]
		if !met {
			object, announced := g.announcesBy(known, as.Schema, as.Name)
			if !announced {
				return nil
			}
			names = append(names, table)
			d.outline = outline{schema: as.Schema, table: as.Name, object: object}
		}
		column.of, column.free = heldBy(category[0], base), isFree(base)
		d.columns = append(d.columns, column)
		s.tables[table] = d
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look columns up: %w", err)
	}
	for _, name := range names {
		d := s.tables[name]
		d.judgement = g.judge(&d.outline, known.of(&d.outline))
		s.tables[name] = d
		s.add(name, &d)
	}
	return s, nil
}

// add takes what is left out of one table.
func (s *survey) add(name cdc.Table, d *judged) {
	if d.own {
		s.own = append(s.own, name.Name)
		return
	}
	if d.whole != "" {
		s.whole = append(s.whole, name)
		return
	}
	if !slices.ContainsFunc(d.columns, func(c outlineColumn) bool { return c.key }) {
		return // it is not announced anyway
	}
	for i, c := range d.columns {
		if d.left[i] {
			s.columns = append(s.columns, name.Name+"."+c.name)
		}
	}
	if d.setting != nil {
		s.settings = append(s.settings, name.Name)
	}
}

// mistakes says of each pattern of a setting that matches no column what may be wrong with it.
func (s *survey) mistakes(setting string, patterns []columnPattern) (list []mistake) {
	for _, p := range patterns {
		var known []string
		used := false
		for _, d := range s.tables {
			for _, c := range d.columns {
				used = used || p.matches(d.schema, []string{d.table, d.object}, c.name)
				if p.table == "" {
					known = append(known, c.name)
				} else {
					known = append(known, d.table+"."+c.name, d.object+"."+c.name)
				}
			}
		}
		if used {
			continue
		}
		m := mistake{setting, p.text, "it matches no column"}
		if setting == secretColumns && p.table == "" {
			m.why += ", and holds for keys of JSON alone"
		}
		if near := spelling.Nearest(strings.TrimPrefix(p.text, "-"), sorted(known)); near != "" {
			m.why += ": is " + near + " meant?"
		}
		list = append(list, m)
	}
	return list
}

// The settings that name columns.
const (
	secretColumns = "HOOKLINE_SECRET_COLUMNS"
	touchColumns  = "HOOKLINE_TOUCH_COLUMNS"
)

// tell logs what is left out, once.
func (g *Generic) tell(s *survey) {
	if text := strings.Join(s.columns, " "); text != "" && !g.reportedAlready("columns "+text) {
		g.log.Info("columns are left out of events as credentials; HOOKLINE_SECRET_COLUMNS decides",
			"columns", s.columns)
	}
	if text := strings.Join(s.own, " "); text != "" && !g.reportedAlready("own "+text) {
		g.log.Info("tables that "+g.preset.title+" keeps for itself, or for parts of records, are not announced; "+
			"HOOKLINE_OBJECT_NAMES announces those that it names", "tables", s.own)
	}
	for _, t := range s.whole {
		d := s.tables[t]
		if g.reportedAlready("whole " + t.String() + d.whole) {
			continue
		}
		args := []any{"table", t.String(), "reason", d.whole}
		if d.mend != "" {
			args = append(args, "to_announce_it", "HOOKLINE_SECRET_COLUMNS="+d.mend)
		}
		g.log.Info("a table is not announced", args...)
	}
	for _, m := range append(s.mistakes(secretColumns, g.secrets.patterns), s.mistakes(touchColumns, g.touch.patterns)...) {
		if !g.reportedAlready("pattern " + m.setting + m.entry + m.why) {
			g.log.Warn("an entry of "+m.setting+" may be wrong", "entry", m.entry, "reason", m.why)
		}
	}
}

// CheckCredentials tells what is left out as credentials.
func (g *Generic) CheckCredentials(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error) {
	known, err := g.know(ctx, conn)
	if err != nil {
		return nil, err
	}
	s, err := g.survey(ctx, conn, known)
	if err != nil {
		return nil, err
	}
	const check = "credentials"
	found := []cdc.Finding{cdc.OK(check, "no column is left out; of JSON, keys that name one are")}
	switch {
	case g.secrets.off && len(s.columns) == 0:
		found[0] = cdc.OK(check, "nothing is left out: HOOKLINE_SECRET_COLUMNS has off")
	case len(s.columns) > 0:
		found[0] = cdc.OK(check, "left out of events: %s; and of JSON, keys that name one",
			strings.Join(s.columns, ", "))
	}
	if len(s.settings) > 0 {
		found = append(found, cdc.OK(check, "left out of rows whose name says so: values of %s",
			strings.Join(s.settings, ", ")))
	}
	if len(s.own) > 0 {
		found = append(found, cdc.OK("preset", "%s keeps for itself, or for parts of records, and they are not announced: %s",
			g.preset.title, strings.Join(s.own, ", ")))
	}
	for _, t := range s.whole {
		d := s.tables[t]
		text := fmt.Sprintf("%s is not announced: %s", t, d.whole)
		if d.mend != "" {
			text += "; HOOKLINE_SECRET_COLUMNS=" + d.mend + " has it announced"
		}
		found = append(found, cdc.OK(check, "%s", text))
	}
	for _, m := range s.mistakes(secretColumns, g.secrets.patterns) {
		found = append(found, m.finding(check))
	}
	for _, m := range s.mistakes(touchColumns, g.touch.patterns) {
		found = append(found, m.finding("touch columns"))
	}
	return found, nil
}
