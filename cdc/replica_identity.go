package cdc

import (
	"fmt"
	"strings"

	"hookline/internal/pg"
)

// noteIdentities returns the statement that writes down which replica identities tables have that
// are about to get others, for Teardown. What Hookline itself has set before is not what was there.
//
// The names are looked up by to_regclass: what is gone by then is passed over.
func (p *Plan) noteIdentities(sets []Step) string {
	values := make([]string, len(sets))
	for i, s := range sets {
		values[i] = fmt.Sprintf("(to_regclass(%s), '%c'::\"char\")", pg.Literal(s.part), s.identity)
	}
	return fmt.Sprintf(`INSERT INTO %s AS r (relation, name, before, by_index, made)
SELECT c.oid, format('%%I.%%I', n.nspname, c.relname), c.relreplident, i.indexrelid, w.made
FROM (VALUES %s) AS w (relation, made)
JOIN pg_class c ON c.oid = w.relation JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisreplident AND c.relreplident = 'i'
ON CONFLICT (relation) DO UPDATE SET name = EXCLUDED.name, made = EXCLUDED.made,
    before = CASE WHEN EXCLUDED.before = r.made THEN r.before ELSE EXCLUDED.before END,
    by_index = CASE WHEN EXCLUDED.before = r.made THEN r.by_index ELSE EXCLUDED.by_index END`,
		p.cfg.own(identityTable), strings.Join(values, ",\n    "))
}

// identityClause returns what follows REPLICA IDENTITY for a value of pg_class.relreplident. index
// is quoted.
func identityClause(identity, index string) string {
	switch identity {
	case "f":
		return "FULL"
	case "n":
		return "NOTHING"
	case "i":
		return "USING INDEX " + index
	}
	return "DEFAULT"
}
