package cdc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// CheckTables compares the database with what tables and cfg ask for, as NewPlan does. What Hookline does itself at its next start is
// fine; what it has no right to do is a problem, and its SQL is for someone who has. In a gap, and where the slot or Hookline's own tables
// are not for the role to use, nothing is found: FindGap and the schema tell.
func CheckTables(ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table) ([]Finding, error) {
	cfg = cfg.withDefaults()
	plan, err := planOf(ctx, conn, cfg, tables)
	if err != nil || plan == nil {
		return nil, err
	}
	own := plan.own(backfillTable) // every plan has it
	rights, err := lookAtRights(ctx, conn, cfg.Publication, append([]Table{own}, tables...))
	if err != nil {
		return nil, err
	}
	rights.makesOwn = !slices.Contains(rights.foreign, own)
	foreign, err := planOf(ctx, conn, cfg, slices.DeleteFunc(slices.Clone(rights.foreign), func(t Table) bool { return t == own }))
	if err != nil || foreign == nil {
		return nil, err
	}
	found := []Finding{
		rights.checkOwners(cfg, foreign), rights.checkPublication(cfg, plan, foreign), checkIdentities(cfg, plan, foreign),
	}
	for _, left := range plan.Left {
		found = append(found, checkLeft(left))
	}
	return found, nil
}

// planOf is NewPlan; nil where there is a Problem instead.
func planOf(ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table) (*Plan, error) {
	plan, err := NewPlan(ctx, conn, cfg, tables, nil)
	if _, ok := errors.AsType[*Problem](err); ok {
		return nil, nil
	}
	return plan, err
}

// rights are what the role may do about publication and tables.
type rights struct {
	role      string // quoted
	database  string // quoted
	create    bool   // the role may make publications
	published bool   // the publication exists
	owner     string // of the publication
	owns      bool   // it is the role's
	listed    int    // tables in it
	platform  Platform
	foreign   []Table // those that the role does not own
	owners    []string
	makesOwn  bool // Hookline's own tables are the role's, or will be
}

func lookAtRights(ctx context.Context, conn *pgx.Conn, publication string, tables []Table) (r rights, err error) {
	platform, err := lookAtPlatform(ctx, conn)
	if err != nil {
		return r, err
	}
	r.platform = platform.platform()
	err = conn.QueryRow(ctx, `
		SELECT quote_ident(current_user), quote_ident(current_database()), has_database_privilege(current_database(), 'CREATE'),
		       p.pubname IS NOT NULL, coalesce(pg_get_userbyid(p.pubowner), ''), coalesce(pg_has_role(p.pubowner, 'USAGE'), false),
		       (SELECT count(*) FROM pg_publication_tables WHERE pubname = $1)
		FROM (SELECT) one LEFT JOIN pg_publication p ON p.pubname = $1`, publication).
		Scan(&r.role, &r.database, &r.create, &r.published, &r.owner, &r.owns, &r.listed)
	if err != nil {
		return r, fmt.Errorf("check the rights to publication %q: %w", publication, err)
	}
	schemas, names := make([]string, len(tables)), make([]string, len(tables))
	for i, t := range tables {
		schemas[i], names[i] = t.Schema, t.Name
	}
	rows, err := conn.Query(ctx, `
		SELECT t.ord, pg_get_userbyid(c.relowner)
		FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t(schema, name, ord)
		JOIN pg_namespace n ON n.nspname = t.schema
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
		WHERE NOT pg_has_role(c.relowner, 'USAGE')
		ORDER BY t.ord`, schemas, names)
	if err != nil {
		return r, fmt.Errorf("look for the owners of tables: %w", err)
	}
	var ord int
	var owner string
	seen := map[string]bool{}
	_, err = pgx.ForEachRow(rows, []any{&ord, &owner}, func() error {
		if tables[ord-1].Left {
			return nil
		}
		r.foreign = append(r.foreign, tables[ord-1])
		if !seen[owner] {
			seen[owner] = true
			r.owners = append(r.owners, owner)
		}
		return nil
	})
	if err != nil {
		return r, fmt.Errorf("look for the owners of tables: %w", err)
	}
	return r, nil
}

// checkOwners tells what is to be done to tables that only their owners may touch. A publication that is made on the way is given to the
// role, so that it can add tables of its own later.
func (r *rights) checkOwners(cfg Config, foreign *Plan) Finding {
	const check = "ownership"
	todo := r.preparation(foreign)
	switch {
	case len(r.foreign) == 0:
		return OK(check, "the role owns all tables")
	case len(todo) == 0:
		return OK(check, "%s, owned by %s, %s prepared", count(len(r.foreign), "table"), strings.Join(r.owners, ", "), areOrIs(len(r.foreign)))
	}
	if !r.owns {
		todo = append(todo, r.giveAway(cfg))
	}
	return Finding{
		Level: Wrong, Check: check,
		Found: fmt.Sprintf("the role does not own %s, of %s, which %s not prepared: %s", count(len(r.foreign), "table"),
			strings.Join(r.owners, ", "), areOrIs(len(r.foreign)), some(r.foreign)),
		Mend: r.platform.admin(), SQL: todo,
	}
}

