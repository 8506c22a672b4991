package generic

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/spelling"
	"hookline/mapper"
	"hookline/mapper/credential"
	"hookline/mapper/pattern"
	"hookline/mapper/preset"
)

// judge tells what is left out of a table. One that looks like a table of webhooks is left out
// whole: their URLs and headers are credentials, too. A secret that is let through does not make
// it look so.
func (g *Catalog) judge(d *credential.Outline, f preset.Facts) omitted {
	j := omitted{Judgement: g.secrets.Judge(d)}
	for i, c := range d.Columns {
		if f.Secret != nil && !j.Through[i] && f.Secret(c.Name) {
			j.Omitted[i] = true
		}
	}
	j.limits = g.limits(d)
	if _, named := g.names[d.Schema+"."+d.Table]; f.Skipped != "" && !named {
		j.Whole, j.Hint, j.own = f.Skipped, "", true
		return j
	}
	if g.leaveFramework(&j, d); j.framework != nil {
		return j
	}
	if g.webhooks == nil {
		return j
	}
	var columns []string
	for i, c := range d.Columns {
		if !j.Through[i] {
			columns = append(columns, c.Name)
		}
	}
	if g.webhooks(d.Table, columns) {
		j.Whole, j.Hint = "it looks like a table of webhooks", ""
	}
	return j
}

// limits returns how large values may be that are sent, nil where all may be of any size. A column
// of the primary key is sent.
func (g *Catalog) limits(d *credential.Outline) (limits []pattern.Limit) {
	list := g.valuesIn(g.known.Load(), d.Schema).Omit
	if list == nil {
		return nil
	}
	for i, c := range d.Columns {
		l := pattern.NewLimit(list.Of(d.Schema, []string{d.Table, d.Object}, c.Name))
		if l == 0 || c.Key {
			continue
		}
		if limits == nil {
			limits = make([]pattern.Limit, len(d.Columns))
		}
		limits[i] = l
	}
	return limits
}

// valuesIn returns what becomes of values in the tables of a schema.
func (g *Catalog) valuesIn(known *preset.Knowledge, schema string) pattern.Values {
	return known.Values(schema).And(g.values)
}

// omitted is what is not sent of a table.
type omitted struct {
	credential.Judgement
	limits []pattern.Limit // by column; nil where all are sent
	own    bool            // nothing is: its application keeps it for itself

	framework *frameworkTable // nil for a table that no framework keeps for itself
}

// limitOf returns the limit of a column's values.
func (j *omitted) limitOf(column int) pattern.Limit {
	if j.limits == nil {
		return 0
	}
	return j.limits[column]
}

// withholds reports whether no value of a column is sent.
func (j *omitted) withholds(column int) bool {
	return j.Omitted[column] || j.limitOf(column) == pattern.NeverSent
}

// withhold has o leave out what the judgement says, but for fields that are not made in the first
// place.
func (g *Catalog) withhold(o *mapper.Description, j omitted) {
	for i := range j.Omitted {
		if j.withholds(i) {
			if o.Ignore == nil {
				o.Ignore = make([]bool, len(j.Omitted))
			}
			o.Ignore[i] = true
		}
	}
	if s := j.Setting; s != nil {
		o.Secret = func(row cdc.Tuple) bool {
			return slices.ContainsFunc(s.Names, func(c int) bool { return g.redactor.Names(row[c].Bytes()) })
		}
	}
}

// survey is what is left out of the tables of a database.
type survey struct {
	tables   map[cdc.Table]judged
	columns  []string    // that are left out of tables that are announced: table.column
	settings []string    // tables of settings
	omitted  []string    // columns that are not sent, or not beyond a size
	whole    []cdc.Table // that are left out
	own      []string    // tables that are left out as an application keeps them for itself

	frameworks []cdc.Table // tables that are left out as a framework keeps them for itself
}

type judged struct {
	credential.Outline
	omitted
	listed bool // in a publication
	full   bool // its replica identity is FULL
}

