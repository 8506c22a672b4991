package mapper

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
)

// In some databases not everybody may read every record, and rows of other tables decide which. A
// catalog of such a database has Readers. They see each change of those tables, and judge each
// draft of a record in the state of its commit.

// RecordByRecord is a catalog of a database in which not everybody may read every record.
type RecordByRecord interface {
	// Readers are asked by one mapper, whose retry and log they use.
	Readers(pool *pgxpool.Pool, retry Retry, log *slog.Logger) Readers
}

// Retry calls f until it succeeds or ctx ends. what says in a log line what f does.
type Retry func(ctx context.Context, what string, f func() error) error

// Readers decide which records may be told. Their methods belong to the mapper's goroutine, but for
// Unreadable.
type Readers interface {
	// Follow says which stream the changes come from.
	Follow(s Stream)
	// Reset forgets everything: the catalog says something else by now.
	Reset()
	// Watch is given the changes of rel; nil when its rows decide nothing.
	Watch(rel *cdc.Relation) Watch
	// Guard judges the records of rel; nil when each of them may be told.
	Judge(rel *cdc.Relation) Judge
	// Unreadable counts the tables that decide and that the role may not read. Safe for concurrent
	// use.
	Unreadable() int
}

// Watch follows a table whose rows decide who may read others.
type Watch interface {
	Follow(change cdc.Change)
}

// Judge says which records of a table may be told. Its errors mean that ctx has ended.
type Judge interface {
	// Born notes that an insert has made a record.
	Born(ctx context.Context, insert cdc.Change) error
	// Judge tells whether a record may be told. It may ask the database, until that answers.
	Verdict(ctx context.Context, q Question) (Verdict, error)
}

// Question is which record may be told, and what has become of it.
type Question struct {
	Change cdc.Change
	Before cdc.Tuple // nil where it is not known
	Row    cdc.Tuple
	Action Action
}

// Verdict is whether a record may be told.
type Verdict uint8

const (
	Hidden Verdict = iota
	Visible
	Undecided // what would tell is not known, or not any more
)

// Verdict tells whether the record may be told to everybody: as its transaction leaves it, or, when
// it is deleted, as that found it. It may have to ask the database, and does until it answers or
// ctx ends, which is what an error means.
func (d *Draft) Verdict(ctx context.Context) (Verdict, error) {
	if d.object.judge == nil {
		return Visible, nil
	}
	return d.object.judge.Verdict(ctx, Question{d.change, d.before, d.row, d.Action})
}

// Stream is what Readers have to know of the stream that changes come from.
type Stream struct {
	Ahead    Ahead    // nil: nothing can be read ahead
	Listings Listings // nil: nothing that the database says can be put together with the stream
	Slot     string
}

// Listings tells from where on the stream has all changes of a table. See cdc.StreamCoverage.
type Listings interface {
	CompleteFrom(
		ctx context.Context, tx pgx.Tx, schema, table string,
	) (from cdc.LSN, known bool, err error)
}

// Ahead is what lies behind the change in hand. See cdc.Source.
type Ahead interface {
	Peek(ctx context.Context, wait bool) (change cdc.Change, end cdc.LSN, ok bool)
}

// Follow tells the mapper of the stream that its changes come from, of which Draft.Verdict reads
// ahead. Without it, what the stream has not brought is not decided.
func (m *Mapper) Follow(s Stream) {
	if m.readers != nil {
		m.readers.Follow(s)
	}
}

// UnreadTables counts the tables that decide which records may be told and that the role may not
// read, as far as they were asked. Safe for concurrent use.
func (m *Mapper) UnreadTables() int {
	if m.readers == nil {
		return 0
	}
	return m.readers.Unreadable()
}
