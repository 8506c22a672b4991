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
	redacted  encoder // leaves credentials out of what has names of its own within; nil where nothing has
	base      uint32  // pg_type.oid of what lies under all domains
	composite bool    // it is made of a composite type, the one kind whose values change when the type does
	holds     held
}

// withoutCredentials returns the encoder that leaves credentials out.
func (c columnType) withoutCredentials() encoder {
	if c.redacted != nil {
		return c.redacted
	}
	return c.encode
}

// heldBy returns what values of a type are, by its category in pg_type and what lies under all domains.
//
// https://www.postgresql.org/docs/current/catalog-pg-type.html#CATALOG-TYPCATEGORY-TABLE
func heldBy(category byte, base uint32) held {
	switch {
	case base == pgtype.UUIDOID:
		return identifier
	case category == 'N':
		return number
	case category == 'B', category == 'D', category == 'T', category == 'E':
		return fact
	}
	return anything
}

// isFree reports whether anything can be kept in values of the type: text, or bytes.
func isFree(base uint32) bool {
	return base == pgtype.TextOID || base == pgtype.VarcharOID || base == pgtype.BPCharOID || base == pgtype.ByteaOID
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
		holds      held
	}{
		{pgtype.BoolOID, pgtype.BoolArrayOID, appendBool, fact},
		{pgtype.Int2OID, pgtype.Int2ArrayOID, appendNumber, number},
		{pgtype.Int4OID, pgtype.Int4ArrayOID, appendNumber, number},
		{pgtype.Int8OID, pgtype.Int8ArrayOID, appendNumber, number},
		{pgtype.Float4OID, pgtype.Float4ArrayOID, appendNumber, number},
		{pgtype.Float8OID, pgtype.Float8ArrayOID, appendNumber, number},
		{pgtype.NumericOID, pgtype.NumericArrayOID, appendNumber, number},
		{pgtype.TextOID, pgtype.TextArrayOID, appendText, anything},
		{pgtype.VarcharOID, pgtype.VarcharArrayOID, appendText, anything},
		{pgtype.BPCharOID, pgtype.BPCharArrayOID, appendText, anything},
		{pgtype.NameOID, pgtype.NameArrayOID, appendText, anything},
		{pgtype.UUIDOID, pgtype.UUIDArrayOID, appendText, identifier},
		{pgtype.ByteaOID, pgtype.ByteaArrayOID, appendText, anything},
		{pgtype.DateOID, pgtype.DateArrayOID, appendText, fact},
		{pgtype.TimeOID, pgtype.TimeArrayOID, appendText, fact},
		{pgtype.TimetzOID, pgtype.TimetzArrayOID, appendText, fact},
		{pgtype.IntervalOID, pgtype.IntervalArrayOID, appendText, fact},
		{pgtype.TimestampOID, pgtype.TimestampArrayOID, appendTimestamp, fact},
		{pgtype.TimestamptzOID, pgtype.TimestamptzArrayOID, appendTimestamptz, fact},
		{pgtype.JSONOID, pgtype.JSONArrayOID, appendJSON, anything},
		{pgtype.JSONBOID, pgtype.JSONBArrayOID, appendJSON, anything},
		{pgtype.InetOID, pgtype.InetArrayOID, appendText, anything},
		{pgtype.CIDROID, pgtype.CIDRArrayOID, appendText, anything},
		{pgtype.OIDOID, pgtype.OIDArrayOID, appendText, number},
		{int2vector, int2vectorArray, vectorOf(appendNumber), anything},
		{oidvector, oidvectorArray, vectorOf(appendText), anything},
	} {
		types[t.oid] = columnType{encode: t.encode, base: t.oid, holds: t.holds}
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
	redactor   *redactor
	forms      Forms
	own        map[uint32]columnType // those of builtin that read otherwise here
	known      map[uint32]columnType // those met so far, besides builtin
	composites map[uint32]typeRow    // the composite ones among them, as they were read
	looked     *cdc.Tx               // the last transaction for whose sake current has looked
	snapshot   *cdc.Snapshot         // what it saw
}

