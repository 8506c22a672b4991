package cdc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
)

// item is what the reader hands to the pump: a change, or a mark in the stream that carries none.
type item struct {
	change Change
	end    LSN // a mark's position; set when change.Kind is 0
}

// decoder turns pgoutput messages (proto_version 1) into items, whose rows are in arena.
//
// https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
type decoder struct {
	ledger     *Ledger
	arena      *arena
	filling    filling
	relations  map[uint32]*Relation // by OID; valid for one connection
	partitions partitions           // likewise
	parents    parents              // likewise
	family     family               // likewise
	windows    windows              // likewise
	timeline   int32                // of the server; likewise
	history    history              // likewise
	read       Position             // everything before it has been returned by this decoder or one before it
	retold     Position             // what is told again of its transaction: see Change.Told
	tx         *Tx                  // the open transaction
	index      uint32               // of the next change in tx
	keeps      bool                 // tx has had a change that the consumer keeps: a Delete, or one of a Kept relation
}

func newDecoder(cfg Config, ledger *Ledger, read Position) *decoder {
	return &decoder{ledger: ledger, arena: new(arena), filling: filling{cfg: cfg}, relations: map[uint32]*Relation{}, read: read}
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
	case pglogrepl.MessageTypeType, pglogrepl.MessageTypeOrigin:
		return items, nil
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

// parse is pglogrepl.Parse, which on some messages that are cut short panics, or makes room for what is not there.
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

// advance appends a mark for a keepalive at end. Such a position says something only between transactions, and also a transaction that
// was cut off by the end of the last connection, and is about to be sent again, is still open.
func (d *decoder) advance(items []item, end LSN) []item {
	if d.tx != nil || d.read.Commit != 0 || end <= d.read.End {
		return items
	}
	d.read = Position{End: end}
	return append(items, item{end: end})
}

// begin decodes a Begin message: type, position of the commit record, time of the commit, transaction id.
func (d *decoder) begin(message []byte) error {
	if len(message) < 1+8+8+4 {
		return errShort
	}
	d.tx = &Tx{
		Commit: lsn(message[1:]),
		Time:   time.UnixMicro(int64(binary.BigEndian.Uint64(message[9:])) + epoch).UTC(),
		XID:    binary.BigEndian.Uint32(message[17:]),
		ledger: d.ledger,
	}
	d.tx.Timeline = d.history.of(d.tx.Commit, d.timeline)
	d.index, d.keeps = 0, false
	return nil
}

// epoch is where the server's time begins, 2000-01-01, in Unix microseconds.
const epoch = 946_684_800_000_000

// commit decodes a Commit message: type, flags, position of the commit record, end of the transaction, time of the commit.
func (d *decoder) commit(items []item, message []byte) ([]item, error) {
	if len(message) < 1+1+8+8+8 {
		return items, errShort
	}
	if d.tx == nil {
		return items, fmt.Errorf("decode pgoutput: commit at %s outside a transaction", lsn(message[2:]))
	}
	d.windows.end(d.tx)
	end := lsn(message[10:])
	if end <= d.read.End {
		d.tx = nil
		return items, nil
	}
	if d.keeps {
		if index, fresh := d.next(); fresh || d.tells(index) {
			items = append(items, item{change: Change{Kind: End, Tx: d.tx, Index: index, Told: !fresh}})
		}
	}
	d.tx = nil
	d.read = Position{End: end}
	return append(items, item{end: end}), nil
}

func lsn(b []byte) LSN { return LSN(binary.BigEndian.Uint64(b)) }

// next counts one change and reports whether it has yet to be returned.
func (d *decoder) next() (index uint32, fresh bool) {
	index = d.index
	d.index++
	switch {
	case d.tx.Commit < d.read.End:
		return index, false
	case d.tx.Commit == d.read.Commit && index < d.read.Index:
		return index, false
	}
	d.read.Commit, d.read.Index = d.tx.Commit, d.index
	return index, true
}

// tells reports whether a change that is not fresh is returned nevertheless. Before its first Delete, or change of a Kept relation, nothing of a transaction is kept.
func (d *decoder) tells(index uint32) bool {
	return d.keeps && d.tx.Commit == d.retold.Commit && index < d.retold.Index
}

func (d *decoder) relation(m *pglogrepl.RelationMessage) {
	rel := &Relation{
		OID: m.RelationID, Schema: m.Namespace, Name: m.RelationName, Identity: m.ReplicaIdentity,
		Columns: make([]Column, len(m.Columns)),
	}
	if rel.Schema == "" {
		rel.Schema = "pg_catalog" // the protocol's short form
	}
	if parent, ok := d.parents[rel.OID]; ok {
		rel.Schema, rel.Name = parent.schema, parent.table
	}
	for i, c := range m.Columns {
		rel.Columns[i] = Column{Name: c.Name, Type: c.DataType, Modifier: c.TypeModifier, Identity: c.Flags&1 != 0}
	}
	if keeps := d.filling.cfg.Keeps; keeps != nil {
		rel.Kept = keeps(rel)
	}
	d.relations[rel.OID] = rel
	d.partitions.describe(rel)
}

// described takes the description of a table in the table backfill.
func (d *decoder) described() {
	rel := d.filling.relation
	if d.filling.child { // its changes are told under the name that its description has
		if d.parents == nil {
			d.parents = parents{}
		}
		d.parents[rel.OID] = tableName{rel.Schema, rel.Name}
	}
	// The server describes a partitioned table that was renamed anew only when it does a partition.
	if known := d.relations[rel.OID]; known != nil && (known.Schema != rel.Schema || known.Name != rel.Name) {
		renamed := *known
		renamed.Schema, renamed.Name = rel.Schema, rel.Name
		d.relations[rel.OID] = &renamed
	}
	key := d.filling.key()
	if d.filling.tree {
		d.family.key(rel.OID, key)
	}
	if d.filling.opens {
		part := d.filling.part()
		one := d.windows.open(rel.OID, key, d.tx, part, d.partitions.knows(rel.OID, part))
		if one.fresh = d.filling.fresh; d.filling.publishes {
			one.publisher = d.tx.XID
		}
	}
	if d.filling.keeps {
		d.windows.keep(rel.OID)
	}
	if d.filling.closes {
		d.windows.close(rel.OID, d.filling.parts)
		d.family.note(d.filling.parts)
	}
}

// sight takes note of a partition that the connection describes for the first time; 0 is none.
func (d *decoder) sight(root *Relation, leaf uint32) {
	if key := d.family.keys[root.OID]; leaf != 0 && key != nil && !d.family.noted[leaf] {
		d.windows.sight(root.OID, key, d.tx, leaf)
	}
}

func (d *decoder) truncate(items []item, m *pglogrepl.TruncateMessage) ([]item, error) {
	d.partitions.forget()
	for _, oid := range m.RelationIDs {
		rel, err := d.known(oid)
		if err != nil {
			return items, err
		}
		index, fresh := d.next()
		change := Change{Kind: Truncate, Relation: rel, Tx: d.tx, Index: index}
		if d.windows.of[oid] != nil {
			d.windows.note(&change)
		}
		if fresh {
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

// row decodes an Insert, Update or Delete message: type, relation's OID, then tuples, each behind a letter that tells what it is.
func (d *decoder) row(items []item, message []byte) ([]item, error) {
	if len(message) < 5 {
		return items, errShort
	}
	rel, err := d.known(binary.BigEndian.Uint32(message[1:]))
	if err != nil {
		return items, err
	}
	if len(d.partitions.described) > 0 {
		d.sight(rel, d.partitions.settle(rel))
	}
	index, fresh := d.next()
	fills := d.filling.holds(rel)
	if (message[0] == byte(pglogrepl.MessageTypeDelete) || rel.Kept) && !fills {
		d.keeps = true
	}
	told := !fresh && d.tells(index)
	watched := d.windows.of[rel.OID] != nil
	if !fresh && !told && !fills && !watched {
		return items, nil
	}
	change := Change{Relation: rel, Tx: d.tx, Index: index, Told: told}
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
			change.Old, change.OldIsKey = tuple, !d.partitions.whole(rel, tuple, letter)
		default:
			return items, fmt.Errorf("decode %s of %s.%s: unknown kind of tuple %q", change.Kind, rel.Schema, rel.Name, letter)
		}
	}
	if (change.Kind == Delete && change.Old == nil) || (change.Kind != Delete && change.New == nil) {
		return items, fmt.Errorf("decode %s of %s.%s: no tuple", change.Kind, rel.Schema, rel.Name)
	}
	if watched && !d.windows.note(&change) || !fresh && !told && !fills {
		return items, nil
	}
	if fills {
		what, err := d.filling.turn(&change)
		if err != nil {
			return items, fmt.Errorf("decode %s.%s: %w", rel.Schema, rel.Name, err)
		}
		if what == description {
			d.described()
		}
		stands := what == filled && d.windows.stands(&change, d.filling.action, d.filling.part())
		d.keeps = d.keeps || stands && change.Kind == Delete
		change.Told = !fresh && d.tells(index)
		if !stands || !fresh && !change.Told {
			return items, nil
		}
	}
	return append(items, item{change: change}), nil
}

var errShort = errors.New("decode pgoutput: message is cut short")

// tuple reads TupleData with the given number of columns and returns what follows it. The values keep src.
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
