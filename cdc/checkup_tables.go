package cdc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// A process that streams sees within one look what has to be done, and does it.
const (
	oneLook   = 4 * time.Second // with what it takes to do it
	glanceGap = 200 * time.Millisecond
)

// CheckTables compares the database with what tables and cfg ask for, as NewPlan does. What
// Hookline does itself at its next start is fine. While a process streams, it would have been done
// by now: what is left after one look of that process is a warning. What the role has no right to
// do is a problem, and its SQL is for someone who has. In a gap, and where the slot or Hookline's
// own tables are not for the role to use, nothing is found: FindGap and the schema tell.
func CheckTables(
	ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table,
) ([]Finding, error) {
	cfg = cfg.withDefaults()
	plan, err := settledPlan(ctx, conn, cfg, tables)
	if err != nil || plan == nil {
		return nil, err
	}
	platform, err := queryPlatform(ctx, conn)
	if err != nil {
		return nil, err
	}
	c := checkup{Plan: plan, platform: platform.platform()}
	found := append([]Finding{c.ownership(), c.publication(), c.identities()}, c.migrations()...)
	for _, s := range plan.Skipped {
		if s.Reason != NotOwned || s.Harms { // ownership tells of the others
			found = append(found, s.Finding())
		}
	}
	waiting, err := c.waiting(ctx, conn)
	return append(found, waiting...), err
}