// survey judges the tables that would be announced otherwise.
func (g *Catalog) survey(
	ctx context.Context, db mapper.Querier, known *preset.Knowledge,
) (*survey, error) {
	rows, err := db.Query(ctx, `
		WITH tables AS MATERIALIZED (
			SELECT c.oid, n.nspname, c.relname, c.relreplident = 'f' AS whole_rows,
			       EXISTS (SELECT FROM pg_publication_rel r WHERE r.prrelid = c.oid) AS listed,
			       coalesce(parent.schema, n.nspname) AS schema, coalesce(parent.name, c.relname) AS name,
			       (SELECT (i.indkey::int2[])[0:i.indnkeyatts - 1] FROM pg_index i
			        WHERE i.indrelid = c.oid AND i.indisprimary) AS key
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace`+parentSQL+`
			WHERE (n.nspname = ANY ($1) OR parent.schema = ANY ($1))
			  AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
		)
		SELECT nspname, relname, schema, name, a.attname, t.typcategory::text,
		       coalesce(nullif(t.typbasetype, 0), t.oid), coalesce(a.attnum = ANY (key), false),
		       whole_rows, listed
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
	var column credential.Column
	var category string
	var base uint32
	var full, listed bool
	_, err = pgx.ForEachRow(rows, []any{
		&table.Schema, &table.Name, &as.Schema, &as.Name, &column.Name, &category, &base,
		&column.Key,
		&full, &listed,
	}, func() error {
		d, met := s.tables[table]
		if !met {
			object, announced := g.announcesBy(known, as.Schema, as.Name)
			if !announced {
				return nil
			}
			names = append(names, table)
			d.Outline = credential.Outline{Schema: as.Schema, Table: as.Name, Object: object}
			d.full, d.listed = full, listed
		}
		column.Of, column.Free, column.Day = heldBy(category[0], base), isFree(base), isDay(base)
		column.Type = base
		d.Columns = append(d.Columns, column)
		s.tables[table] = d
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look columns up: %w", err)
	}
	for _, name := range names {
		d := s.tables[name]
		d.omitted = g.judge(&d.Outline, known.Of(&d.Outline))
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
	if d.framework != nil {
		s.frameworks = append(s.frameworks, name)
		return
	}
	if d.Whole != "" {
		s.whole = append(s.whole, name)
		return
	}
	if !slices.ContainsFunc(d.Columns, func(c credential.Column) bool { return c.Key }) {
		return // it is not announced anyway
	}
	for i, c := range d.Columns {
		if d.Omitted[i] {
			s.columns = append(s.columns, name.Name+"."+c.Name)
		} else if l := d.limitOf(i); l != 0 {
			s.omitted = append(s.omitted, fmt.Sprintf("%s.%s (%s)", name.Name, c.Name, l))
		}
	}
	if d.Setting != nil {
		s.settings = append(s.settings, name.Name)
	}
}

// mistakes says of each pattern of a setting that matches no column what may be wrong with it.
func (s *survey) mistakes(setting string, patterns []pattern.Column) (list []pattern.Mistake) {
	for _, p := range patterns {
		var known []string
		used := false
		for _, d := range s.tables {
			for _, c := range d.Columns {
				used = used || p.Matches(d.Schema, []string{d.Table, d.Object}, c.Name)
				if p.Table == "" {
					known = append(known, c.Name)
				} else {
					known = append(known, d.Table+"."+c.Name, d.Object+"."+c.Name)
				}
			}
		}
		if used {
			continue
		}
		m := pattern.Mistake{Setting: setting, Entry: p.Text, Why: "it matches no column"}
		if setting == pattern.SecretSetting && p.Table == "" {
			m.Why += ", and holds for keys of JSON alone"
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(p.Text, "-"), ":")
		if near := spelling.Nearest(name, pattern.Sorted(known)); near != "" {
			m.Why += ": is " + near + " meant?"
		}
		list = append(list, m)
	}
	return list
}

// logSurvey logs what is left out, once.
func (g *Catalog) logSurvey(s *survey) {
	if text := strings.Join(s.columns, " "); text != "" && !g.reportedAlready("columns "+text) {
		g.log.Info("columns are left out of events as credentials; HOOKLINE_SECRET_COLUMNS decides",
			"columns", s.columns)
	}
	if text := strings.Join(s.own, " "); text != "" && !g.reportedAlready("own "+text) {
		g.log.Info(
			"tables that "+g.preset.Title+" keeps for itself, or for parts of records, are not announced; "+
				"HOOKLINE_OBJECT_NAMES announces those that it names",
			"tables",
			s.own,
		)
	}
	g.tellFrameworks(s)
	for _, t := range s.whole {
		d := s.tables[t]
		if g.reportedAlready("whole " + t.String() + d.Whole) {
			continue
		}
		args := []any{"table", t.String(), "reason", d.Whole}
		if d.Hint != "" {
			args = append(args, "to_announce", "HOOKLINE_SECRET_COLUMNS="+d.Hint)
		}
		g.log.Info("a table is not announced", args...)
	}
	mistakes := s.mistakes(pattern.SecretSetting, g.secrets.Patterns)
	mistakes = append(mistakes, s.mistakes(pattern.TouchSetting, g.touch.Patterns)...)
	for _, m := range append(mistakes, s.valueMistakes(&g.values)...) {
		if !g.reportedAlready("pattern " + m.Setting + m.Entry + m.Why) {
			g.log.Warn("an entry of "+m.Setting+" may be wrong", "entry", m.Entry, "reason", m.Why)
		}
	}
}

// checkCredentials tells what is left out as credentials.
func (g *Catalog) checkCredentials(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error) {
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
	case g.secrets.Off && len(s.columns) == 0:
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
		found = append(found, cdc.OK("preset",
			"%s keeps for itself, or for parts of records, and they are not announced: %s", g.preset.Title,
			strings.Join(s.own, ", ")))
	}
	found = append(found, g.checkFrameworks(s)...)
	for _, t := range s.whole {
		d := s.tables[t]
		text := fmt.Sprintf("%s is not announced: %s", t, d.Whole)
		if d.Hint != "" {
			text += "; HOOKLINE_SECRET_COLUMNS=" + d.Hint + " has it announced"
		}
		found = append(found, cdc.OK(check, "%s", text))
	}
	for _, m := range s.mistakes(pattern.SecretSetting, g.secrets.Patterns) {
		found = append(found, m.Finding(check))
	}
	for _, m := range s.mistakes(pattern.TouchSetting, g.touch.Patterns) {
		found = append(found, m.Finding("touch columns"))
	}
	for _, m := range s.valueMistakes(&g.values) {
		found = append(found, m.Finding("values"))
	}
	if len(s.omitted) > 0 {
		found = append(found, cdc.OK("values", "not sent: %s", strings.Join(s.omitted, ", ")))
	}
	return found, nil
}
