package generic

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper"
)

// key sets the columns of o's primary key: those that the table has today, or, where rel has none
// of them any more, those of the replica identity that it had.
//
// Keys are exact where equal ones are equal in every bit, as the server knows it of most types: 1.0
// and 1.00 are equal and are not. A numeric of a fixed scale is not among those types, and exact.
//
// https://www.postgresql.org/docs/current/btree.html#BTREE-SUPPORT-FUNCS (equalimage)
func (g *Catalog) key(ctx context.Context, rel *cdc.Relation, o *mapper.Description) error {
	rows, err := g.pool.Query(ctx, `
		WITH RECURSIVE tree (oid) AS (
			SELECT $1::oid
			UNION ALL
			SELECT h.inhrelid FROM pg_inherits h JOIN tree ON h.inhparent = tree.oid WHERE $2
		)
		SELECT a.attname,
		       coalesce(l.collisdeterministic, true) AND (
		           a.atttypid = 'numeric'::regtype AND a.atttypmod <> -1
		           OR EXISTS (
		               SELECT FROM pg_opclass c JOIN pg_amproc p ON p.amprocfamily = c.opcfamily
		               WHERE c.oid = i.indclass[k.position - 1] AND p.amprocnum = 4
		                 AND p.amproclefttype = c.opcintype AND p.amprocrighttype = c.opcintype)),
		       EXISTS (
		           SELECT FROM tree JOIN pg_partitioned_table p ON p.partrelid = tree.oid
		           JOIN pg_attribute b ON b.attrelid = tree.oid AND b.attnum = ANY (p.partattrs)
		           WHERE b.attname = a.attname),
		       EXISTS (
		           SELECT FROM pg_index x
		           WHERE x.indrelid = i.indrelid AND x.indisvalid AND x.indpred IS NULL
		             AND x.indkey[0] = a.attnum),
		       NOT i.indimmediate
		FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
		LEFT JOIN pg_collation l ON l.oid = a.attcollation
		WHERE i.indrelid = $1 AND i.indisprimary AND k.position <= i.indnkeyatts
		ORDER BY k.position`, rel.OID, rel.Partitioned)
	if err != nil {
		return err
	}
	var name string
	var exact, moves, leads, found bool
	o.Exact = true
	_, err = pgx.ForEachRow(rows, []any{&name, &exact, &moves, &leads, &o.Deferred}, func() error {
		c := rel.Column(name)
		o.Exact = o.Exact && exact && c >= 0
		if c >= 0 {
			o.Key = append(o.Key, c)
		}
		if c >= 0 && !moves {
			o.Stays = append(o.Stays, c)
			found = found || leads
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !rel.Partitioned || !found {
		o.Stays = nil
	}
	if rel.Identity == 'i' {
		o.Index = identityBeside(rel, o.Key)
	}
	if o.Key == nil {
		if o.Exact = false; rel.Full() {
			return nil
		}
		for i, c := range rel.Columns {
			if c.Identity {
				o.Key = append(o.Key, i)
			}
		}
	}
	return nil
}

// identityBeside returns the columns of a replica identity that lacks some of the key, nil for any
// other.
func identityBeside(rel *cdc.Relation, key []int) (columns []int) {
	if !slices.ContainsFunc(key, func(c int) bool { return !rel.Columns[c].Identity }) {
		return nil
	}
	for i, c := range rel.Columns {
		if c.Identity {
			columns = append(columns, i)
		}
	}
	return columns
}