// settledPlan is planOf. While a process streams, it gives that process the time for one look.
func settledPlan(ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table) (*Plan, error) {
	for end := time.Now().Add(oneLook); ; {
		plan, err := planOf(ctx, conn, cfg, tables)
		if err != nil || plan == nil || !plan.waits() || time.Now().After(end) {
			return plan, err
		}
		select {
		case <-time.After(glanceGap):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// waits reports whether there is something that the process that streams could do, and has not
// done.
func (p *Plan) waits() bool {
	return p.scan.active && slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Lacks == 0 })
}

// checkup is a plan that is explained.
type checkup struct {
	*Plan
	platform Platform
}

// ownership tells what is to be done to tables that only their owners may touch. A publication that
// is made on the way is given to the role, so that it can add tables of its own later.
func (c *checkup) ownership() Finding {
	const check = "ownership"
	var foreign []Table
	var owners []string
	told := map[Table]bool{}
	add := func(t *candidate) {
		if !told[t.Table] {
			told[t.Table], foreign = true, append(foreign, t.Table)
		}
		if !slices.Contains(owners, t.owner) {
			owners = append(owners, t.owner)
		}
	}
	var todo []string
	for i := range c.Steps {
		if s := &c.Steps[i]; s.Lacks.has(ownTable) {
			todo = append(todo, s.SQL)
			add(s.table)
		}
	}
	for i := range c.scan.tables {
		if t := &c.scan.tables[i]; todo == nil && !t.owned && !t.unwanted && !t.Skip {
			add(t)
		}
	}
	switch {
	case len(foreign) == 0:
		return OK(check, "the role owns all tables")
	case len(todo) == 0:
		return OK(check, "%s, owned by %s, %s prepared", count(len(foreign), "table"),
			strings.Join(owners, ", "), areOrIs(len(foreign)))
	}
	if i := c.step(MakePublication); i >= 0 {
		todo = append([]string{c.Steps[i].SQL}, todo...)
	}
	if !c.scan.publication || !c.scan.owns {
		todo = append(todo, c.giveAway())
	}
	return Finding{
		Level: Wrong, Check: check,
		Found: fmt.Sprintf("the role does not own %s, of %s, which %s not prepared: %s",
			count(len(foreign), "table"),
			strings.Join(owners, ", "), areOrIs(len(foreign)), some(foreign)),
		Hint: c.platform.admin(), SQL: todo,
	}
}

func (c *checkup) giveAway() string {
	return fmt.Sprintf("ALTER PUBLICATION %s OWNER TO %s", pg.Identifier(c.cfg.Publication),
		c.scan.role)
}

// migrations tells of roles that own published tables and not the publication: what it forbids they
// cannot do, nor take their tables out of it for that.
func (c *checkup) migrations() []Finding {
	var theirs []Table
	var owners []string
	for i := range c.scan.tables {
		t := &c.scan.tables[i]
		// of the last, publication tells
		if !t.direct || t.releases || t.Schema == c.cfg.Schema || t.owned && !c.scan.owns {
			continue
		}
		if theirs = append(theirs, t.Table); !slices.Contains(owners, t.owner) {
			owners = append(owners, t.owner)
		}
	}
	if theirs == nil {
		return nil
	}
	return []Finding{{
		Level: Warning, Check: "migrations",
		Found: fmt.Sprintf(
			"%s of %s published, and %s may not change publication %q, which belongs to %s: "+
				"what a publication forbids, such as SET UNLOGGED, fails for %[3]s, and so does the way "+
				"round it",
			count(len(theirs), "table"), strings.Join(owners, ", ")+" "+areOrIs(len(theirs)),
			strings.Join(owners, ", "),
			c.cfg.Publication, c.scan.owner),
		Hint: fmt.Sprintf(
			"before such a migration, for the table that it is about, as %s or a superuser: "+
				"ALTER PUBLICATION %s DROP TABLE ONLY %s; see \"What a publication forbids\" in "+
				"docs/security.md",
			c.scan.owner, pg.Identifier(c.cfg.Publication), theirs[0]),
	}}
}

// step returns the index of the first step of a kind, -1 when there is none.
func (c *checkup) step(kind StepKind) int {
	return slices.IndexFunc(c.Steps, func(s Step) bool { return s.Kind == kind })
}

func (c *checkup) publication() Finding {
	const check = "publication"
	foreign, own := 0, 0 // steps that change it, of tables that are others' or the role's
	for _, s := range c.Steps {
		switch {
		case s.Lacks.has(ownTable):
			foreign++
		case s.Needs.has(ownPublication):
			own++
		}
	}
	f := c.scan
	switch {
	case !f.publication && foreign > 0:
		return OK(check, "%q is not made yet; see ownership", c.cfg.Publication)
	case !f.publication && !f.mayCreate:
		return Finding{
			Level: Wrong, Check: check, Found: fmt.Sprintf("%q does not exist, and the role may not make it",
				c.cfg.Publication),
			Hint: c.platform.admin(),
			SQL:  []string{fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s", f.database, f.role)},
		}
	case !f.publication:
		return OK(check, "%q is not made yet; hookline run makes it", c.cfg.Publication)
	case !f.owns && own > 0:
		return Finding{
			Level: Wrong, Check: check, Found: fmt.Sprintf("%q is not as it should be, and belongs to %s",
				c.cfg.Publication, f.owner),
			Hint: c.platform.admin(), SQL: []string{c.giveAway()},
		}
	case !f.owns:
		return Finding{
			Level: Warning, Check: check,
			Found: fmt.Sprintf("%q lists %s, and belongs to %s: the role cannot add tables that come later",
				c.cfg.Publication, count(f.listed, "table"), f.owner),
			Hint: c.platform.admin(), SQL: []string{c.giveAway()},
		}
	case own > 0 && !f.active:
		return OK(check, "%q lists %s, and is brought up to date at the next start", c.cfg.Publication,
			count(f.listed, "table"))
	}
	return OK(check, "%q lists %s", c.cfg.Publication, count(f.listed, "table"))
}

func (c *checkup) identities() Finding {
	const check = "replica identity"
	own, others := 0, 0
	for _, s := range c.Steps {
		switch {
		case s.Kind != SetIdentity:
		case s.Lacks == 0:
			own++
		default:
			others++
		}
	}
	switch {
	case c.cfg.Identity == IdentityKeep:
		return OK(check, "left as it is: HOOKLINE_REPLICA_IDENTITY=keep")
	case own+others > 0 && c.scan.active:
		return Finding{
			Level: Warning, Check: check, Found: "a process reads the slot, and it has yet to be set on " +
				count(own+others, "table"),
			Hint: "what keeps it stands below, or at ownership",
		}
	case others > 0:
		return OK(check, "hookline run sets it on %s; of %s others own, see ownership",
			count(own, "table"), count(others, "table"))
	case own > 0:
		return OK(check, "hookline run sets it on %s", count(own, "table"))
	}
	return OK(check, "as it should be on %s", count(c.count(), "table"))
}

// waiting tells, while a process streams, of each step that it should have taken by now.
func (c *checkup) waiting(ctx context.Context, conn *pgx.Conn) (found []Finding, err error) {
	if !c.scan.active {
		return nil, nil
	}
	told := map[string]bool{}
	for i := range c.Steps {
		s := &c.Steps[i]
		if s.Lacks != 0 || s.Kind == NoteIdentities { // the steps that set them tell
			continue
		}
		f := Finding{
			Level: Warning, Check: "preparation waits",
			Hint:  "the log of the process that reads the slot tells what keeps it",
			Found: fmt.Sprintf("a process reads the slot, and has yet to %s", s.Kind), SQL: []string{s.SQL},
		}
		if s.table != nil {
			why, err := c.blocked(ctx, conn, s)
			if err != nil {
				return nil, err
			}
			lock := s.Table.String() + ": " + strings.Join(why.SQL, "; ") // of the table, or of a part of it
			if told[why.Name()] || len(why.SQL) > 0 && told[lock] {
				continue
			}
			told[why.Name()], told[lock] = true, true
			f.Found = why.Name() + ": " + f.Found
			if len(why.SQL) > 0 {
				f.Found, f.Hint, f.SQL = f.Found+"; "+why.Why, why.Hint, why.SQL
			}
		}
		found = append(found, f)
	}
	return found, nil
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
