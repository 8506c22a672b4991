package pg

import "fmt"

// Expressions over the catalogs of the server.

// XIDAge is SQL for how long ago a transaction id was given out, to be compared with other ages and
// sorted by. x is an expression of type xid.
//
// The server's age() is a signed number of 32 bits. It is negative for what is more than two
// billion transactions old, as rows that were frozen may be: they keep their xmin. It is also
// negative for what others have committed since the transaction that asks got an id of its own.
// Taken as unsigned, the one would be right and the other as old as can be; so it is moved by a
// billion first. What is right, then, is whatever is up to three billion old.
func XIDAge(x string) string { return "((age(" + x + ")::bigint + 1073741824) & 4294967295)" }

// BasesSQL is a common table expression that leads from each domain to what lies under it and all
// that are under it: bases (oid, base), for behind WITH RECURSIVE. See BaseSQL.
const BasesSQL = `bases (oid, base) AS (
		SELECT d.oid, t.oid FROM pg_type d JOIN pg_type t ON t.oid = d.typbasetype
		WHERE d.typtype = 'd' AND t.typtype <> 'd'
		UNION ALL
		SELECT d.oid, b.base FROM pg_type d JOIN bases b ON d.typtype = 'd' AND d.typbasetype = b.oid)`

// BaseSQL returns an SQL expression for what lies under the type whose OID is given by SQL: the
// type itself, unless it is a domain. It wants BasesSQL.
func BaseSQL(oid string) string {
	return "coalesce((SELECT base FROM bases WHERE bases.oid = " + oid + "), " + oid + ")"
}

// EqualsSQL returns an SQL expression for the operator that compares two values of the type whose
// OID is given by SQL. That of a type which an extension has brought is named with its schema:
// search_path has only the server's own.
func EqualsSQL(oid string) string {
	return fmt.Sprintf(`coalesce((
		WITH RECURSIVE base (oid) AS (
		    SELECT %s UNION ALL SELECT t.typbasetype FROM base JOIN pg_type t ON t.oid = base.oid
		        WHERE t.typtype = 'd'
		)
		SELECT format('OPERATOR(%%I.=)', n.nspname)
		FROM base JOIN pg_operator o ON o.oprname = '=' AND o.oprleft = base.oid AND o.oprright = base.oid
		JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE n.nspname <> 'pg_catalog' LIMIT 1), '=')`,
		oid)
}

// OmittedColumnSQL tells of a column, a row a of pg_attribute, whether the stream lacks it: one
// that is generated, and virtual, or on a server before Postgres 18.
const OmittedColumnSQL = `(a.attgenerated = 'v'
	OR a.attgenerated = 's' AND current_setting('server_version_num')::int < 180000)`
