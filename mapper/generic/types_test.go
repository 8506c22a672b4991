package generic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/mapper/mappertest"
)

// typeCases are values of every type that a column can have, as SQL would take them in a literal.
var typeCases = []struct {
	name   string // pg_type.typname
	typ    string // how a column is declared, where that is not the name
	values []string
}{
	{name: "bool", values: []string{"t", "f"}},
	{name: "int2", values: []string{"0", "-32768", "32767"}},
	{name: "int4", values: []string{"0", "-2147483648", "2147483647"}},
	{name: "int8", values: []string{"0", "-9223372036854775808", "9223372036854775807"}},
	{name: "float4", values: []string{
		"0", "-0", "0.1", "1e10", "3.4028235e38", "1e-45", "NaN",
		"Infinity", "-Infinity",
	}},
	{name: "float8", values: []string{
		"0", "-0", "0.1", "1e15", "1e16", "1e-7", "1.7976931348623157e308",
		"5e-324", "NaN", "Infinity", "-Infinity",
	}},
	{name: "numeric", values: []string{
		"0", "-0", "0.10", "123456789012345678901234567890.123456789", "1e1000", "-1e-1000", "NaN",
		"Infinity", "-Infinity",
	}},
	{name: "numeric", typ: "numeric(12,4)", values: []string{"0", "12345678.9", "-0.0001"}},
	{name: "money", values: []string{"0", "-92233720368547758.08", "12.50"}},
	{name: "oid", values: []string{"0", "4294967295"}},
	{name: "xid", values: []string{"0", "4294967295"}},
	{name: "xid8", values: []string{"0", "18446744073709551615"}},
	{name: "cid", values: []string{"0", "4294967295"}},
	{name: "tid", values: []string{"(0,0)", "(4294967295,65535)"}},
	{name: "int2vector", values: []string{"", "1", "1 -2 3"}},
	{name: "oidvector", values: []string{"", "1", "1 4294967295"}},
	{name: "pg_lsn", values: []string{"0/0", "FFFFFFFF/FFFFFFFF"}},
	{name: "pg_snapshot", values: []string{"10:20:10,14,15"}},
	{name: "txid_snapshot", values: []string{"10:20:10,14,15"}},

	{name: "text", values: texts},
	{name: "varchar", values: texts},
	{name: "varchar", typ: "varchar(3)", values: []string{"", "äöü"}},
	{name: "bpchar", values: texts},
	{name: "bpchar", typ: "char(5)", values: []string{"", "ab", "abcde"}},
	{name: "char", typ: `"char"`, values: []string{"", "a", `"`, `\`, ",", " "}},
	{name: "name", values: []string{"", "some name", strings.Repeat("x", 63)}},
	{name: "refcursor", values: []string{"", "a cursor"}},
	{name: "xml", values: []string{"", "<a b=\"c\">\n <d/> &amp; text</a>", "a, {b}"}},
	{name: "json", values: slices.Concat(jsons,
		[]string{"{ \"dup\" : 1,\n\t\"dup\" : 2 }", `"\u00e4 \" \\ { , }"`})},
	{name: "jsonb", values: jsons},
	{name: "jsonpath", values: []string{"$", `$."a b"[*] ? (@ > 1)`}},
	{name: "tsvector", values: []string{"", "a:1A 'it''s':2,3B '\\\\'"}},
	{name: "tsquery", values: []string{"", "'fat cat' & !( rat | b:*AB )"}},
	{name: "bytea", values: []string{"", `\x00ff5c22`}},
	{name: "bit", typ: "bit(4)", values: []string{"0101"}},
	{name: "varbit", values: []string{"", "0", "10101"}},
	{name: "uuid", values: []string{
		"00000000-0000-0000-0000-000000000000",
		"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
	}},

	{name: "date", values: []string{
		"2025-02-10", "infinity", "-infinity", "4713-11-24 BC",
		"5874897-12-31", "0001-01-01",
	}},
	{name: "time", values: []string{"00:00", "24:00", "15:30:45.5", "23:59:59.999999"}},
	{name: "timetz", values: []string{"00:00+00", "24:00-15:59:59", "15:30:45.5+05:30"}},
	{name: "timestamp", values: moments},
	{name: "timestamp", typ: "timestamp(0)", values: []string{"2025-02-10 15:30:45.5"}},
	{name: "timestamptz", values: slices.Concat(moments, []string{"2025-02-10 15:30:45+05:30"})},
	{name: "timestamptz", typ: "timestamptz(3)", values: []string{"2025-02-10 15:30:45.120999+00"}},
	{name: "interval", values: []string{
		"0", "1 year 2 mons -3 days 04:05:06.789", "-178000000 years",
		"-00:00:00.000001",
	}},

	{name: "point", values: []string{"(1,-2.5)", "(NaN,Infinity)"}},
	{name: "line", values: []string{"{1,-1,0.5}"}},
	{name: "lseg", values: []string{"[(0,0),(1,1)]"}},
	{name: "box", values: []string{"(3,4),(1,2)"}},
	{name: "path", values: []string{"((0,0),(1,1),(2,0))", "[(0,0),(1,1)]"}},
	{name: "polygon", values: []string{"((0,0),(1,1),(2,0))"}},
	{name: "circle", values: []string{"<(1,2),3>"}},
	{name: "inet", values: []string{"192.168.0.1", "10.1.2.3/8", "::1", "2001:db8::/32"}},
	{name: "cidr", values: []string{"10.0.0.0/8", "2001:db8::/32"}},
	{name: "macaddr", values: []string{"08:00:2b:01:02:03"}},
	{name: "macaddr8", values: []string{"08:00:2b:01:02:03:04:05"}},

	{name: "int4range", values: []string{"empty", "[1,5)", "(,)", "[1,)"}},
	{name: "int8range", values: []string{"[-9223372036854775808,9223372036854775807)"}},
	{name: "numrange", values: []string{"[1.50,2]", "(,Infinity]"}},
	{name: "tsrange", values: []string{"[2025-02-10 15:30:45,infinity]"}},
	{name: "tstzrange", values: []string{"[2025-02-10 15:30:45+05:30,)"}},
	{name: "daterange", values: []string{"[2025-02-10,2025-03-01)"}},
	{name: "int4multirange", values: []string{"{}", "{[1,3),[5,)}"}},
	{name: "int8multirange", values: []string{"{[1,3)}"}},
	{name: "nummultirange", values: []string{"{(,1.5],[2,2]}"}},
	{name: "tsmultirange", values: []string{"{[2025-02-10 15:30:45,2025-02-11)}"}},
	{name: "tstzmultirange", values: []string{"{[2025-02-10 15:30:45+00,2025-02-11)}"}},
	{name: "datemultirange", values: []string{"{[2025-02-10,2025-03-01)}"}},

	{name: "aclitem", values: []string{"postgres=arwdDxt/postgres", "=r/postgres"}},
	{name: "regclass", values: []string{"-", "pg_class"}},
	{name: "regcollation", values: []string{"-", `"C"`}},
	{name: "regconfig", values: []string{"-", "english"}},
	{name: "regdictionary", values: []string{"-", "simple"}},
	{name: "regnamespace", values: []string{"-", "pg_catalog"}},
	{name: "regoper", values: []string{"0", "||/"}},
	{name: "regoperator", values: []string{"0", "+(integer,integer)"}},
	{name: "regproc", values: []string{"-", "now"}},
	{name: "regprocedure", values: []string{"-", "abs(integer)"}},
	{name: "regrole", values: []string{"-", "postgres"}},
	{name: "regtype", values: []string{"-", "integer", "timestamp with time zone[]"}},
}

// noInput are the types that tables cannot be given values of: their input functions refuse every
// text. They print as text.
var noInput = []string{
	"gtsvector", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary", "pg_dependencies",
	"pg_mcv_list", "pg_ndistinct", "pg_node_tree",
}

// userTypes are types that a database's users make.
var userTypes = []struct {
	typ    string
	values []string
}{
	{"mood", []string{"sad", "so, so", `"{NULL}"\`, ""}},
	{"floatrange", []string{"[1.5,2]"}},
	{"hstore", []string{"", `a=>1, b=>NULL, "c d"=>"\"e\\ =>, {}", ""=>""`, `keep_me=>true`}},
	{"citext", []string{"MiXed", ""}},
	{"ltree", []string{"a.b.c"}},
	{"cube", []string{"(1,2),(3,4)"}},
	{"isbn13", []string{"978-0-393-04002-9"}},
	{"score", []string{"1", "5"}},
	{"high_score", []string{"4", "5"}},
	{"address", []string{`("1, ""Main"" \\ St (rear)",,"{1,NULL}","(1,2)")`, "(,,,)", `("",0,{},)`}},
	{"address_known", []string{`(a,1,{},)`}},
	{"tags", []string{"{}", `{a,"b c",NULL,"NULL",""}`, "[0:1]={a,b}"}},
	{"nothing", []string{"()"}},
	{"lone", []string{"()", "(1)"}},
	{"people", []string{`(1,Alice,"2025-02-10 15:30:45.5+00")`}},
	{"information_schema.yes_or_no", []string{"YES"}},
	{"pg_language", []string{`(1,l,10,t,f,0,0,0,"{postgres=U/postgres}")`}},
}

const userTypesDDL = `
	CREATE EXTENSION hstore;
	CREATE EXTENSION citext;
	CREATE EXTENSION ltree;
	CREATE EXTENSION cube;
	CREATE EXTENSION isn;
	CREATE TYPE mood AS ENUM ('sad', 'so, so', '"{NULL}"\', '');
	CREATE TYPE floatrange AS RANGE (subtype = float8);
	CREATE DOMAIN score AS int CHECK (VALUE BETWEEN 1 AND 5);
	CREATE DOMAIN high_score AS score CHECK (VALUE > 3);
	CREATE TYPE spot AS (pos_x int, pos_y float8);
	CREATE TYPE address AS (street_name text, dropped_one int, house_number int, some_scores score[],
	  on_map spot);
	ALTER TYPE address DROP ATTRIBUTE dropped_one;
	CREATE DOMAIN address_known AS address;
	CREATE DOMAIN tags AS text[];
	CREATE TYPE nothing AS ();
	CREATE TYPE lone AS (one_value int);
	CREATE TABLE people (person_id int, first_name text, created_at timestamptz);`

var texts = []string{
	"", " ", "plain", "NULL", "null", `say "hi"`, `back\slash`, `\`, `"`, `""`, "{a,b}", "(a,b)",
	"a;b", "[1:2]={x}", "line\nfeed\r\ttab",
	"\u0001\u001f\u007f", "<a href='x'>&</a>", "Grüße 日本 😀 \u2028", "2025-02-10", `{"not": "json"}`,
}

var jsons = []string{
	"null", "true", "0", "-1.50", "1e400", `""`, "[]", "{}", ` [ 1 , "two, { \" }" , null , [ ] ] `,
	`{ "keep_me" : { "a b" : [ 1.10 , "\\" ] } , "x" : "\ud83d\ude00 \n <&>" }`,
}

var moments = []string{
	"2025-02-10 15:30:45", "2025-02-10 15:30:45.5", "2025-02-10 15:30:45.000001",
	"1999-12-31 23:59:59.999999",
	"0001-01-01 00:00:00", "4713-11-24 00:00:00 BC", "0044-03-15 12:00:00.25 BC",
	"294276-12-31 23:59:59.999999", "infinity", "-infinity",
}

// renamed are the keys that composites have in the JSON of to_jsonb and in ours.
var renamed = map[string]string{
	"plain_value": "plainValue", "some_values": "someValues", "in_domain": "inDomain",
	"pos_x": "posX", "pos_y": "posY", "street_name": "streetName", "house_number": "houseNumber",
	"some_scores": "someScores",
	"on_map":      "onMap", "one_value": "oneValue", "person_id": "personId",
	"first_name": "firstName",
	"created_at": "createdAt",
}

// TestTypes holds the JSON of every type against to_jsonb, plain and wrapped in arrays, domains and
// composites.
func TestTypes(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, userTypesDDL)
	for _, c := range typeCases {
		typ := c.typ
		if typ == "" {
			typ = c.name
		}
		t.Run(typ, func(t *testing.T) { testType(t, pool, typ, c.values) })
	}
	for _, c := range userTypes {
		t.Run(c.typ, func(t *testing.T) { testType(t, pool, c.typ, c.values) })
	}
}

// TestTypesComplete fails when a type of the server is missing from TestTypes.
func TestTypesComplete(t *testing.T) {
	rows, err := mappertest.NewPool(t).Query(t.Context(), `
		SELECT t.typname FROM pg_type t
		WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype IN ('b', 'r', 'm')
		  AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		tested := slices.Contains(noInput, name)
		for _, c := range typeCases {
			tested = tested || c.name == name
		}
		if !tested {
			t.Errorf("type %s is not tested", name)
		}
	}
}

func testType(t *testing.T, pool *pgxpool.Pool, typ string, values []string) {
	// Elements of these would make ARRAY[…] take them for rows of a matrix.
	vector := strings.HasSuffix(typ, "vector") && typ != "tsvector" || typ == "tags"
	var sql strings.Builder
	fmt.Fprintf(&sql, `
		CREATE SCHEMA wrap;
		SET LOCAL search_path = wrap, public;
		CREATE DOMAIN of_type AS %[1]s;
		CREATE DOMAIN of_arrays AS %[1]s[];
		CREATE TYPE wrapper AS (plain_value %[1]s, some_values %[1]s[], in_domain of_type);
		CREATE DOMAIN of_wrapper AS wrapper;
		CREATE TYPE outer_wrapper AS (in_domain of_wrapper, some_values wrapper[]);
		CREATE TABLE t (
			id serial PRIMARY KEY, v %[1]s, d of_type, a %[1]s[], matrix %[1]s[], da of_type[], ad of_arrays,
			c wrapper, ca wrapper[], cd of_wrapper, o outer_wrapper);
		INSERT INTO t DEFAULT VALUES;`, typ)
	for _, value := range values {
		x := quoteLiteral(value) + "::" + typ
		if vector {
			fmt.Fprintf(&sql, "INSERT INTO t (v, d, c) VALUES (%[1]s, %[1]s, ROW (%[1]s, NULL, %[1]s));", x)
			if typ == "tags" {
				continue
			}
			fmt.Fprintf(&sql, `INSERT INTO t (a) VALUES (%s::%s[]);`,
				quoteLiteral(`[-1:1]={"`+value+`",NULL,"`+value+`"}`), typ)
			continue
		}
		fmt.Fprintf(&sql, `
			INSERT INTO t (v, d, a, matrix, da, ad, c, ca, cd, o)
			SELECT x, x, ARRAY[x, NULL, x], array_fill(x, ARRAY[2, 2], ARRAY[-1, 3]), ARRAY[x, NULL],
			  ARRAY[x], w, ARRAY[w, NULL, n], w,
			       ROW (w, ARRAY[w])::outer_wrapper
			FROM (SELECT x, ROW (x, ARRAY[x, NULL], x)::wrapper w, ROW (NULL, '{}', NULL)::wrapper n FROM (SELECT %s) v (x)) s;`, x)
	}
	ctx := t.Context()
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql.String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := pool.Exec(context.Background(),
			"SET client_min_messages = warning; DROP SCHEMA wrap CASCADE"); err != nil {
			t.Error(err)
		}
	})
	compareTable(t, pool, "wrap", "t")
}

// compareTable compares each row of a table, as we print it, to what to_jsonb prints.
func compareTable(t *testing.T, pool *pgxpool.Pool, schema, table string) {
	t.Helper()
	rel := mappertest.DescribeTable(t, pool, schema, table)
	o := compilePlan(t, New(Config{Schemas: []string{schema}}, pool, mappertest.Discard), rel)
	tuples := mappertest.ReadTuples(t, pool, rel)
	rows, err := pool.Query(t.Context(), "SELECT to_jsonb(t)::text FROM "+pg.Identifier(schema, table)+
		" t ORDER BY ctid")
	if err != nil {
		t.Fatal(err)
	}
	wants, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(tuples) != len(wants) || len(tuples) == 0 {
		t.Fatalf("%d tuples and %d rows", len(tuples), len(wants))
	}
	for i, tuple := range tuples {
		data := mappertest.RowOf(t, o, tuple)
		got, want := decode(t, data), decode(t, []byte(wants[i]))
		for name, value := range want.(map[string]any) {
			want := likeOurs(value)
			if got := got.(map[string]any)[name]; !reflect.DeepEqual(got, want) {
				t.Errorf("row %d, column %s (%s):\ngot  %v\nwant %v", i, name, tuple[rel.Column(name)], got,
					want)
			}
		}
		if got, want := len(got.(map[string]any)), len(want.(map[string]any)); got != want {
			t.Errorf("row %d: got %d keys, want %d", i, got, want)
		}
	}
}

var moment = regexp.MustCompile(`^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00:00)?( BC)?$`)

// likeOurs makes the differences that are meant to be: time zones and the keys of composites.
func likeOurs(value any) any {
	switch v := value.(type) {
	case string:
		return moment.ReplaceAllString(v, "${1}Z$2")
	case []any:
		for i := range v {
			v[i] = likeOurs(v[i])
		}
	case map[string]any:
		for key, inner := range v {
			inner = likeOurs(inner)
			delete(v, key)
			if name, ok := renamed[key]; ok {
				key = name
			}
			v[key] = inner
		}
	}
	return value
}

// decode reads JSON with its numbers as exact decimals.
func decode(t *testing.T, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("more than one value in %s", data)
	}
	return exact(value)
}

func exact(value any) any {
	switch v := value.(type) {
	case json.Number:
		r, ok := new(big.Rat).SetString(v.String())
		if !ok {
			return v
		}
		return "number " + r.RatString()
	case []any:
		for i := range v {
			v[i] = exact(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = exact(v[key])
		}
	}
	return value
}

// compilePlan returns the plan for rel, which must be announced.
func compilePlan(t testing.TB, g *Catalog, rel *cdc.Relation) *mapper.Description {
	t.Helper()
	o, err := g.Describe(t.Context(), rel)
	if err != nil {
		t.Fatal(err)
	}
	if o == nil {
		t.Fatalf("%s.%s is not announced", rel.Schema, rel.Name)
	}
	return o
}

func quoteLiteral(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
