package cdc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/internal/migrate"
	"hookline/internal/pg"
)

// Plan is what has to be done to a database before it can be streamed, and what cannot be done: the
// difference between what was found in one catalog scan and what Config and a list of tables ask
// for.
type Plan struct {
	Steps   []Step
	Skipped []Skipped // in NewPlan's opinion; Apply adds what it could not do
	Creates bool      // tables in Config.Schema, for the role that streams to read and write

	// Refollowed is set by Apply: it has published a table again that has to be followed, such as
	// one of webhooks. What is known of it is as of when it was taken out.
	Refollowed bool

	cfg  Config
	scan *catalogScan
	gone bool // Apply met a table that is no longer there: plan again
}

// Ready reports whether there is nothing left to do.
func (p *Plan) Ready() bool { return len(p.Steps) == 0 }

// SQL returns the statements of all steps, in order, each to be run on its own.
func (p *Plan) SQL() []string {
	list := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		list[i] = s.SQL
	}
	return list
}

// NewPlan looks at the database and plans. A table without a usable replica identity is left out:
// published, it would make the CRM's own updates fail. The error is a Problem when the slot is
// older than the publication or of another kind than ours. So it is when the slot is missing
// although checkpoints, which may be nil, tell that there was one.
//
// https://www.postgresql.org/docs/current/logical-replication-publication.html#LOGICAL-REPLICATION-PUBLICATION-REPLICA-IDENTITY
func NewPlan(ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table,
	checkpoints Checkpoints,
) (*Plan, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	found, err := scanCatalogs(ctx, conn, cfg, tables, checkpoints)
	if err != nil {
		return nil, err
	}
	return makePlan(cfg, found), nil
}

// makePlan puts the steps in their order. What repairs the CRM's own statements comes first:
// options, withdrawals, replica identities. The slot comes last, since it must not be older than
// its publication.
func makePlan(cfg Config, f *catalogScan) *Plan {
	p := &Plan{cfg: cfg, scan: f, Creates: len(f.migrations) > 0}
	if p.Creates {
		p.add(Step{Kind: MakeSchema, SQL: migrate.Join(f.migrations)})
		if !f.hasBackfillTable() {
			f.tables = append([]candidate{newBackfill(cfg.Schema)}, f.tables...)
		}
	}
	name := pg.Identifier(cfg.Publication)
	if f.publication && !f.whole {
		p.add(Step{
			Kind: SetPublication, Needs: ownPublication,
			SQL: fmt.Sprintf("ALTER PUBLICATION %s SET (publish = 'insert, update, delete, truncate', %s)",
				name, f.options()),
		})
	}
	wanted, identities := p.chooseTables()
	if len(identities) > 0 {
		p.add(Step{Kind: NoteIdentities, SQL: p.noteIdentities(identities)})
	}
	for _, s := range identities {
		p.add(s)
	}
	// before the publication: whatever comes in between, the next start begins anew
	if f.slotOutdated {
		p.add(Step{Kind: DropSlot, SQL: dropSlot(cfg.Slot)})
	}
	if !f.publication {
		p.add(
			Step{
				Kind: MakePublication, Needs: mayCreate,
				SQL: "CREATE PUBLICATION " + name + " WITH (" + f.options() + ")",
			},
		)
	}
	for _, t := range wanted {
		p.publish(t)
		p.attach(t)
	}
	if !f.slot || !f.baseline {
		sql := p.baseline()
		if !f.slot { // which waits for all who write now
			sql += ";\n" + p.coverageSQL("")
		}
		p.add(Step{Kind: MakeBaseline, SQL: sql})
	}
	if notes := p.recordNotes(); len(notes) > 0 {
		p.add(Step{Kind: RecordKnown, SQL: p.noteSQL(notes)})
	}
	if !f.slot {
		p.add(Step{Kind: MakeSlot, SQL: f.makeSlot(cfg.Slot)})
	}
	if cfg.Standby && f.active {
		p.Steps = slices.DeleteFunc(p.Steps, func(s Step) bool { return s.reads() })
	}
	return p
}

