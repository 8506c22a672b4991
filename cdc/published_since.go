package cdc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/internal/pg"
)

// StreamCoverage tells from where on the stream has all changes of a table. It is written down, in
// the table listing: the server does not keep when a table was published, and the stream may be
// behind for long.
//
// Whoever had written to the table when it was published may commit later, and what they wrote
// before is not in the stream. So the position is one at which they have all ended: the slot's
// beginning, which waits for every transaction; that of a transaction which locks writers out while
// it publishes the table; or the first at which none of those is left that held a lock on the table
// once it was published.
//
// Its methods may be called from any goroutine, but for Note, which belongs to one.
type StreamCoverage struct {
	pool *pgxpool.Pool
	cfg  Config

	// writers are those who wrote to a table when it was first seen to be published, and may still.
	writers map[publicationEntry][]string
}

// publicationEntry is what has a table published. One that is made anew, or changed, is another.
type publicationEntry struct{ relation, entry, madeBy uint32 }

// NewStreamCoverage returns what is known for slot and publication of cfg.
func NewStreamCoverage(cfg Config, pool *pgxpool.Pool) *StreamCoverage {
	return &StreamCoverage{
		pool:    pool,
		cfg:     cfg.withDefaults(),
		writers: map[publicationEntry][]string{},
	}
}

// publicationEntriesSQL is SQL for what a publication, $1 or a literal, has published as a whole.
// Tables that are published with their schema are not among them: one may have come there later
// than its schema was published.
func publicationEntriesSQL(publication string) string {
	return "(SELECT r.prrelid AS relation, r.oid AS entry, r.xmin AS made_by\n" +
		"    FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid\n" +
		"    WHERE p.pubname = " + publication + "\n" +
		"      AND to_jsonb(r)->>'prqual' IS NULL AND to_jsonb(r)->>'prattrs' IS NULL\n" +
		"  UNION ALL SELECT 0, oid, xmin FROM pg_publication\n" +
		"    WHERE pubname = " + publication + " AND puballtables)"
}

// upsertEntrySQL ends a statement that writes listings down.
const upsertEntrySQL = "ON CONFLICT (slot, relation) DO UPDATE SET\n" +
	"  entry = EXCLUDED.entry, made_by = EXCLUDED.made_by, whole_from = EXCLUDED.whole_from"

// coverageSQL returns the statement that writes down that the stream has all changes of a table
// from now on. "" stands for all tables. Nobody may be writing to it who did so before it was
// published, unless the slot is yet to be made.
func (p *Plan) coverageSQL(table string) string {
	of := ""
	if table != "" {
		of = " WHERE relation = " + table
	}
	return "INSERT INTO " + p.cfg.own(listingTable).String() +
		" (slot, relation, entry, made_by, whole_from)\n" +
		"SELECT " + pg.Literal(p.cfg.Slot) + ", relation, entry, made_by,\n" +
		"    pg_current_wal_insert_lsn()\n" +
		"  FROM " + publicationEntriesSQL(pg.Literal(p.cfg.Publication)) + " l" + of + "\n" +
		upsertEntrySQL
}

// Record writes down what has been published without that being written down, as far as it can be
// by now. waiting says that some of it cannot: those who write to the table have to end first. Call
// it when tables may have been published, and again while it waits.
func (l *StreamCoverage) Record(ctx context.Context) (waiting bool, err error) {
	own := l.cfg.own(listingTable).String()
	rows, err := l.pool.Query(ctx, `
		WITH writers AS MATERIALIZED (
		    SELECT relation, virtualtransaction `+writersSQL+` AND relation >= $3)
		SELECT l.relation, l.entry, l.made_by,
		    coalesce(`+pg.XIDAge("l.made_by")+` > (
		        SELECT `+pg.XIDAge("catalog_xmin")+`
		        FROM pg_replication_slots WHERE slot_name = $2), false),
		    ARRAY(SELECT w.virtualtransaction FROM writers w WHERE l.relation IN (0, w.relation))
		FROM `+publicationEntriesSQL("$1")+` l LEFT JOIN `+own+` n
		    ON n.slot = $2 AND n.relation = l.relation AND n.entry = l.entry AND n.made_by = l.made_by
		WHERE n.slot IS NULL`, l.cfg.Publication, l.cfg.Slot, firstUserOID)
	writers := map[publicationEntry][]string{}
	var relations, entries []uint32
	var madeBy []string
	var always []bool
	var one publicationEntry
	var before bool
	var now []string
	if err == nil {
		into := []any{&one.relation, &one.entry, &one.madeBy, &before, &now}
		_, err = pgx.ForEachRow(rows, into, func() error {
			still := slices.Clone(now)
			if was, seen := l.writers[one]; seen {
				still = slices.DeleteFunc(still, func(w string) bool { return !slices.Contains(was, w) })
			}
			if !before && len(still) > 0 {
				writers[one] = still
				return nil
			}
			relations, entries = append(relations, one.relation), append(entries, one.entry)
			madeBy, always = append(madeBy, fmt.Sprint(one.madeBy)), append(always, before)
			return nil
		})
	}
	if err == nil && relations != nil {
		// A position of now, which is behind the commits of all that have ended.
		_, err = l.pool.Exec(ctx, `
			INSERT INTO `+own+` (slot, relation, entry, made_by, whole_from)
			SELECT $2, l.relation, l.entry, l.made_by,
			    CASE WHEN v.always THEN '0/0' ELSE pg_current_wal_insert_lsn() END
			FROM unnest($3::oid[], $4::oid[], $5::text[], $6::boolean[])
			    v (relation, entry, made_by, always)
			JOIN `+publicationEntriesSQL("$1")+` l ON l.relation = v.relation AND l.entry = v.entry
			    AND l.made_by = v.made_by::xid
			`+upsertEntrySQL, l.cfg.Publication, l.cfg.Slot, relations, entries, madeBy, always)
	}
	if err != nil {
		return false, fmt.Errorf("write down what is published: %w", err)
	}
	l.writers = writers
	return len(writers) > 0, nil
}

// CompleteFrom returns a position from which on the stream has all changes of a table: those of
// transactions that commit there or later. It is not known, false, where the table is not
// published, or that has not been written down.
func (l *StreamCoverage) CompleteFrom(ctx context.Context, tx pgx.Tx, schema, table string,
) (from LSN, known bool, err error) {
	err = tx.QueryRow(ctx, `
		SELECT n.whole_from FROM `+publicationEntriesSQL("$1")+` l
		JOIN `+l.cfg.own(listingTable).String()+` n
		    ON n.slot = $2 AND n.relation = l.relation AND n.entry = l.entry AND n.made_by = l.made_by
		WHERE l.relation IN (0, to_regclass(format('%I.%I', $3::text, $4::text)))
		ORDER BY 1 LIMIT 1`, l.cfg.Publication, l.cfg.Slot, schema, table).Scan(&from)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("look since when %s.%s is published: %w", schema, table, err)
	}
	return from, true, nil
}
