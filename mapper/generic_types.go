package mapper

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
)

// columnType is how the values of a type read.
type columnType struct {
	encode    encoder
	base      uint32 // pg_type.oid of what lies under all domains
	composite bool   // it is made of a composite type, the one kind whose values change when the type does
}

// builtin holds the types of everyday columns, which need no look into the catalog. What is missing here is asked for like a type
// that the database's users made.
var builtin = func() map[uint32]columnType {
	const (
		int2vector, int2vectorArray = 22, 1006
		oidvector, oidvectorArray   = 30, 1013
	)
	types := map[uint32]columnType{}
	for _, t := range []struct {
		oid, array uint32
		encode     encoder
	}{
		{pgtype.BoolOID, pgtype.BoolArrayOID, appendBool},
		{pgtype.Int2OID, pgtype.Int2ArrayOID, appendNumber},
		{pgtype.Int4OID, pgtype.Int4ArrayOID, appendNumber},
		{pgtype.Int8OID, pgtype.Int8ArrayOID, appendNumber},
		{pgtype.Float4OID, pgtype.Float4ArrayOID, appendNumber},
		{pgtype.Float8OID, pgtype.Float8ArrayOID, appendNumber},
		{pgtype.NumericOID, pgtype.NumericArrayOID, appendNumber},
		{pgtype.TextOID, pgtype.TextArrayOID, appendText},
		{pgtype.VarcharOID, pgtype.VarcharArrayOID, appendText},
		{pgtype.BPCharOID, pgtype.BPCharArrayOID, appendText},
		{pgtype.NameOID, pgtype.NameArrayOID, appendText},
		{pgtype.UUIDOID, pgtype.UUIDArrayOID, appendText},
		{pgtype.ByteaOID, pgtype.ByteaArrayOID, appendText},
		{pgtype.DateOID, pgtype.DateArrayOID, appendText},
		{pgtype.TimeOID, pgtype.TimeArrayOID, appendText},
		{pgtype.TimetzOID, pgtype.TimetzArrayOID, appendText},
		{pgtype.IntervalOID, pgtype.IntervalArrayOID, appendText},
		{pgtype.TimestampOID, pgtype.TimestampArrayOID, appendTimestamp},
		{pgtype.TimestamptzOID, pgtype.TimestamptzArrayOID, appendTimestamptz},
		{pgtype.JSONOID, pgtype.JSONArrayOID, appendJSON},
		{pgtype.JSONBOID, pgtype.JSONBArrayOID, appendJSON},
		{pgtype.InetOID, pgtype.InetArrayOID, appendText},
		{pgtype.CIDROID, pgtype.CIDRArrayOID, appendText},
		{pgtype.OIDOID, pgtype.OIDArrayOID, appendText},
		{int2vector, int2vectorArray, vectorOf(appendNumber)},
		{oidvector, oidvectorArray, vectorOf(appendText)},
	} {
		types[t.oid] = columnType{encode: t.encode, base: t.oid}
		types[t.array] = columnType{encode: arrayOf(t.encode, ','), base: t.array}
	}
	return types
}()

func vectorOf(element encoder) encoder {
	return func(dst, text []byte) []byte { return appendVector(dst, text, element) }
}

func arrayOf(element encoder, delimiter byte) encoder {
	return func(dst, text []byte) []byte { return appendArray(dst, text, delimiter, element) }
}

// types knows the types of one database: how to_jsonb would print their values. It belongs to one goroutine, and so do the
// encoders that it gives out.
type types struct {
	pool       *pgxpool.Pool
	known      map[uint32]columnType // those met so far, besides builtin
	composites map[uint32]typeRow    // the composite ones among them, as they were read
	looked     *cdc.Tx               // the last transaction for whose sake current has looked
	snapshot   *cdc.Snapshot         // what it saw
}

func newTypes(pool *pgxpool.Pool) *types {
	return &types{pool: pool, known: map[uint32]columnType{}, composites: map[uint32]typeRow{}}
}

// of returns a type that learn has been told of.
func (t *types) of(oid uint32) columnType {
	if c, ok := builtin[oid]; ok {
		return c
	}
	return t.known[oid]
}

// learn makes the given types known. A type that does not exist, since it was dropped after the change that names it, is text.
func (t *types) learn(ctx context.Context, oids []uint32) error {
	var unknown []uint32
	for _, oid := range oids {
		if t.of(oid).encode == nil {
			unknown = append(unknown, oid)
		}
	}
	if unknown == nil {
		return nil
	}
	found, err := t.lookUp(ctx, unknown)
	if err != nil {
		return fmt.Errorf("look up types: %w", err)
	}
	for _, oid := range unknown {
		t.compile(oid, found)
	}
	return nil
}

// forget makes learn ask again.
func (t *types) forget() {
	clear(t.known)
	clear(t.composites)
}

