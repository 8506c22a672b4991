package cdc

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// Skipped is a table that is not as it should be: it is left out, or it is announced and tells
// less.
type Skipped struct {
	Table     Table // the zero Table: the publication itself
	Part      string
	Reason    SkipReason
	Published bool // all the same
	Listed    bool // by the publication, which should not
	Harms     bool // published as it is, it makes the CRM's own statements fail
	Why       string
	Hint      string   // what to do, or who has to run SQL
	SQL       []string // that fixes it, in order, without semicolons
}

// SkipReason tells one kind from another.
type SkipReason string

const (
	NoKey                  SkipReason = "no_key"
	NoIdentity             SkipReason = "no_replica_identity"
	NoIdentityOfPartitions SkipReason = "no_replica_identity_of_partitions"
	GeneratedColumns       SkipReason = "generated_columns" // that keep it from REPLICA IDENTITY FULL
	UnloggedPartition      SkipReason = "unlogged_partition"
	NotOwned               SkipReason = "not_owned"   // table or publication, by the role
	HiddenRows             SkipReason = "hidden_rows" // by row security, or for want of SELECT
	UnreadPartitions       SkipReason = "unread_partitions"
	Superseded             SkipReason = "superseded" // by a table that has taken its name over
	HeldWebhooks           SkipReason = "held_webhooks"
	Locked                 SkipReason = "locked"  // by another session, at this moment
	Refused                SkipReason = "refused" // by the server, for another reason
)

// passes reports whether the reason may pass without a trace in the catalogs, so that only another
// try can tell.
func (r SkipReason) passes() bool { return r == Locked || r == Refused }

// ForOthers reports whether it takes rights that the role has not: the plan has a step for it,
// which somebody else can run.
func (r SkipReason) ForOthers() bool { return r == NotOwned || r == HiddenRows }

func (s Skipped) String() string { return s.Name() + ": " + s.Why }

// Name returns the table's name, quoted, or "the publication".
func (s Skipped) Name() string {
	switch {
	case s.Part != "":
		return s.Part
	case s.Table == Table{}:
		return "the publication"
	}
	return s.Table.String()
}

// Finding returns it as what a check has found.
func (s Skipped) Finding() Finding {
	f := Finding{Level: Warning, Check: "table left out", Found: s.String(), Hint: s.Hint, SQL: s.SQL}
	switch {
	case s.Harms:
		f.Level, f.Check = Wrong, "table published"
		f.Found += "; as long as it is published, the CRM's own updates and deletes of it fail"
	case s.Listed:
		f.Check = "table published"
		f.Found += "; the publication lists it all the same"
	case s.Published:
		f.Check = "table tells less"
	}
	return f
}

// skippedFor tells why t cannot be published.
func (p *Plan) skippedFor(t *candidate, why SkipReason) Skipped {
	s := Skipped{
		Table: t.Table, Reason: why, Hint: "as its owner",
		SQL: []string{"ALTER TABLE " + t.String() + " REPLICA IDENTITY DEFAULT"},
	}
	switch why {
	case NoKey:
		s.Why = "no primary key, so its records cannot be told apart"
		s.Hint = exclude(t.Table) + fmt.Sprintf(", and it is not told again. Or, if the schema is "+
			"yours, give it one, as its owner: ALTER TABLE %s ADD PRIMARY KEY (…);", t)
		s.SQL = nil
	case NoIdentityOfPartitions:
		s.Why = "its primary key is DEFERRABLE, which Postgres takes for no replica identity, " +
			"so updates of partitions that are yet to be made would fail"
		s.Hint = exclude(t.Table) + ", and it is not told again. Or, if the schema is yours, " +
			"give it a primary key that is not DEFERRABLE"
		s.SQL = nil
	case GeneratedColumns:
		s.Why = "its generated columns cannot be published, so under REPLICA IDENTITY FULL its " +
			"updates would fail"
	default:
		s.Why = "replica identity is set to nothing, or to an index that is gone or DEFERRABLE, so " +
			"updates of a published table would fail"
		if !t.root().byKey {
			s.SQL[0] = "ALTER TABLE " + t.String() + " REPLICA IDENTITY FULL"
		}
	}
	if why == NoKey || !t.root().byKey && why == GeneratedColumns {
		s.SQL = nil
	}
	if s.Listed = t.listed; t.listed {
		s.Harms = !t.usable(p.scan.stored) && (!t.direct || !p.scan.owns)
		if !t.direct {
			s.Published = true
			s.Hint += fmt.Sprintf(". Publication %s has it among all tables, or all of a schema; one "+
				"that lists tables could do without it",
				pg.Identifier(p.cfg.Publication))
		}
	}
	return s
}

// exclude returns the setting that leaves a table out.
func exclude(t Table) string { return "HOOKLINE_EXCLUDE=" + t.Schema + "." + t.Name }

// tellsLess tells of a table whose columns keep it from REPLICA IDENTITY FULL.
func (p *Plan) tellsLess(t *candidate) Skipped {
	return Skipped{
		Table: t.Table, Reason: GeneratedColumns, Published: true,
		Why: "only its replica identity, which virtual generated columns keep from being FULL: " +
			"updates tell no changed fields, deletes the key alone",
		Hint: "nothing, if that will do. Otherwise, as its owner, drop those columns, or make them " +
			"STORED",
	}
}

