package cdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs that the stream meets. https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	insufficientPrivilege = "42501"
	duplicateObject       = "42710" // the slot exists already
	undefinedObject       = "42704" // the slot, or inside the stream the publication, does not exist
	slotInvalid           = "55000" // the slot is there but can no longer be read
	slotInUse             = "55006" // another process reads the slot
	lockNotAvailable      = "55P03"
	queryCanceled         = "57014"
	undefinedTable        = "42P01"
	undefinedColumn       = "42703"
	cannotConnectNow      = "57P03" // the server is shutting down, or not up yet
)

// tableGone are the SQLSTATEs of a statement whose table, or its schema, is gone.
var tableGone = []string{undefinedTable, "3F000"}

// system is a database as it is found: which one it is, and how slot and publication stand.
type system struct {
	id        string // of the cluster; "" when nobody has asked
	timeline  int32
	history   history       // of the timeline; only known on a replication connection
	end       LSN           // of its log
	timeout   time.Duration // wal_sender_timeout; 0 when the server never gives up
	database  string        // OID
	name      string        // of the database
	published bool          // the publication exists
	slot      slot

	synchronous string // synchronous_standby_names
	application string // application_name of the connection
}

// slot is the replication slot; the zero slot is one that does not exist, or is still being made.
type slot struct {
	exists           bool
	plugin, database string
	lost             string // why the server no longer serves it; "" while it does
	settled          LSN    // its confirmed position
}

var errReadOnly = errors.New("the server is a read-only standby at the moment")

// look tells what a connection of any kind leads to, all but the cluster's identifier.
func look(ctx context.Context, conn *pgconn.PgConn, cfg Config) (system, error) {
	results, err := conn.Exec(ctx, `SELECT row_to_json(found) FROM (
		SELECT d.oid::text, d.datname AS name,
			(SELECT setting::int FROM pg_settings WHERE name = 'wal_sender_timeout') AS timeout,
			current_setting('`+synchronousNames+`') AS synchronous, current_setting('application_name') AS application,
			EXISTS (SELECT FROM pg_publication WHERE pubname = `+quoteLiteral(cfg.Publication)+`) AS published,
			CASE WHEN NOT pg_is_in_recovery() THEN ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int END AS timeline,
			CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() - '0/0' END AS "end",
			CASE WHEN s.slot_type = 'physical' OR s.confirmed_flush_lsn IS NOT NULL THEN s.slot_name END AS slot, s.plugin, s.database, s.wal_status AS status, to_jsonb(s)->>'invalidation_reason' AS invalidation,
			s.confirmed_flush_lsn - '0/0' AS settled
		FROM pg_database d LEFT JOIN pg_replication_slots s ON s.slot_name = `+quoteLiteral(cfg.Slot)+`
		WHERE d.datname = current_database()) found`).ReadAll()
	if err != nil {
		return system{}, fmt.Errorf("look at slot %q and publication %q: %w", cfg.Slot, cfg.Publication, err)
	}
	var row struct {
		OID, Name                                    string
		Timeout                                      int64 // ms
		Synchronous, Application                     string
		Published                                    bool
		Timeline                                     int32
		End                                          LSN
		Slot, Plugin, Database, Status, Invalidation string
		Settled                                      LSN
	}
	if err := json.Unmarshal(results[0].Rows[0][0], &row); err != nil {
		return system{}, fmt.Errorf("look at slot %q and publication %q: %w", cfg.Slot, cfg.Publication, err)
	}
	if row.Timeline == 0 {
		return system{}, errReadOnly
	}
	return system{
		timeline: row.Timeline, end: row.End, timeout: time.Duration(row.Timeout) * time.Millisecond,
		database: row.OID, name: row.Name, published: row.Published,
		synchronous: row.Synchronous, application: row.Application,
		slot: slot{
			exists: row.Slot != "", plugin: row.Plugin, database: row.Database,
			lost: loss(row.Status, row.Invalidation), settled: row.Settled,
		},
	}, nil
}

// identify tells what a replication connection leads to.
func identify(ctx context.Context, conn *pgconn.PgConn, cfg Config) (system, error) {
	found, err := pglogrepl.IdentifySystem(ctx, conn)
	if err != nil {
		return system{}, fmt.Errorf("identify system: %w", err)
	}
	s, err := look(ctx, conn, cfg)
	if err != nil {
		return s, err
	}
	s.id = found.SystemID
	s.history, err = readHistory(ctx, conn, s.timeline)
	return s, err
}

func quoteLiteral(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func quoteIdentifier(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
