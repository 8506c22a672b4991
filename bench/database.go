package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
	"hookline/internal/postgres"
)

// settings are what the server is measured with. It writes safely, as in production: what the
// throw-away servers of tests leave out is switched on again. What would come by at one time and
// not at another is switched off: vacuums, and checkpoints other than ours.
var settings = map[string]string{
	"fsync":              "on",
	"full_page_writes":   "on",
	"shared_buffers":     "256MB",
	"max_wal_size":       "32GB",
	"checkpoint_timeout": "1h",
	"autovacuum":         "off",
}

// database is what one scenario works on.
type database struct {
	name   string
	url    string
	conn   *pgx.Conn
	setups sample   // seconds that each hookline setup took
	env    []string // further settings of Hookline
}

//go:embed schema.sql
var schema string

// newDatabase makes a database with the tables of schema.sql, and a webhook for each of the URLs
// that hears of everything.
func newDatabase(
	ctx context.Context, server *postgres.Server, name string, urls ...string,
) (*database, error) {
	admin, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return nil, err
	}
	defer admin.Close(ctx)
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+pg.Identifier(name)); err != nil {
		return nil, err
	}
	d := &database{name: name, url: server.URL(name)}
	if d.conn, err = pgx.Connect(ctx, d.url); err != nil {
		return nil, err
	}
	_, err = d.conn.Exec(ctx, schema)
	if err == nil {
		err = d.subscribe(ctx, everything, urls...)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make database %s: %w", name, err), d.close())
	}
	return d, nil
}

// What webhooks listen to.
const (
	everything  = "*.*"
	nothingHere = "company.created" // which no scenario makes
)

// subscribe makes a webhook for each of the URLs.
func (d *database) subscribe(ctx context.Context, operation string, urls ...string) error {
	_, err := d.conn.Exec(ctx,
		"INSERT INTO webhooks (url, secret, operations) SELECT unnest($1::text[]), $2, ARRAY[$3]", urls,
		secret, operation)
	return err
}

// slot is the name of the one that a run of Hookline reads. All databases share the names.
func (d *database) slot(run int) string { return fmt.Sprintf("%s_%d", d.name, run+1) }

// limitSlot is that of the one that receiveAndParse reads.
func (d *database) limitSlot() string { return d.name + "_limit" }

// close drops the database's slots, so that the WAL and the cores are free for the next scenario.
func (d *database) close() error {
	ctx := context.Background()
	_, err := d.conn.Exec(ctx, `
		SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots
		  WHERE database = current_database() AND active;
		SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()`)
	return errors.Join(err, d.conn.Close(ctx))
}

// The procedures of schema.sql that commit records in versions.
const (
	commitContacts = "commit_contacts"
	commitLives    = "commit_lives"
	commitThings   = "commit_things"
)

// commitEach has a procedure write records 1 to n in the given number of versions, each of them a
// transaction of its own, over as many connections as there are cores. The versions of a record are
// committed in order.
func (d *database) commitEach(ctx context.Context, procedure string, n, versions int) error {
	writers := runtime.NumCPU()
	errs := make([]error, writers+1)
	var done sync.WaitGroup
	for w := range writers {
		done.Go(func() {
			errs[w] = d.call(ctx, "CALL "+procedure+"($1, $2, $3)", 1+n*w/writers, n*(w+1)/writers, versions)
		})
	}
	done.Wait()
	errs[writers] = d.checkpoint(ctx)
	return errors.Join(errs...)
}

// commitAtOnce writes records 1 to n in one transaction.
func (d *database) commitAtOnce(ctx context.Context, n int) error {
	return errors.Join(d.call(ctx, "CALL insert_contacts($1, $2)", 1, n), d.checkpoint(ctx))
}

// commitInSteps writes contacts 1 to n in the given number of versions by transactions of the given
// number of rows.
func (d *database) commitInSteps(ctx context.Context, n, versions, rows int) error {
	for v := range versions {
		for first := 1; first <= n; first += rows {
			sql, args := "CALL insert_contacts($1, $2)", []any{first, min(n, first+rows-1)}
			if v > 0 {
				sql, args = "CALL update_contacts($1, $2, $3)", append(args, v+1)
			}
			if err := d.call(ctx, sql, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// planOnce has the server plan the statements of a procedure once: what writing rows takes of the
// cores is not what is measured.
const planOnce = "SET plan_cache_mode = force_generic_plan"

// call runs sql on a connection of its own. Commits do not wait for the disk: how fast rows are
// written is not what is measured.
func (d *database) call(ctx context.Context, sql string, args ...any) error {
	conn, err := pgx.Connect(ctx, d.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "SET synchronous_commit = off; "+planOnce); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql, args...)
	return err
}

// checkpoint brings everything to the disk, so that nothing is left to be written while something
// is measured.
func (d *database) checkpoint(ctx context.Context) error {
	_, err := d.conn.Exec(ctx, "CHECKPOINT")
	return err
}

// empty takes all contacts away.
func (d *database) empty(ctx context.Context) error {
	_, err := d.conn.Exec(ctx, "TRUNCATE contacts")
	return err
}

// position returns where the server's WAL ends.
func (d *database) position(ctx context.Context) (end pglogrepl.LSN, err error) {
	return end, d.conn.QueryRow(ctx, "SELECT pg_current_wal_lsn()").Scan(&end)
}

// acknowledged returns when the slot is acknowledged up to a position.
func (d *database) acknowledged(ctx context.Context, slot string, end pglogrepl.LSN) error {
	since := time.Now()
	return until(ctx, 50*time.Millisecond, func() (bool, error) {
		var at pglogrepl.LSN
		err := d.conn.QueryRow(ctx,
			"SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = $1", slot).Scan(&at)
		if err == nil && at < end && time.Since(since) > patience {
			err = fmt.Errorf("slot %s is acknowledged up to %s, and stays so, want %s", slot, at, end)
		}
		return at >= end, err
	})
}
