package generic

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/credential"
	"hookline/mapper/naming"
	"hookline/mapper/pgtext"
)

// columnType is how the values of a type read.
type columnType struct {
	encode pgtext.Encoder
	// leaves credentials out of what has names of its own within; nil where nothing has
	redacted pgtext.Encoder
	base     uint32 // pg_type.oid of what lies under all domains
	// it is made of a composite type, the one kind whose values change when the type does
	composite bool
	holds     credential.Held
	shape     *mapper.Shape
}

// withoutCredentials returns the encoder that leaves credentials out.
func (c columnType) withoutCredentials() pgtext.Encoder {
	if c.redacted != nil {
		return c.redacted
	}
	return c.encode
}

// heldBy returns what values of a type are, by its category in pg_type and what lies under all
// domains.
//
// https://www.postgresql.org/docs/current/catalog-pg-type.html#CATALOG-TYPCATEGORY-TABLE
func heldBy(category byte, base uint32) credential.Held {
	switch {
	case base == pgtype.UUIDOID:
		return credential.Identifier
	case category == 'N':
		return credential.Number
	case category == 'B', category == 'D', category == 'T', category == 'E':
		return credential.Fact
	}
	return credential.Anything
}

// isFree reports whether anything can be kept in values of the type: text, or bytes.
func isFree(base uint32) bool {
	return base == pgtype.TextOID || base == pgtype.VarcharOID || base == pgtype.BPCharOID ||
		base == pgtype.ByteaOID
}

// builtin holds the types of everyday columns, which need no look into the catalog. What is missing
// here is asked for like a type that the database's users made.
var builtin = func() map[uint32]columnType {
	const (
		int2vector, int2vectorArray = 22, 1006
		oidvector, oidvectorArray   = 30, 1013
	)
	types := map[uint32]columnType{}
	for _, t := range []struct {
		oid, array uint32
		encode     pgtext.Encoder
		holds      credential.Held
		shape      *mapper.Shape
	}{
		{pgtype.BoolOID, pgtype.BoolArrayOID, pgtext.AppendBool, credential.Fact, booleanShape},
		{pgtype.Int2OID, pgtype.Int2ArrayOID, pgtext.AppendNumber, credential.Number, integerShape},
		{pgtype.Int4OID, pgtype.Int4ArrayOID, pgtext.AppendNumber, credential.Number, integerShape},
		{pgtype.Int8OID, pgtype.Int8ArrayOID, pgtext.AppendNumber, credential.Number, integerShape},
		{pgtype.Float4OID, pgtype.Float4ArrayOID, pgtext.AppendNumber, credential.Number, numberShape},
		{pgtype.Float8OID, pgtype.Float8ArrayOID, pgtext.AppendNumber, credential.Number, numberShape},
		{pgtype.NumericOID, pgtype.NumericArrayOID, pgtext.AppendNumber, credential.Number, numberShape},
		{pgtype.TextOID, pgtype.TextArrayOID, pgtext.AppendText, credential.Anything, stringShape},
		{pgtype.VarcharOID, pgtype.VarcharArrayOID, pgtext.AppendText, credential.Anything, stringShape},
		{pgtype.BPCharOID, pgtype.BPCharArrayOID, pgtext.AppendText, credential.Anything, stringShape},
		{pgtype.NameOID, pgtype.NameArrayOID, pgtext.AppendText, credential.Anything, stringShape},
		{pgtype.UUIDOID, pgtype.UUIDArrayOID, pgtext.AppendText, credential.Identifier, uuidShape},
		{pgtype.ByteaOID, pgtype.ByteaArrayOID, pgtext.AppendText, credential.Anything, stringShape},
		{pgtype.DateOID, pgtype.DateArrayOID, pgtext.AppendText, credential.Fact, dateShape},
		{pgtype.TimeOID, pgtype.TimeArrayOID, pgtext.AppendText, credential.Fact, stringShape},
		{pgtype.TimetzOID, pgtype.TimetzArrayOID, pgtext.AppendText, credential.Fact, stringShape},
		{pgtype.IntervalOID, pgtype.IntervalArrayOID, pgtext.AppendText, credential.Fact, stringShape},
		{
			pgtype.TimestampOID, pgtype.TimestampArrayOID, pgtext.AppendTimestamp, credential.Fact,
			momentShape,
		},
		{
			pgtype.TimestamptzOID, pgtype.TimestamptzArrayOID, pgtext.AppendTimestamptz, credential.Fact,
			momentShape,
		},
		{pgtype.JSONOID, pgtype.JSONArrayOID, pgtext.AppendJSON, credential.Anything, anyShape},
		{pgtype.JSONBOID, pgtype.JSONBArrayOID, pgtext.AppendJSON, credential.Anything, anyShape},
		{pgtype.InetOID, pgtype.InetArrayOID, pgtext.AppendText, credential.Anything, stringShape},
		{pgtype.CIDROID, pgtype.CIDRArrayOID, pgtext.AppendText, credential.Anything, stringShape},
		{pgtype.OIDOID, pgtype.OIDArrayOID, pgtext.AppendText, credential.Number, stringShape},
		{
			int2vector, int2vectorArray, pgtext.VectorOf(pgtext.AppendNumber), credential.Anything,
			arrayOf(integerShape),
		},
		{
			oidvector, oidvectorArray, pgtext.VectorOf(pgtext.AppendText), credential.Anything,
			arrayOf(stringShape),
		},
	} {
		types[t.oid] = columnType{encode: t.encode, base: t.oid, holds: t.holds, shape: t.shape}
		types[t.array] = columnType{
			encode: pgtext.ArrayOf(t.encode, ','), base: t.array, shape: arrayOf(t.shape),
		}
	}
	return types
}()