func (r *rights) giveAway(cfg Config) string {
	return fmt.Sprintf("ALTER PUBLICATION %s OWNER TO %s", pgx.Identifier{cfg.Publication}.Sanitize(), r.role)
}

func (r *rights) checkPublication(cfg Config, plan, foreign *Plan) Finding {
	const check = "publication"
	todo := r.publishing(plan)
	switch {
	case !r.published && len(r.foreign) > 0:
		return OK(check, "%q is not made yet; see ownership", cfg.Publication)
	case !r.published && !r.create:
		return Finding{
			Level: Wrong, Check: check, Found: fmt.Sprintf("%q does not exist, and the role may not make it", cfg.Publication),
			Mend: r.platform.admin(), SQL: []string{fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s", r.database, r.role)},
		}
	case !r.published:
		return OK(check, "%q is not made yet; hookline run makes it", cfg.Publication)
	case !r.owns && todo > r.publishing(foreign):
		return Finding{
			Level: Wrong, Check: check, Found: fmt.Sprintf("%q lacks tables, and belongs to %s", cfg.Publication, r.owner),
			Mend: r.platform.admin(), SQL: []string{r.giveAway(cfg)},
		}
	case !r.owns:
		return Finding{
			Level: Warning, Check: check,
			Found: fmt.Sprintf("%q lists %s, and belongs to %s: the role cannot add tables that come later", cfg.Publication, count(r.listed, "table"), r.owner),
			Mend:  r.platform.admin(), SQL: []string{r.giveAway(cfg)},
		}
	case todo > 0:
		return OK(check, "%q lists %s, and is brought up to date at the next start", cfg.Publication, count(r.listed, "table"))
	}
	return OK(check, "%q lists %s", cfg.Publication, count(r.listed, "table"))
}

func checkIdentities(cfg Config, plan, foreign *Plan) Finding {
	const check = "replica identity"
	todo, others := countIdentities(plan.Statements), countIdentities(foreign.Statements)
	switch {
	case cfg.Identity == IdentityKeep:
		return OK(check, "left as it is: HOOKLINE_REPLICA_IDENTITY=keep")
	case others > 0:
		return OK(check, "hookline run sets it to FULL on %s; of %s others own, see ownership", count(todo-others, "table"), count(others, "table"))
	case todo > 0:
		return OK(check, "hookline run sets it to FULL on %s", count(todo, "table"))
	}
	return OK(check, "as it should be on %s", count(plan.tells, "table"))
}

// countIdentities counts the statements that set a replica identity.
func countIdentities(statements []string) (n int) {
	for _, sql := range statements {
		if strings.HasPrefix(sql, "ALTER TABLE ") {
			n++
		}
	}
	return n
}

// checkLeft tells of a table that is left out, by the reason that the plan gives.
func checkLeft(left string) Finding {
	f := Finding{Level: Warning, Check: "table left out", Found: left}
	table, reason, _ := strings.Cut(left, ": ")
	switch {
	case strings.HasPrefix(reason, "no primary key"):
		f.Mend = fmt.Sprintf("give it one, as its owner: ALTER TABLE %s ADD PRIMARY KEY (…);", table)
	case strings.HasPrefix(reason, "replica identity is set to nothing"):
		f.Mend, f.SQL = "as its owner", []string{fmt.Sprintf("ALTER TABLE %s REPLICA IDENTITY DEFAULT", table)}
	case strings.HasPrefix(reason, "its virtual generated columns"):
		f.Mend, f.SQL = "as its owner", []string{fmt.Sprintf("ALTER TABLE %s REPLICA IDENTITY DEFAULT", table)}
	default:
		f.Mend = "nothing, if its changes may go without; otherwise what the reason names"
	}
	return f
}

// preparation is what of a plan's statements adds to publication and tables. Left out are the slot, Hookline's own tables as far as it makes
// and publishes them itself, and tables that are taken out of the publication.
func (r *rights) preparation(p *Plan) (list []string) {
	own := p.own(backfillTable).String()
	for _, sql := range p.Statements {
		switch {
		case strings.HasPrefix(sql, "CREATE SCHEMA "), strings.HasPrefix(sql, "INSERT "), strings.HasPrefix(sql, "SELECT "):
		case strings.Contains(sql, " DROP TABLE "):
		case r.makesOwn && (strings.HasSuffix(sql, " ADD TABLE "+own) || strings.Contains(sql, " FOR TABLE "+own+" WITH ")):
		case r.makesOwn:
			list = append(list, strings.Replace(sql, " FOR TABLE "+own+", ", " FOR TABLE ", 1))
		default:
			list = append(list, sql)
		}
	}
	return list
}

// publishing counts the statements that add to the publication, or change it.
func (r *rights) publishing(p *Plan) int {
	return len(r.preparation(p)) - countIdentities(p.Statements)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func areOrIs(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// some names a few of the tables.
func some(tables []Table) string {
	const most = 5
	var names []string
	for _, t := range tables[:min(most, len(tables))] {
		names = append(names, t.String())
	}
	if len(tables) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}
