package cdc

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Fingerprints tells whether a new plan would be the same as the last. It looks no closer than it
// has to:
//
//  1. The same snapshot as the last time sees the same rows: an idle server is asked nothing more.
//  2. The same versions of the rows of catalogs are the same rows. Which version a row is, its xmin
//     says. Transactions that only write data leave them alone, so this is where a check of a busy
//     database mostly ends.
//  3. The rows themselves: TRUNCATE and GRANT, among others, make new versions that make no
//     difference.
//
// With 10,000 tables these take some 0.1, 20 and 60 ms of the server's processor time. All of them
// read only. The zero value has not looked yet.
type Fingerprints struct {
	snapshot, versions, rows, text string // "" before the first
}

// Take returns a text that stays the same as long as a new plan would be the same as the last: it
// differs when a table came or went, or changed in anything that plans depend on. So it does when
// the role, the publication or the slot changed. It may also differ without need.
func (f *Fingerprints) Take(ctx context.Context, conn *pgx.Conn, cfg Config) (string, error) {
	cfg = cfg.withDefaults()
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("look whether tables have "+
			"changed: %w", err)
	}
	var snapshot, versions, rest string
	if err := conn.QueryRow(ctx, "SELECT "+snapshotSQL, cfg.Slot).Scan(&snapshot); err != nil {
		return fail(err)
	}
	if snapshot == f.snapshot {
		return f.text, nil
	}
	if err := conn.QueryRow(ctx, versionsSQL, cfg.Slot, cfg.Publication).
		Scan(&snapshot, &versions, &rest); err != nil {
		return fail(err)
	}
	// the rows are read later: what changes in between is looked at again the next time
	if versions != f.versions {
		if err := conn.QueryRow(ctx, rowsSQL, cfg.Publication).Scan(&f.rows); err != nil {
			return fail(err)
		}
		f.versions = versions
	}
	f.snapshot, f.text = snapshot, f.rows+"/"+rest
	return f.text, nil
}

// snapshotSQL tells what the statement sees. A slot is no row: it comes and goes without a
// transaction.
const snapshotSQL = `concat_ws('/', pg_current_snapshot(), (SELECT count(*)
	FROM pg_replication_slots WHERE slot_name = $1))`

// versionsSQL reads the versions of the rows of the large catalogs, and all that matters of the
// small ones.
//
// A version is known by the transaction that has made it. There is no cast from xid to a number;
// its age is one, and rises with that of every other transaction, by 32 bits.
var versionsSQL = fmt.Sprintf(`
	WITH base AS MATERIALIZED (SELECT age('3'::xid)::bigint AS age)
	SELECT `+snapshotSQL+`, concat_ws('/',
		(SELECT concat_ws('/', sum(hashoidextended(oid, (age(xmin) - (SELECT age
		    FROM base)) & 4294967295)),
		     sum(CASE WHEN %[2]s THEN (SELECT sum(hash_record_extended(ROW(attrelid, attnum),
		         (age(a.xmin) - (SELECT age FROM base)) & 4294967295))
		         FROM pg_attribute a WHERE attrelid = c.oid AND attnum > 0) END)) FROM pg_class c
		 WHERE relkind IN ('r', 'p', 'f') AND relpersistence <> 't' AND oid >= %[1]d),
		(SELECT sum(hashoidextended(indexrelid, (age(xmin) - (SELECT age FROM base)) & 4294967295))
		    FROM pg_index
		 WHERE (indisprimary OR indisreplident) AND indexrelid >= %[1]d),
		(SELECT sum(hash_record_extended(ROW(inhrelid, inhparent), (age(xmin) - (SELECT age
		    FROM base)) & 4294967295)) FROM pg_inherits
		 WHERE inhrelid >= %[1]d),
		CASE WHEN current_setting('server_version_num')::int >= 180000 THEN
		    (SELECT sum(hashoidextended(oid, 0)) FROM pg_attrdef) END,
		(SELECT sum(hashoidextended(oid, 0)) FROM pg_publication_rel)),
	concat_ws('/',
		(SELECT sum(hash_record_extended(ROW(oid, nspname), 0)) FROM pg_namespace
		    WHERE nspname !~ '^pg_t'),
		(SELECT to_jsonb(p)::text FROM pg_publication p WHERE pubname = $2),
		(SELECT sum(hash_record_extended(ROW(objid, refobjid), 0)) FROM pg_depend
		 WHERE refclassid = 'pg_extension'::regclass AND classid = 'pg_class'::regclass
		     AND deptype = 'e'),
		(SELECT concat(datdba, datacl) FROM pg_database WHERE datname = current_database()),
		(SELECT concat(rolname, rolsuper, rolbypassrls) FROM pg_roles WHERE rolname = current_user),
		(SELECT sum(hash_record_extended(ROW(oid, rolinherit), 0)) FROM pg_roles
		    WHERE oid IN (SELECT member FROM pg_auth_members)),
		(SELECT sum(hash_record_extended(m, 0)) FROM pg_auth_members m),
		(SELECT count(*) FROM pg_replication_slots WHERE slot_name = $1))`, firstUserOID, unlisted("$2"))

