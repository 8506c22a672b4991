package cdc

import "fmt"

// EqualsSQL returns an SQL expression for the operator that compares two values of the type whose
// OID is given by SQL. That of a type which an extension has brought is named with its schema:
// search_path has only the server's own.
func EqualsSQL(oid string) string {
	return fmt.Sprintf(`coalesce((
		WITH RECURSIVE base (oid) AS (
		    SELECT %s UNION ALL SELECT t.typbasetype FROM base JOIN pg_type t ON t.oid = base.oid WHERE t.typtype = 'd'
		)
		SELECT format('OPERATOR(%%I.=)', n.nspname)
		FROM base JOIN pg_operator o ON o.oprname = '=' AND o.oprleft = base.oid AND o.oprright = base.oid
		JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE n.nspname <> 'pg_catalog' LIMIT 1), '=')`, oid)
}