// types knows the types of one database: how to_jsonb would print their values. It belongs to one
// goroutine, and so do the encoders that it gives out.
type types struct {
	pool       *pgxpool.Pool
	redactor   *pgtext.Redactor
	secrets    *credential.SecretColumns
	forms      Forms
	own        map[uint32]columnType // those of builtin that read otherwise here
	known      map[uint32]columnType // those met so far, besides builtin
	composites map[uint32]typeRow    // the composite ones among them, as they were read
	looked     *cdc.Tx               // the last transaction for whose sake current has looked
	snapshot   *cdc.Snapshot         // what it saw
}

func newTypes(
	pool *pgxpool.Pool, secrets *credential.SecretColumns, r *pgtext.Redactor, forms Forms,
	timestamp pgtext.Encoder, local *mapper.Shape,
) *types {
	t := &types{
		pool: pool, redactor: r, secrets: secrets, forms: forms, own: map[uint32]columnType{},
		known: map[uint32]columnType{}, composites: map[uint32]typeRow{},
	}
	document := func(redacted pgtext.Encoder, oid, array uint32) {
		one, many := builtin[oid], builtin[array]
		one.redacted, many.redacted = redacted, pgtext.ArrayOf(redacted, ',')
		t.own[oid], t.own[array] = one, many
	}
	document(r.AppendText, pgtype.TextOID, pgtype.TextArrayOID)
	document(r.AppendText, pgtype.VarcharOID, pgtype.VarcharArrayOID)
	document(r.AppendText, pgtype.BPCharOID, pgtype.BPCharArrayOID)
	document(r.AppendJSON, pgtype.JSONOID, pgtype.JSONArrayOID)
	document(r.AppendJSON, pgtype.JSONBOID, pgtype.JSONBArrayOID)
	reads := func(as pgtext.Encoder, shape *mapper.Shape, oid, array uint32) {
		one, many := builtin[oid], builtin[array]
		one.encode, many.encode = as, pgtext.ArrayOf(as, ',')
		one.shape, many.shape = shape, arrayOf(shape)
		t.own[oid], t.own[array] = one, many
	}
	reads(timestamp, local, pgtype.TimestampOID, pgtype.TimestampArrayOID)
	if forms.NumbersAsStrings {
		reads(pgtext.AppendText, stringShape, pgtype.Int8OID, pgtype.Int8ArrayOID)
		reads(pgtext.AppendText, stringShape, pgtype.NumericOID, pgtype.NumericArrayOID)
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

// learn makes the given types known. A type that does not exist, since it was dropped after the
// change that names it, is text.
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

// current reports whether the composite types are still as they are known. The stream says nothing
// when an attribute is added, dropped or renamed. So they are queried before the first change of a
// transaction that the last query did not see: every change is read with types that are as new as
// it is. What is behind, as in a backlog, is read with today's types.
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

// compare reports whether the composite types are in the catalog as they are known. One that was
// dropped may be.
func (t *types) compare(ctx context.Context, catalog pgx.Tx) (equal bool, err error) {
	rows, err := catalog.Query(ctx, `
		SELECT t.oid, coalesce(array_agg(a.attname::text ORDER BY a.attnum)
		  FILTER (WHERE a.attnum IS NOT NULL), '{}'),
		       coalesce(array_agg(a.atttypid ORDER BY a.attnum) FILTER (WHERE a.attnum IS NOT NULL), '{}')
		FROM pg_type t LEFT JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
		  AND NOT a.attisdropped
		WHERE t.oid = ANY ($1::oid[])
		GROUP BY t.oid`, slices.Collect(maps.Keys(t.composites)))
	if err != nil {
		return false, err
	}
	var now typeRow
	equal = true
	_, err = pgx.ForEachRow(rows, []any{&now.OID, &now.Attributes, &now.Types}, func() error {
		known := t.composites[now.OID]
		equal = equal && slices.Equal(now.Attributes, known.Attributes) &&
			slices.Equal(now.Types, known.Types)
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

// lookUp returns the types and all that they are made of, by oid. A true array, unlike a type that
// merely can be subscripted, is the typarray of its elements' type.
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
		       t.typbasetype, coalesce(e.oid, 0), coalesce(e.typdelim::text, ''), a.names, a.types,
		         t.typcategory::text,
		       coalesce((SELECT x.extname || '.' || t.typname FROM pg_depend d
		         JOIN pg_extension x ON x.oid = d.refobjid
		           WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
		             AND d.refclassid = 'pg_extension'::regclass LIMIT 1), '')
		FROM needed JOIN pg_type t ON t.oid = needed.oid
		LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
		CROSS JOIN LATERAL (
			SELECT array_agg(a.attname::text ORDER BY a.attnum) AS names, array_agg(a.atttypid
			  ORDER BY a.attnum) AS types
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
	c := columnType{encode: pgtext.AppendText, base: oid, shape: textOf(oid)}
	switch row := found[oid]; {
	case row.Domain:
		c = t.compile(row.Base, found)
	case row.Element != 0:
		element := t.compile(row.Element, found)
		c.encode, c.composite = pgtext.ArrayOf(element.encode, row.Delimiter[0]), element.composite
		c.shape = arrayOf(element.shape)
		if element.redacted != nil {
			c.redacted = pgtext.ArrayOf(element.redacted, row.Delimiter[0])
		}
	case row.Composite:
		c.encode, c.redacted, c.shape = t.composite(row, found)
		c.composite = true
	case t.forms.GeoJSON &&
		(row.Extension == "postgis.geometry" || row.Extension == "postgis.geography"):
		c.encode, c.shape = pgtext.AppendGeometry, geometryShape
	case row.Extension == "hstore.hstore":
		c.encode, c.redacted, c.shape = pgtext.AppendHstore, t.redactor.AppendHstore, hstoreShape
	case row.Category == "S": // citext, as an instance
		c.redacted = t.redactor.AppendText
	case row.Category != "":
		c.holds = heldBy(row.Category[0], oid)
	}
	t.known[oid] = c
	return c
}

// composite returns the encoder of a composite type. A row of the stream tells of its attributes
// nothing but their number; where that is another one, since the row is older than the type as it
// is known, the row stays the string that it is.
func (t *types) composite(
	row typeRow, found map[uint32]typeRow,
) (whole, redacted pgtext.Encoder, shape *mapper.Shape) {
	t.composites[row.OID] = row
	attributes := make([]pgtext.Attribute, len(row.Types))
	others := make([]pgtext.Attribute, len(row.Types))
	salted := slices.ContainsFunc(row.Attributes, func(name string) bool {
		return credential.IsSalt(name, credential.Anything)
	})
	shape = &mapper.Shape{Kind: mapper.ObjectShape, OrString: true, Members: []mapper.Member{}}
	for i, name := range naming.Fields(row.Attributes) {
		c := t.compile(row.Types[i], found)
		attributes[i] = pgtext.Attribute{Key: pgtext.JSONKey(name), Encode: c.encode}
		others[i] = pgtext.Attribute{
			Key: pgtext.JSONKey(name), Encode: c.withoutCredentials(),
			Omitted: t.secrets.LeavesAttribute(row.Attributes[i], c.holds, salted),
		}
		if !others[i].Omitted {
			shape.Members = append(shape.Members, mapper.Member{Name: name, Shape: orNull(c.shape)})
		}
	}
	whole = func(dst, text []byte) []byte { return pgtext.AppendComposite(dst, text, attributes) }
	redacted = func(dst, text []byte) []byte { return pgtext.AppendComposite(dst, text, others) }
	return whole, redacted, shape
}

// isBinary reports whether values of a type are printed in hexadecimal.
func isBinary(base uint32) bool { return base == pgtype.ByteaOID }