func newTypes(pool *pgxpool.Pool, r *redactor, forms Forms, timestamp encoder) *types {
	t := &types{
		pool: pool, redactor: r, forms: forms, own: map[uint32]columnType{},
		known: map[uint32]columnType{}, composites: map[uint32]typeRow{},
	}
	document := func(redacted encoder, oid, array uint32) {
		one, many := builtin[oid], builtin[array]
		one.redacted, many.redacted = redacted, arrayOf(redacted, ',')
		t.own[oid], t.own[array] = one, many
	}
	document(r.appendText, pgtype.TextOID, pgtype.TextArrayOID)
	document(r.appendText, pgtype.VarcharOID, pgtype.VarcharArrayOID)
	document(r.appendText, pgtype.BPCharOID, pgtype.BPCharArrayOID)
	document(r.appendJSON, pgtype.JSONOID, pgtype.JSONArrayOID)
	document(r.appendJSON, pgtype.JSONBOID, pgtype.JSONBArrayOID)
	reads := func(as encoder, oid, array uint32) {
		one, many := builtin[oid], builtin[array]
		one.encode, many.encode = as, arrayOf(as, ',')
		t.own[oid], t.own[array] = one, many
	}
	reads(timestamp, pgtype.TimestampOID, pgtype.TimestampArrayOID)
	if forms.NumbersAsStrings {
		reads(appendText, pgtype.Int8OID, pgtype.Int8ArrayOID)
		reads(appendText, pgtype.NumericOID, pgtype.NumericArrayOID)
	}
	return t
}

// of returns a type that learn has been told of.
func (t *types) of(oid uint32) columnType {
	if c, ok := t.own[oid]; ok {
		return c
	}
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
	Base       uint32   // of a domain
	Element    uint32   // of an array, 0 for other types
	Delimiter  string   // between an array's elements
	Attributes []string // of a composite
	Types      []uint32 // of Attributes
	Category   string   // pg_type.typcategory
	Extension  string   // that the type belongs to, and its name: hstore.hstore, postgis.geometry
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
		       t.typbasetype, coalesce(e.oid, 0), coalesce(e.typdelim::text, ''), a.names, a.types, t.typcategory::text,
		       coalesce((SELECT x.extname || '.' || t.typname FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
		           WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
		             AND d.refclassid = 'pg_extension'::regclass LIMIT 1), '')
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
		if element.redacted != nil {
			c.redacted = arrayOf(element.redacted, row.Delimiter[0])
		}
	case row.Composite:
		c.encode, c.redacted = t.composite(row, found)
		c.composite = true
	case t.forms.GeoJSON && (row.Extension == "postgis.geometry" || row.Extension == "postgis.geography"):
		c.encode = appendGeometry
	case row.Extension == "hstore.hstore":
		c.encode, c.redacted = appendHstore, t.redactor.appendHstore
	case row.Category == "S": // citext, as an instance
		c.redacted = t.redactor.appendText
	case row.Category != "":
		c.holds = heldBy(row.Category[0], oid)
	}
	t.known[oid] = c
	return c
}

// composite returns the encoder of a composite type. A row of the stream tells of its attributes nothing but their number; where that is
// another one, since the row is older than the type as it is known, the row stays the string that it is.
func (t *types) composite(row typeRow, found map[uint32]typeRow) (whole, redacted encoder) {
	t.composites[row.OID] = row
	attributes := make([]attribute, len(row.Types))
	others := make([]attribute, len(row.Types))
	salted := slices.ContainsFunc(row.Attributes, func(name string) bool { return isSalt(name, anything) })
	for i, name := range fieldNames(row.Attributes) {
		c := t.compile(row.Types[i], found)
		attributes[i] = attribute{key: jsonKey(name), encode: c.encode}
		others[i] = attribute{
			key: jsonKey(name), encode: c.withoutCredentials(),
			left: t.redactor.secrets.leavesAttribute(row.Attributes[i], c.holds, salted),
		}
	}
	whole = func(dst, text []byte) []byte { return appendComposite(dst, text, attributes) }
	redacted = func(dst, text []byte) []byte { return appendComposite(dst, text, others) }
	return whole, redacted
}
