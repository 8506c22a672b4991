package cdc_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
)

// listed is a database of which it is asked from where on the stream has the tables.
type listed struct {
	*planned
	pool *pgxpool.Pool
	*cdc.StreamCoverage
}

func newListed(t *testing.T, major int, schema string, tables ...string) *listed {
	t.Helper()
	l := &listed{planned: newPlannedOn(t, major, schema, tables...)}
	settings, err := pg.PoolConfig(l.cfg.URL, 2)
	if err != nil {
		t.Fatal(err)
	}
	if l.pool, err = pgxpool.NewWithConfig(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.pool.Close)
	l.StreamCoverage = cdc.NewStreamCoverage(l.cfg, l.pool)
	return l
}

// note has what is published written down, and expects that this waits, or not.
func (l *listed) note(waits bool) {
	l.t.Helper()
	if waiting, err := l.Record(l.t.Context()); err != nil || waiting != waits {
		l.t.Fatalf("waiting is %t, want %t; %v", waiting, waits, err)
	}
}

// wholeFrom returns from where on the stream has the table deals, 0 when that is not known.
func (l *listed) wholeFrom() (from cdc.LSN) {
	l.t.Helper()
	err := pgx.BeginFunc(l.t.Context(), l.pool, func(tx pgx.Tx) (err error) {
		from, _, err = l.CompleteFrom(l.t.Context(), tx, "public", "deals")
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return from
}

// now returns the end of the log.
func (l *listed) now() (at cdc.LSN) {
	l.t.Helper()
	if err := l.conn.QueryRow(l.t.Context(), "SELECT pg_current_wal_insert_lsn()").
		Scan(&at); err != nil {
		l.t.Fatal(err)
	}
	return at
}

// TestListings has a transaction of another database keep the slot's catalog_xmin where it was:
// nothing is known from that.
func TestListings(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		l := newListed(t, major, `CREATE TABLE contacts (id int PRIMARY KEY)`, "contacts")
		l.apply()
		other := connect(t, postgrestest.NewDatabaseMajor(t, major))
		if _, err := other.Exec(t.Context(), "BEGIN; SELECT pg_current_xact_id()"); err != nil {
			t.Fatal(err)
		}
		within := func(what string, begin, end cdc.LSN) {
			t.Helper()
			if got := l.wholeFrom(); got < begin || got > end {
				t.Errorf("%s: whole from %s, want from %s to %s", what, got, begin, end)
			}
		}
		unknown := func(what string) {
			t.Helper()
			if got := l.wholeFrom(); got != 0 {
				t.Errorf("%s: whole from %s, want that it is not known", what, got)
			}
		}

		// A new table is noted by the transaction that publishes it.
		l.exec(`CREATE TABLE deals (id int PRIMARY KEY)`)
		l.want("contacts", "deals")
		unknown("before")
		before := l.now()
		l.apply()
		within("published with its rows", before, l.now())
		first := l.wholeFrom()
		l.note(false)
		if again := l.wholeFrom(); again != first {
			t.Errorf("whole from %s, and then from %s", first, again)
		}

		// One that was published before is noted when those have ended who wrote to it then.
		l.want("contacts")
		l.apply()
		unknown("taken out")
		begin := func(id string) *pgx.Conn {
			t.Helper()
			writer := connect(t, l.cfg.URL)
			if _, err := writer.Exec(t.Context(), `BEGIN; INSERT INTO deals VALUES (`+id+`)`); err != nil {
				t.Fatal(err)
			}
			return writer
		}
		commit := func(writer *pgx.Conn) {
			t.Helper()
			if _, err := writer.Exec(t.Context(), `COMMIT`); err != nil {
				t.Fatal(err)
			}
		}
		early := begin("1")
		l.want("contacts", "deals")
		l.apply()
		l.note(true)
		late := begin("2")
		l.note(true)
		unknown("while somebody writes")
		commit(early)
		before = l.now()
		l.note(false)
		within("published again", before, l.now())
		commit(late)

		// A part of the table is not the table.
		if l.version() >= 15 {
			l.exec(`ALTER PUBLICATION hookline DROP TABLE deals; ALTER PUBLICATION hookline ADD TABLE deals
				WHERE (id > 1)`)
			l.note(false)
			unknown("with a row filter")
			l.apply()
		}

		// A new slot brings all that comes behind its beginning.
		if _, err := other.Exec(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		l.exec(`SELECT pg_drop_replication_slot($1)`, l.cfg.Slot)
		before = l.now()
		l.apply()
		var slot cdc.LSN
		err := l.conn.QueryRow(t.Context(), `SELECT confirmed_flush_lsn FROM pg_replication_slots
			WHERE slot_name = $1`, l.cfg.Slot).Scan(&slot)
		if err != nil {
			t.Fatal(err)
		}
		within("with a new slot", before, slot)
	})
}

// A table of a publication that an earlier version of Hookline has made is noted when the slot
// tells that it is older.
func TestListingsOfAnEarlierVersion(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		l := newListed(t, major, `CREATE TABLE deals (id int PRIMARY KEY)`, "deals")
		l.apply()
		l.exec(`DROP TABLE hookline.listing`)
		if plan := l.plan(); plan.Ready() || plan.Steps[0].Kind != cdc.MakeSchema {
			t.Fatalf("without the table, the plan is %q", plan.SQL())
		}
		l.apply()
		writer := connect(t, l.cfg.URL) // who has nothing to do with it
		if _, err := writer.Exec(t.Context(), `BEGIN; INSERT INTO deals VALUES (1)`); err != nil {
			t.Fatal(err)
		}
		older := l.query(`SELECT (age(r.xmin) > age(s.catalog_xmin))::text FROM pg_publication_rel r,
			pg_replication_slots s WHERE slot_name = $1
			AND prrelid = 'deals'::regclass`, l.cfg.Slot)
		l.note(older != "true")
		if _, err := writer.Exec(t.Context(), `COMMIT`); err != nil {
			t.Fatal(err)
		}
		l.note(false)
		if known := l.query(`SELECT (whole_from = '0/0')::text FROM hookline.listing
			WHERE relation = 'deals'::regclass`); known != older {
			t.Errorf("the beginning counts: %s, want %s", known, older)
		}
	})
}

// A publication of all tables has them from its own beginning on, those that come later too.
func TestListingOfAllTables(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		l := newListed(t, major, `CREATE PUBLICATION hookline FOR ALL TABLES
			WITH (publish_via_partition_root = true)`)
		l.apply()
		before := l.now()
		l.exec(`CREATE TABLE deals (id int PRIMARY KEY)`)
		if got := l.wholeFrom(); got == 0 || got > before {
			t.Errorf("whole from %s, want from before %s", got, before)
		}
	})
}
