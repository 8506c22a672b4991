package cdc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pglogrepl"
)

// item is what the reader hands to the pump: a change, or a mark in the stream that carries none.
type item struct {
	change Change
	end    LSN // a mark's position; set when change.Kind is 0: change.Tx is what ends there, or nil
}

// decoder turns pgoutput messages (proto_version 1) into items, whose rows are in arena.
//
// https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
type decoder struct {
	ledger     *ledger
	arena      *arena
	backfill   backfillDecoder
	relations  map[uint32]*Relation // by OID; valid for one connection
	partitions partitionIdentities  // likewise
	trees      tableTrees           // likewise
	windows    windows              // likewise
	timeline   int32                // of the server; likewise
	history    history              // likewise
	// everything before it has been returned by this decoder or one before it
	read        Position
	replayUntil Position    // what is told again of its transaction: see Change.Repeated
	tx          *Tx         // the open transaction
	index       uint32      // of the next change in tx
	annotation  *Annotation // of what comes in tx; nil for none
	replicated  string      // the last Tx.Origin
	latest      int64       // Unix microseconds: the latest time of a transaction without an origin
	rejected    func(error) // told of an annotation that is none; nil when nobody wants to hear
	// tx has had a change that was returned, by this decoder or one before it
	hasChanges bool
}

func newDecoder(cfg Config, ledger *ledger, read Position) *decoder {
	return &decoder{
		ledger:    ledger,
		arena:     new(arena),
		backfill:  backfillDecoder{cfg: cfg},
		relations: map[uint32]*Relation{},
		read:      read,
	}
}

// decode appends to items what one message holds, passing over everything before d.read.
func (d *decoder) decode(items []item, message []byte) ([]item, error) {
	if len(message) == 0 {
		return items, errors.New("decode pgoutput: empty message")
	}
	switch pglogrepl.MessageType(message[0]) {
	case pglogrepl.MessageTypeInsert, pglogrepl.MessageTypeUpdate, pglogrepl.MessageTypeDelete:
		return d.row(items, message)
	case pglogrepl.MessageTypeBegin:
		return items, d.begin(message)
	case pglogrepl.MessageTypeCommit:
		return d.commit(items, message)
	case pglogrepl.MessageTypeType:
		return items, nil
	case pglogrepl.MessageTypeOrigin:
		return items, d.cameFrom(message)
	case pglogrepl.MessageTypeMessage:
		return items, d.message(message)
	}
	parsed, err := parse(message)
	if err != nil {
		return items, err
	}
	switch m := parsed.(type) {
	case *pglogrepl.RelationMessage:
		d.relation(m)
	case *pglogrepl.TruncateMessage:
		return d.truncate(items, m)
	default:
		return items, fmt.Errorf("decode pgoutput: unexpected message %q", message[0])
	}
	return items, nil
}

// parse is pglogrepl.Parse, which on some messages that are cut short panics, or makes room for
// what is not there.
func parse(message []byte) (m pglogrepl.Message, err error) {
	const head = 1 + 4 + 1 // of a Truncate: type, number of relations, options
	if pglogrepl.MessageType(message[0]) == pglogrepl.MessageTypeTruncate &&
		(len(message) < head || int(binary.BigEndian.Uint32(message[1:])) != (len(message)-head)/4) {
		return nil, errShort
	}
	defer func() {
		if p := recover(); p != nil {
			err = errShort
		}
	}()
	if m, err = pglogrepl.Parse(message); err != nil {
		return nil, fmt.Errorf("decode pgoutput: %w", err)
	}
	return m, nil
}

// keepalive appends a mark for a keepalive at end. Such a position says something only between
// transactions. A transaction that the end of the last connection cut off is still open: it is
// about to be sent again.
func (d *decoder) keepalive(items []item, end LSN) []item {
	if d.tx != nil || d.read.Commit != 0 || end <= d.read.End {
		return items
	}
	d.read = Position{End: end}
	return append(items, item{end: end})
}

// begin decodes a Begin message: type, position of the commit record, time of the commit,
// transaction id.
func (d *decoder) begin(message []byte) error {
	if len(message) < 1+8+8+4 {
		return errShort
	}
	d.tx = &Tx{
		Commit: lsn(message[1:]),
		Time:   time.UnixMicro(int64(binary.BigEndian.Uint64(message[9:])) + epoch).UTC(),
		XID:    binary.BigEndian.Uint32(message[17:]),
		latest: d.latest,
		ledger: d.ledger,
	}
	d.tx.Timeline = d.history.of(d.tx.Commit, d.timeline)
	d.index, d.hasChanges, d.annotation = 0, false, nil
	return nil
}

// epoch is where the server's time begins, 2000-01-01, in Unix microseconds.
const epoch = 946_684_800_000_000