// unread tells of a partitioned table that the role may not read. Whether a row that was deleted
// from one partition lives on in another one, the database is asked.
func (p *Plan) unread(t *candidate) Skipped {
	s := Skipped{
		Table: t.Table, Reason: UnreadPartitions, Published: true,
		Why: "the role may not read it: records that move from one partition to another are told as " +
			"deleted and created",
		Hint: "as its owner", SQL: []string{fmt.Sprintf("GRANT SELECT ON %s TO %s", t, p.scan.role)},
	}
	if t.readable {
		s.Why = "row security may hide rows from the role: records that move from one partition to " +
			"another may be told as deleted and created"
		s.Hint, s.SQL = "as a superuser", []string{fmt.Sprintf("ALTER ROLE %s BYPASSRLS", p.scan.role)}
	}
	return s
}

func (p *Plan) unlogged(t *candidate, part *part) Skipped {
	return Skipped{
		Table: t.Table, Part: part.name, Reason: UnloggedPartition, Published: true,
		Why:  "a partition that is UNLOGGED: the stream has nothing of the rows in it",
		Hint: "as its owner", SQL: []string{"ALTER TABLE " + part.name + " SET LOGGED"},
	}
}

// superseded tells of a table whose name another one has taken over.
func (p *Plan) superseded(t *candidate, by tableName) Skipped {
	return Skipped{
		Table: t.Table, Reason: Superseded, Listed: t.listed,
		Why: fmt.Sprintf("%s has taken over the name under which it was announced, and is announced "+
			"in its place", by),
		Hint: "nothing, if a migration has left it behind. Otherwise give it another name once more, " +
			"which it is announced under, or",
		SQL: []string{fmt.Sprintf("UPDATE %s SET successor = NULL, was_schema = NULL, was_table = "+
			"NULL WHERE relation = %s",
			p.cfg.own(knownTable), t.regclass())},
	}
}

// heldWebhooks tells of a table that webhooks were read from.
func (p *Plan) heldWebhooks(t *candidate) Skipped {
	return Skipped{
		Table: t.Table, Reason: HeldWebhooks, Listed: t.listed,
		Why: "webhooks were read from it, under this name or another one: its rows hold secrets, " +
			"URLs and headers of receivers",
		Hint: "nothing. A table that holds no webhooks any more, and is to be announced, has to be " +
			"made anew",
	}
}

// refusal tells of a step that the role has no right to take.
func (p *Plan) refusal(s *Step) Skipped {
	r := Skipped{
		Table: s.Table, Reason: NotOwned, SQL: []string{s.SQL},
		Hint: "as a superuser: what `hookline setup --print-sql` prints",
	}
	t := s.table
	if t != nil {
		r.Published = t.listed
	}
	switch {
	case s.Kind == SetPublication:
		r.Published = true
		r.Why = fmt.Sprintf("it belongs to %s, and does not publish all that it should", p.scan.owner)
	case s.Kind == Withdraw:
		r.Harms = !t.usable(p.scan.stored)
		r.Why = fmt.Sprintf("it is not to be announced, and the publication, which belongs to %s, "+
			"lists it", p.scan.owner)
	case s.Kind == Widen:
		r.Harms = t.narrowed == columnList
		r.Why = fmt.Sprintf("the publication, which belongs to %s, has it with %s: what that leaves "+
			"out is not announced", p.scan.owner, t.narrowed)
		r.Hint, r.SQL = "as a superuser, in one transaction", p.widening(t)
	case s.Kind == SetIdentity && t.listed:
		r.Why = "only its replica identity, which the role may not set to FULL: updates tell no " +
			"changed fields"
		r.Hint = "as its owner or a superuser"
	case s.Lacks.has(ownTable):
		r.Why = "the role does not own it; a superuser can run what `hookline setup --print-sql` prints"
	case s.Lacks.has(ownPublication):
		r.Why = fmt.Sprintf("the role does not own the publication, which belongs to %s", p.scan.owner)
	case t.readable:
		r = p.hidden(t)
	default:
		r.Reason, r.Hint = HiddenRows, "as its owner"
		r.Why = "the role has no right to read the rows that it has already"
		r.SQL = []string{fmt.Sprintf("GRANT SELECT ON %s TO %s", t, p.scan.role)}
	}
	return r
}

// hidden tells of a table whose rows cannot be announced since row security may hide some.
func (p *Plan) hidden(t *candidate) Skipped {
	by := "with no policy, hides all rows from it"
	if t.policies != "" {
		by = "with policy " + t.policies + ", may hide rows from it"
	}
	return Skipped{
		Table: t.Table, Reason: HiddenRows,
		Why: fmt.Sprintf("row security holds for role %s, too, and, %s: the rows that the table has "+
			"already could not be announced", p.scan.role, by),
		Hint: fmt.Sprintf("as a superuser; or, as its owner, ALTER TABLE %s NO FORCE ROW LEVEL "+
			"SECURITY; "+
			"or let a superuser run what `hookline setup --print-sql` prints", t),
		SQL: []string{fmt.Sprintf("ALTER ROLE %s BYPASSRLS", p.scan.role)},
	}
}

// FindSkipped returns the tables that are not as they should be, by what tables and cfg ask for. In
// a gap there are none.
func FindSkipped(
	ctx context.Context, conn *pgx.Conn, cfg Config, tables []Table,
) ([]Skipped, error) {
	plan, err := planOf(ctx, conn, cfg.withDefaults(), tables)
	if err != nil || plan == nil {
		return nil, err
	}
	return plan.Skipped, nil
}