// rowsSQL reads all that matters of the large catalogs. It adds up hashes, so that the order of
// rows does not matter and nothing is sorted. A partition that was detached and attached again
// looks as before but for who has made its row.
//
// Virtual generated columns come with another relnatts, and go with their row of pg_attrdef. So
// pg_attribute, by far the largest of these catalogs, is read for tables alone that are not
// published: for the name of a column one may be left out.
var rowsSQL = fmt.Sprintf(`
	SELECT concat_ws('/',
		(SELECT sum(hashtextextended(concat_ws(' ', c.oid, relname, relnamespace, relowner, relkind,
		    relpersistence, relreplident,
		     relispartition, relrowsecurity, relforcerowsecurity, relacl, relnatts,
		     indexrelid, indisprimary, indisreplident, indisvalid, indimmediate), 0))
		 FROM pg_class c LEFT JOIN pg_index ON indrelid = c.oid AND (indisprimary OR indisreplident)
		 WHERE relkind IN ('r', 'p', 'f') AND relpersistence <> 't' AND c.oid >= %[1]d),
		(SELECT sum(hash_record_extended(ROW(inhrelid, inhparent, inhdetachpending,
		     (age(xmin)::bigint - age('3'::xid)::bigint) & 4294967295), 0)) FROM pg_inherits
		         WHERE inhrelid >= %[1]d),
		(SELECT sum((SELECT sum(hash_record_extended(ROW(attrelid, attnum, attname, atttypid), 0))
		    FROM pg_attribute
		     WHERE attrelid = c.oid AND attnum > 0)) FROM pg_class c WHERE %[2]s),
		CASE WHEN current_setting('server_version_num')::int >= 180000 THEN
		    (SELECT sum(hashoidextended(oid, 0)) FROM pg_attrdef
		     WHERE adrelid NOT IN (SELECT oid FROM pg_class WHERE relpersistence = 't')) END,
		(SELECT sum(hashoidextended(oid, 0)) FROM pg_publication_rel
		 WHERE prpubid = (SELECT oid FROM pg_publication WHERE pubname = $1)))`,
	firstUserOID, unlisted("$1"))

// unlisted is SQL for whether c is a table that a publication does not list. Partitions it never
// does.
func unlisted(publication string) string {
	return fmt.Sprintf(`c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
		AND c.oid >= %d AND c.oid NOT IN (
		         SELECT prrelid FROM pg_publication_rel WHERE prpubid = (SELECT oid FROM pg_publication
		             WHERE pubname = %s))`,
		firstUserOID, publication)
}

// firstUserOID is the first OID that the server gives to what users make.
//
// https://github.com/postgres/postgres/blob/master/src/include/access/transam.h
const firstUserOID = 16384