// current reports whether the composite types are still as they are known. The stream says nothing when an attribute is added, dropped or
// renamed, so they are looked at before the first change of a transaction that the last look did not see: every change is read with types that
// are as new as it is. What is behind, as in a backlog, is read with today's types.
func (t *types) current(ctx context.Context, tx *cdc.Tx) (current bool, err error) {
	if t.looked == tx || t.snapshot.Covers(tx) {
		return true, nil
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, t.pool, options, func(catalog pgx.Tx) error {
		snapshot, err := cdc.TakeSnapshot(ctx, catalog)
		if err != nil {
			return err
		}
		if current, err = t.compare(ctx, catalog); err == nil {
			t.looked, t.snapshot = tx, snapshot
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look at composite types: %w", err)
	}
	return current, nil
}

// compare reports whether the composite types are in the catalog as they are known. One that was dropped may be.
func (t *types) compare(ctx context.Context, catalog pgx.Tx) (equal bool, err error) {
	rows, err := catalog.Query(ctx, `
		SELECT t.oid, coalesce(array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum IS NOT NULL), '{}'),
		       coalesce(array_agg(a.atttypid ORDER BY a.attnum) FILTER (WHERE a.attnum IS NOT NULL), '{}')
		FROM pg_type t LEFT JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE t.oid = ANY ($1::oid[])
		GROUP BY t.oid`, slices.Collect(maps.Keys(t.composites)))
	if err != nil {
		return false, err
	}
	var now typeRow
	equal = true
	_, err = pgx.ForEachRow(rows, []any{&now.OID, &now.Attributes, &now.Types}, func() error {
		known := t.composites[now.OID]
		equal = equal && slices.Equal(now.Attributes, known.Attributes) && slices.Equal(now.Types, known.Types)
		return nil
	})
	return equal, err
}

// typeRow is a type as the catalog has it.
type typeRow struct {
	OID        uint32
	Domain     bool
	Composite  bool
	Hstore     bool
	Base       uint32   // of a domain
	Element    uint32   // of an array, 0 for other types
	Delimiter  string   // between an array's elements
	Attributes []string // of a composite
	Types      []uint32 // of Attributes
}

// lookUp returns the types and all that they are made of, by oid. A true array, unlike a type that merely can be subscripted, is
// the typarray of its elements' type.
func (t *types) lookUp(ctx context.Context, oids []uint32) (map[uint32]typeRow, error) {
	rows, err := t.pool.Query(ctx, `
		WITH RECURSIVE needed (oid) AS (
			SELECT unnest($1::oid[])
			UNION
			SELECT part.oid
			FROM needed JOIN pg_type t ON t.oid = needed.oid
			CROSS JOIN LATERAL (
				SELECT t.typbasetype WHERE t.typtype = 'd'
				UNION ALL
				SELECT e.oid FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid
				UNION ALL
				SELECT a.atttypid FROM pg_attribute a
				WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
			) part (oid)
		)
		SELECT t.oid, t.typtype = 'd', t.typtype = 'c',
		       t.typname = 'hstore' AND EXISTS (
		           SELECT FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
		           WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
		             AND d.refclassid = 'pg_extension'::regclass AND x.extname = 'hstore'),
		       t.typbasetype, coalesce(e.oid, 0), coalesce(e.typdelim::text, ''), a.names, a.types
		FROM needed JOIN pg_type t ON t.oid = needed.oid
		LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
		CROSS JOIN LATERAL (
			SELECT array_agg(a.attname::text ORDER BY a.attnum) AS names, array_agg(a.atttypid ORDER BY a.attnum) AS types
			FROM pg_attribute a
			WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
		) a`, oids)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[typeRow])
	found := make(map[uint32]typeRow, len(list))
	for _, row := range list {
		found[row.OID] = row
	}
	return found, err
}

// compile makes one type known, and first what it is made of.
func (t *types) compile(oid uint32, found map[uint32]typeRow) columnType {
	if c := t.of(oid); c.encode != nil {
		return c
	}
	c := columnType{encode: appendText, base: oid}
	switch row := found[oid]; {
	case row.Domain:
		c = t.compile(row.Base, found)
	case row.Element != 0:
		element := t.compile(row.Element, found)
		c.encode, c.composite = arrayOf(element.encode, row.Delimiter[0]), element.composite
	case row.Composite:
		c.encode, c.composite = t.composite(row, found), true
	case row.Hstore:
		c.encode = appendHstore
	}
	t.known[oid] = c
	return c
}

// composite returns the encoder of a composite type. A row of the stream tells of its attributes nothing but their number; where that is
// another one, since the row is older than the type as it is known, the row stays the string that it is.
func (t *types) composite(row typeRow, found map[uint32]typeRow) encoder {
	t.composites[row.OID] = row
	attributes := make([]attribute, len(row.Types))
	for i, name := range fieldNames(row.Attributes) {
		attributes[i] = attribute{key: jsonKey(name), encode: t.compile(row.Types[i], found).encode}
	}
	return func(dst, text []byte) []byte { return appendComposite(dst, text, attributes) }
}