// commit decodes a Commit message: type, flags, position of the commit record, end of the
// transaction, time of the commit.
func (d *decoder) commit(items []item, message []byte) ([]item, error) {
	if len(message) < 1+1+8+8+8 {
		return items, errShort
	}
	if d.tx == nil {
		return items, fmt.Errorf("decode pgoutput: commit at %s outside a transaction", lsn(message[2:]))
	}
	d.windows.end(d.tx)
	d.latest = d.tx.behind()
	end := lsn(message[10:])
	if end <= d.read.End {
		d.tx = nil
		return items, nil
	}
	if d.hasChanges && !d.alone(items) {
		items = append(items, item{change: d.end()})
	}
	mark := item{change: Change{Tx: d.tx}, end: end}
	d.tx = nil
	d.read = Position{End: end}
	return append(items, mark), nil
}

// alone reports whether the last of items is the only change of the transaction, and says so there.
// It may have been handed over before.
func (d *decoder) alone(items []item) bool {
	if d.index != 1 || len(items) == 0 {
		return false
	}
	last := &items[len(items)-1].change
	last.Sole = last.Tx == d.tx && !last.Repeated
	return last.Sole
}

// end returns the End of the transaction.
func (d *decoder) end() Change {
	change := Change{Kind: End, Tx: d.tx, Index: d.index}
	if d.tx.Commit == d.read.Commit && d.read.Index > d.index {
		change.Settled = d.read.Index - d.index
		change.Index, change.Repeated = d.read.Index, d.read.Index == afterTransaction
	}
	return change
}

// afterTransaction is the index behind all changes of a transaction, and all steps of its End.
const afterTransaction = math.MaxUint32

func lsn(b []byte) LSN { return LSN(binary.BigEndian.Uint64(b)) }

// next counts one change and reports whether it has yet to be returned.
func (d *decoder) next() (index uint32, fresh bool) {
	index = d.index
	d.index++
	switch {
	case d.tx.Commit < d.read.End:
		return index, false
	case d.tx.Commit == d.read.Commit && index < d.read.Index:
		d.hasChanges = true
		return index, false
	}
	d.read.Commit, d.read.Index = d.tx.Commit, d.index
	return index, true
}

// replays reports whether a change that is not fresh is returned nevertheless.
func (d *decoder) replays(index uint32) bool {
	return d.tx.Commit == d.replayUntil.Commit && index < d.replayUntil.Index
}

func (d *decoder) relation(m *pglogrepl.RelationMessage) {
	rel := &Relation{
		OID: m.RelationID, Schema: m.Namespace, Name: m.RelationName, Identity: m.ReplicaIdentity,
		Columns: make([]Column, len(m.Columns)),
	}
	if rel.Schema == "" {
		rel.Schema = "pg_catalog" // the protocol's short form
	}
	if parent, ok := d.trees.parents[rel.OID]; ok {
		rel.Schema, rel.Name = parent.schema, parent.table
	}
	for i, c := range m.Columns {
		rel.Columns[i] = Column{
			Name: c.Name, Type: c.DataType, Modifier: c.TypeModifier, Identity: c.Flags&1 != 0,
		}
	}
	d.relations[rel.OID] = rel
	d.partitions.describe(rel)
}

// describeTable takes the description of a table in the table backfill.
func (d *decoder) describeTable() {
	rel := d.backfill.relation
	if d.backfill.child { // its changes are announced under the name that its description has
		d.trees.setParent(rel.OID, tableName{rel.Schema, rel.Name})
	}
	// The server describes a partitioned table that was renamed anew only when it does a partition.
	if known := d.relations[rel.OID]; known != nil &&
		(known.Schema != rel.Schema || known.Name != rel.Name) {
		renamed := *known
		renamed.Schema, renamed.Name = rel.Schema, rel.Name
		d.relations[rel.OID] = &renamed
	}
	key := d.backfill.key()
	if d.backfill.partitioned {
		d.trees.setKey(rel.OID, key)
	}
	if d.backfill.opens {
		part := d.backfill.part()
		one := d.windows.open(rel.OID, key, d.tx, part, d.partitions.knows(rel.OID, part))
		if one.fresh = d.backfill.fresh; d.backfill.publishes {
			one.publisher = d.tx.XID
		}
	}
	if d.backfill.reading {
		d.windows.extend(rel.OID)
	}
	if d.backfill.closes {
		d.windows.close(rel.OID, d.backfill.parts)
		d.trees.record(d.backfill.parts)
	}
}

// sight notes the OID of a partition that the connection describes for the first time; 0 is none.
func (d *decoder) sight(root *Relation, leaf uint32) {
	if key := d.trees.keys[root.OID]; leaf != 0 && key != nil && !d.trees.recorded[leaf] {
		d.windows.openSighted(root.OID, key, d.tx, leaf)
	}
}

