package cdc

// BasesSQL is a common table expression that leads from each type to what lies under all its
// domains: bases (oid, base), for behind WITH RECURSIVE.
const BasesSQL = `bases (oid, base) AS (
		SELECT oid, oid FROM pg_type WHERE typtype <> 'd'
		UNION ALL
		SELECT t.oid, b.base FROM pg_type t JOIN bases b ON t.typtype = 'd' AND t.typbasetype = b.oid)`