// chooseTables decides which tables are published, and returns them with the steps that set their
// replica identities. It plans the withdrawal of others, and notes why they are left out.
func (p *Plan) chooseTables() (wanted []*candidate, identities []Step) {
	f := p.scan
	successors := map[uint32]tableName{} // by those that are superseded by them
	for i := range f.tables {
		if t := &f.tables[i]; t.replaces != nil && f.known.isSuperseded(t.replaces) {
			successors[t.replaces.oid] = t.name()
		}
	}
	for i := range f.tables {
		t := &f.tables[i]
		successor, gone := successors[t.oid]
		if t.replaces == nil && !gone {
			successor, gone = f.known.successor(t.oid)
		}
		if gone && !t.Skip && !t.unwanted {
			t.Skip = true
			p.skip(p.superseded(t, successor))
		}
		if k := f.known.relations[t.oid]; k != nil && k.webhooks && t.Full && !t.Skip && !t.unwanted {
			t.Skip = true
			p.skip(p.heldWebhooks(t))
		}
		steps, want := p.checkTable(t)
		if want {
			if t.narrowed != "" {
				p.widen(t)
			}
			identities, wanted = append(identities, steps...), append(wanted, t)
		} else if t.displaced {
			p.gone = true
		} else if t.direct {
			p.withdraw(t)
		}
	}
	return wanted, identities
}

// isKnownFromNow reports whether no rows of the table are to be announced, and this has yet to be
// written down: it is left out by the configuration, or published already.
func (t *candidate) isKnownFromNow(cfg Config) bool {
	return !t.known && t.Schema != cfg.Schema && (t.Skip || t.listed)
}

// add appends a step. One that the role has no right to take is for somebody else: the table is
// skipped.
func (p *Plan) add(s Step) {
	s.Lacks = p.scan.lacking(s.Needs, s.table)
	p.Steps = append(p.Steps, s)
	if s.Lacks != 0 && s.Kind != MakePublication {
		p.skip(p.refusal(&s))
	}
}

// skip notes why a table is left out. Of several reasons the first counts, unless a later one is
// worse: a table that only tells less is left out after all.
func (p *Plan) skip(s Skipped) {
	for i, t := range p.Skipped {
		if t.Table == s.Table && t.Part == s.Part {
			if t.Published && !s.Published {
				p.Skipped[i] = s
			}
			return
		}
	}
	p.Skipped = append(p.Skipped, s)
}

// checkTable tells whether a table is to be published, with the steps that its replica identity
// needs for it, or why it is not.
func (p *Plan) checkTable(t *candidate) (identities []Step, wanted bool) {
	switch {
	case t.Skip || t.unwanted:
		// with its schema, or all tables: nobody can withdraw it alone
		if t.listed && !t.direct && !t.usable(p.scan.stored) {
			p.skip(p.skippedFor(t, t.why()))
		}
		return nil, false
	case !t.key:
		p.skip(p.skippedFor(t, NoKey))
		return nil, false
	case t.partitioned && !t.root().byKey:
		p.skip(p.skippedFor(t, NoIdentityOfPartitions))
		return nil, false
	}
	want := byte(0) // as it is
	if t.Full && p.cfg.Identity == IdentityFull {
		if want = 'f'; t.unpublishable(p.scan.stored) {
			want = 'd'
		}
	}
	for i := range t.parts {
		part := &t.parts[i]
		if part.unlogged {
			p.skip(p.unlogged(t, part))
		}
		if part.is(want, p.scan.stored) {
			continue
		}
		if want == 0 || want == 'd' && !part.byKey {
			p.skip(p.skippedFor(t, part.fault()))
			return nil, false
		}
		s := Step{Kind: SetIdentity, Table: t.Table, Needs: ownTable, table: t}
		s.part, s.identity = part.name, want
		s.SQL = "ALTER TABLE " + part.name + " REPLICA IDENTITY " + identityClause(string(want), "")
		if part != t.root() {
			s.Part = part.name
		}
		identities = append(identities, s)
	}
	if len(identities) > 0 && !t.owned && t.listed && !t.usable(p.scan.stored) {
		p.skip(p.skippedFor(t, NoIdentity))
		return nil, false
	}
	if want == 'd' {
		p.skip(p.tellsLess(t))
	}
	if t.partitioned && (t.hidden || !t.readable) {
		p.skip(p.unread(t))
	}
	return identities, true
}