func (d *decoder) truncate(items []item, m *pglogrepl.TruncateMessage) ([]item, error) {
	d.partitions.discard()
	for _, oid := range m.RelationIDs {
		rel, err := d.known(oid)
		if err != nil {
			return items, err
		}
		index, fresh := d.next()
		change := Change{
			Kind: Truncate, Relation: rel, Tx: d.tx, Index: index, Annotation: d.annotation,
		}
		if d.windows.of[oid] != nil {
			d.windows.note(&change)
		}
		if change.Repeated = !fresh && d.replays(index); fresh || change.Repeated {
			d.hasChanges = true
			items = append(items, item{change: change})
		}
	}
	return items, nil
}

func (d *decoder) known(oid uint32) (*Relation, error) {
	if d.tx == nil {
		return nil, fmt.Errorf("decode pgoutput: change of relation %d outside a transaction", oid)
	}
	rel := d.relations[oid]
	if rel == nil {
		return nil, fmt.Errorf("decode pgoutput: change of relation %d, which was not described", oid)
	}
	return rel, nil
}

// row decodes an Insert, Update or Delete message: type, relation's OID, then tuples, each behind a
// letter that tells what it is.
func (d *decoder) row(items []item, message []byte) ([]item, error) {
	if len(message) < 5 {
		return items, errShort
	}
	rel, err := d.known(binary.BigEndian.Uint32(message[1:]))
	if err != nil {
		return items, err
	}
	if len(d.partitions.described) > 0 {
		d.sight(rel, d.partitions.match(rel))
	}
	index, fresh := d.next()
	fills := d.backfill.owns(rel)
	told := !fresh && d.replays(index)
	watched := d.windows.of[rel.OID] != nil
	if !fresh && !told && !fills && !watched {
		return items, nil
	}
	change := Change{
		Relation: rel, Tx: d.tx, Index: index, Repeated: told, Annotation: d.annotation,
	}
	switch pglogrepl.MessageType(message[0]) {
	case pglogrepl.MessageTypeInsert:
		change.Kind = Insert
	case pglogrepl.MessageTypeUpdate:
		change.Kind = Update
	case pglogrepl.MessageTypeDelete:
		change.Kind = Delete
	}
	for rest := d.arena.keep(message[5:]); len(rest) > 0; {
		var tuple Tuple
		letter := rest[0]
		if tuple, rest, err = d.tuple(rest[1:], len(rel.Columns)); err != nil {
			return items, fmt.Errorf("decode %s of %s.%s: %w", change.Kind, rel.Schema, rel.Name, err)
		}
		switch letter {
		case 'N':
			change.New = tuple
		case 'O', 'K':
			change.Old, change.OldIsKey = tuple, !d.partitions.oldIsWhole(rel, tuple, letter)
		default:
			return items, fmt.Errorf("decode %s of %s.%s: unknown kind of tuple %q", change.Kind, rel.Schema,
				rel.Name, letter)
		}
	}
	if (change.Kind == Delete && change.Old == nil) || (change.Kind != Delete && change.New == nil) {
		return items, fmt.Errorf("decode %s of %s.%s: no tuple", change.Kind, rel.Schema, rel.Name)
	}
	if watched && !d.windows.note(&change) || !fresh && !told && !fills {
		return items, nil
	}
	if fills {
		what, err := d.backfill.decode(&change)
		if err != nil {
			return items, fmt.Errorf("decode %s.%s: %w", rel.Schema, rel.Name, err)
		}
		if what == backfillTableRow {
			d.describeTable()
		}
		stands := what == backfillChange &&
			d.windows.stillHolds(&change, d.backfill.action, d.backfill.part())
		change.Repeated = !fresh && d.replays(index)
		if !stands || !fresh && !change.Repeated {
			return items, nil
		}
	}
	d.hasChanges = true
	return append(items, item{change: change}), nil
}

var errShort = errors.New("decode pgoutput: message is cut short")

// tuple reads TupleData with the given number of columns and returns what follows it. The values
// keep src.
func (d *decoder) tuple(src []byte, columns int) (Tuple, []byte, error) {
	if len(src) < 2 {
		return nil, nil, errShort
	}
	if n := int(binary.BigEndian.Uint16(src)); n != columns {
		return nil, nil, fmt.Errorf("tuple has %d columns, its relation %d", n, columns)
	}
	src = src[2:]
	tuple := d.arena.tuple(columns)
	for i := range tuple {
		if len(src) < 1 {
			return nil, nil, errShort
		}
		kind := src[0]
		src = src[1:]
		switch kind {
		case pglogrepl.TupleDataTypeNull:
			tuple[i] = Value{}
		case pglogrepl.TupleDataTypeToast:
			tuple[i] = Unchanged()
		case pglogrepl.TupleDataTypeText:
			if len(src) < 4 {
				return nil, nil, errShort
			}
			length := int(binary.BigEndian.Uint32(src))
			if length < 0 || length > len(src)-4 {
				return nil, nil, errShort
			}
			tuple[i] = Text(src[4 : 4+length : 4+length])
			src = src[4+length:]
		default:
			return nil, nil, fmt.Errorf("column %d: unknown kind of value %q", i, kind)
		}
	}
	return tuple, src, nil
}
