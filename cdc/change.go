package cdc

import (
	"bytes"
	"slices"
	"time"

	"github.com/jackc/pglogrepl"
)

// LSN is a position in the write-ahead log; it prints as Postgres prints it (16/B374D848).
//
// https://www.postgresql.org/docs/current/datatype-pg-lsn.html
type LSN = pglogrepl.LSN

// Kind is what happened to a row, or to a whole table.
type Kind uint8

const (
	Insert Kind = iota + 1
	Update
	Delete
	Truncate // the table was emptied; Old and New are nil
	// the transaction is over; comes behind its changes, unless one was Sole, with nothing but Tx,
	// Index, Settled and Repeated
	End
	Woken // nothing has changed: Source.Wake was called; comes with nothing else
)

var kindNames = [...]string{
	Insert:   "insert",
	Update:   "update",
	Delete:   "delete",
	Truncate: "truncate",
	End:      "end",
	Woken:    "woken",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "unknown"
}

// Change is one change of one row of a published table, the truncation of one table, or the end of
// a transaction.
//
// (Tx.Commit, Index) identifies it: the pair is the same each time the server sends the change, and
// rises in the order of the stream. The LSN of a single change does neither.
//
// The rows of a Change that comes from Source.Changes are valid until the next one is taken:
// whoever keeps more of it than its Relation and its Tx has to clone it.
type Change struct {
	Kind     Kind
	Relation *Relation
	Old      Tuple // the row before; nil when the server sent none
	// Old is not whole: it holds the replica identity's columns, the others read as unchanged
	OldIsKey bool
	New      Tuple  // the row after; nil for Delete and Truncate
	Tx       *Tx    // the transaction that made it
	Index    uint32 // counts every change of the transaction from 0, before any filter

	// Attached says that the row is one that a table had when it was attached as a partition. It
	// may have been moved there from another partition, and have been told.
	Attached bool

	// Unannounced says that nobody has been told of the record: its table is new, and the rows that
	// this had when it was published come later. So an Update is the first that is heard of it, and
	// a Delete is nothing to tell.
	Unannounced bool

	// Read says that the row is one that a new table had when it was published. It was there before
	// the change that tells of it.
	Read bool

	// Repeated says that the change was settled before. It comes again, as its transaction was settled
	// in part when the stream began. Who keeps something of a transaction until its end can gather it
	// anew. Nothing holds at a repeated change.
	Repeated bool

	// Sole says that the transaction has no other change, and no End. One that comes without it may
	// be the only one all the same.
	Sole bool

	// Annotation is what the writer had last said of its changes when it made this one, nil for
	// nothing.
	Annotation *Annotation

	// Settled is, of an End, up to which step it was settled when the stream began: see Tx.Step. Its
	// Index is that much higher.
	Settled uint32
}

// row returns the row after the change, or the one that was deleted.
func (c *Change) row() Tuple {
	if c.Kind == Delete {
		return c.Old
	}
	return c.New
}

// Clone returns a copy that stays valid.
func (c Change) Clone() Change {
	c.Old, c.New = c.Old.clone(), c.New.clone()
	return c
}

// Relation describes a table as it was at a point of the stream. It is immutable: when the table
// changes, or the connection is made anew, later changes carry another *Relation. So whatever is
// derived from one may be kept under its pointer.
type Relation struct {
	OID      uint32
	Schema   string
	Name     string
	Identity byte // pg_class.relreplident: d(efault), n(othing), f(ull), i(ndex)
	Columns  []Column

	// Partitioned says that the rows lie in partitions. Each has an identity of its own, whatever
	// that of the table is.
	Partitioned bool
}

// Full reports whether updates and deletes carry the whole row before, but for those of a
// partitioned table.
func (r *Relation) Full() bool { return r.Identity == 'f' }

// Column returns the index of the named column, or -1.
func (r *Relation) Column(name string) int {
	for i := range r.Columns {
		if r.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// Column is one column of a Relation. Stored generated columns are not among them: pgoutput does
// not send those.
type Column struct {
	Name     string
	Type     uint32 // pg_type.oid
	Modifier int32  // pg_attribute.atttypmod
	// part of the replica identity; true for every column under REPLICA IDENTITY FULL, so this is
	// not the primary key
	Identity bool
}

// Tuple is a row: one Value for each column of its Relation, in order.
type Tuple []Value

func (t Tuple) clone() Tuple {
	t = slices.Clone(t)
	for i := range t {
		t[i] = t[i].Clone()
	}
	return t
}

// Value is one column of a row: null, text as the type's output function prints it, or unchanged.
// The zero Value is null.
type Value struct {
	text []byte
	kind valueKind
}

type valueKind uint8

const (
	null valueKind = iota
	text
	unchanged
)

// Text returns a value that holds b, which the Value keeps.
func Text(b []byte) Value { return Value{text: b, kind: text} }

// Unchanged returns the value of a column that the server did not send: in the row after an UPDATE
// a TOASTed one that was left alone, in the row before one that is not part of the replica
// identity.
func Unchanged() Value { return Value{kind: unchanged} }

// Clone returns a copy that stays valid: see Change.
func (v Value) Clone() Value {
	v.text = bytes.Clone(v.text)
	return v
}

// IsNull reports whether the column is null. An unchanged column is not null.
func (v Value) IsNull() bool { return v.kind == null }

// IsUnchanged reports whether the server did not send the column: see Unchanged.
func (v Value) IsUnchanged() bool { return v.kind == unchanged }

// Bytes returns the text, nil for a null or unchanged value. It must not be modified.
func (v Value) Bytes() []byte { return v.text }

// String returns the text, "" for a null or unchanged value.
func (v Value) String() string { return string(v.text) }

// Tx is the transaction that a Change belongs to.
type Tx struct {
	XID      uint32 // transaction id of the top-level transaction
	Timeline int32  // that the commit record lies on; 0 when unknown
	Commit   LSN    // position of the commit record; known from the first change on
	// commit time by the server's clock, microseconds; does not rise strictly with Commit. Of a
	// transaction with an origin the time that its writer gave for that: see decoder.timeOfOrigin
	Time time.Time

	// Origin is the replication origin that the transaction came from, "" when it was made here.
	Origin string

	latest int64 // see decoder.latest: before this transaction
	ledger *ledger
}

// behind returns the decoder.latest behind the transaction.
func (tx *Tx) behind() int64 {
	if tx.Origin == "" {
		return max(tx.latest, tx.Time.UnixMicro())
	}
	return tx.latest
}

// Hold keeps the acknowledged position below the change that the pump has in hand until release is
// called. It may be called several times for one change. Call it only between taking a change of
// this transaction from Source.Changes and taking the next one; release may be called from any
// goroutine, and calls after the first do nothing. The Hold of a Tx that came from no Source holds
// nothing.
func (tx *Tx) Hold() (release func()) {
	if tx.ledger == nil {
		return func() {}
	}
	return tx.ledger.hold(tx)
}

// Step divides what the pump makes of an End, which may be a lot: what it has made before is the
// pump's no more, as if the next were another change, at an index that is not below that of the End
// without steps. The indexes rise, and are the same each time for what is made then, whatever else
// is made: or what is settled could not be told from what is not. Call it with the End in hand. An
// index before one that is settled already changes nothing.
func (tx *Tx) Step(index uint32) {
	if tx.ledger != nil {
		tx.ledger.step(min(index, afterTransaction-1))
	}
}