// why tells why a table that is not usable is not.
func (t *candidate) why() SkipReason {
	if !t.key {
		return NoKey
	}
	return NoIdentity
}

// publish plans the step that adds a table to the publication.
func (p *Plan) publish(t *candidate) {
	if t.renamed(p.scan) {
		p.rename(t)
	}
	if t.listed && !t.pending && !t.unread {
		return
	}
	s := Step{Kind: Publish, Table: t.Table, Needs: ownTable | ownPublication, table: t}
	s.SQL = "ALTER PUBLICATION " + pg.Identifier(p.cfg.Publication) + " ADD TABLE ONLY " + t.String()
	// the stream has to tell of a parent, too
	if p.scan.slot && (!t.known || t.unread || t.Parent != "") {
		s.Kind, s.SQL, s.keepaliveSQL = Backfill, p.backfill(t), p.describeStep(t, keeps)
		s.Needs |= readRows
	}
	if t.replaces != nil && (!t.listed || t.pending) {
		p.replace(t, &s)
		s.Needs |= readRows
	}
	s.needsIdentity = !t.listed && !t.usable(p.scan.stored)
	p.add(s)
}

// withdraw plans the step that takes a table out of the publication.
func (p *Plan) withdraw(t *candidate) {
	p.add(Step{
		Kind: Withdraw, Table: t.Table, Needs: ownPublication, table: t,
		SQL: "ALTER PUBLICATION " + pg.Identifier(p.cfg.Publication) + " DROP TABLE ONLY " + t.String(),
	})
}

// widen plans the step that publishes a table as a whole of which the publication has a part. It is
// published all the while.
func (p *Plan) widen(t *candidate) {
	p.add(Step{
		Kind:  Widen,
		Table: t.Table,
		Needs: ownTable | ownPublication,
		table: t,
		SQL: "-- publish all of " + t.String() + "\nBEGIN;\n" + strings.Join(p.widening(t), ";\n") +
			";\nCOMMIT",
	})
}

func (p *Plan) widening(t *candidate) []string {
	name := pg.Identifier(p.cfg.Publication)
	return []string{
		fmt.Sprintf("ALTER PUBLICATION %s DROP TABLE ONLY %s", name, t),
		fmt.Sprintf("ALTER PUBLICATION %s ADD TABLE ONLY %s", name, t),
	}
}

// count counts the tables that the publication lists, or will, for their records.
func (p *Plan) count() (n int) {
	for i := range p.scan.tables {
		if t := &p.scan.tables[i]; t.Full && !t.unwanted && t.listed {
			n++
		}
	}
	return n
}

// checkRights returns the Problems of a role that can make no publication, or not follow a table
// that tells who hears of changes: it could not stream as it should.
func (p *Plan) checkRights() error {
	var list Problems
	cannot := false
	for i := range p.Steps {
		s := &p.Steps[i]
		switch {
		case s.Lacks == 0:
		case s.Kind == MakePublication:
			cannot = true
			list = append(list, &Problem{
				What: "the role may not make a publication in this database",
				Hint: fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s; or let a superuser run what `hookline "+
					"setup --print-sql` prints",
					p.scan.database, p.scan.role),
			})
		case s.Lacks.has(ownTable):
			cannot = cannot || s.follows()
			list = append(list, &Problem{
				What: "the role does not own table " + s.Table.String(),
				Hint: "as its owner or a superuser: " + s.SQL + ";",
			})
		case s.follows():
			cannot = true
			refused := p.refusal(s)
			list = append(list, &Problem{What: refused.String(), Hint: refused.Hint + ": " + s.SQL + ";"})
		}
	}
	if !cannot {
		return nil
	}
	return list.err()
}

// planOf is NewPlan; nil where there is a Problem instead.
func planOf(ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table) (*Plan, error) {
	plan, err := NewPlan(ctx, conn, cfg, tables, nil)
	if _, ok := errors.AsType[*Problem](err); ok {
		return nil, nil
	}
	return plan, err
}
