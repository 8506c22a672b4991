package cdc_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"hookline/cdc"
)

// TestRowsOfANewTable makes tables while there is a slot: the rows that they have come as inserts,
// in one transaction for each table and before what happens later; those of tables that were there
// before do not.
func TestRowsOfANewTable(t *testing.T) {
	p := newPlanned(t, `
		CREATE TABLE done (id int PRIMARY KEY);
		CREATE TABLE old (id int PRIMARY KEY); INSERT INTO old VALUES (1);
		CREATE TABLE excluded (id int PRIMARY KEY)`, "done", "old")
	p.apply()
	p.open()
	p.exec(`CREATE TABLE fresh (id int PRIMARY KEY, name text, dropped text,
		twice int GENERATED ALWAYS AS (id * 2) STORED, t int);
		ALTER TABLE fresh DROP COLUMN dropped;
		INSERT INTO fresh (id, name, t) VALUES (1, 'Ada', 7);
		UPDATE fresh SET name = 'Ada L.' WHERE id = 1;
		INSERT INTO fresh VALUES (2, ''), (3, 'x'); DELETE FROM fresh WHERE id = 3;
		CREATE TABLE parted (id int, y int, PRIMARY KEY (id, y)) PARTITION BY LIST (y);
		CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
		INSERT INTO parted VALUES (1, 1);
		INSERT INTO excluded VALUES (1)`)
	p.want("done", "old", "fresh", "parted", "excluded")
	p.apply()
	p.exec(`UPDATE fresh SET name = 'Grace' WHERE id = 2; INSERT INTO old VALUES (2);
		INSERT INTO excluded VALUES (2); INSERT INTO done VALUES (1)`)
	changes := p.takeUntilDone()
	want := []string{
		"insert fresh -→(1,Ada L.,7)", "insert fresh -→(2,,∅)", "insert parted -→(1,1)",
		"update fresh (2,,∅)→(2,Grace,∅)", "insert old -→(2)", "insert excluded -→(2)",
	}
	if p.version() >= 18 { // which sends generated columns
		want[0], want[1], want[3] = "insert fresh -→(1,Ada L.,2,7)", "insert fresh -→(2,,4,∅)",
			"update fresh (2,,4,∅)→(2,Grace,4,∅)"
	}
	expect(t, changes, want...)
	if changes[0].Tx != changes[1].Tx || changes[0].Index >= changes[1].Index {
		t.Error("the rows of a table came in several transactions, or with the same index")
	}
	if n := p.query(`SELECT count(*)::text FROM hookline.backfill`); n != "0" {
		t.Errorf("%s rows are left in the table that they pass through", n)
	}
}

// TestRowsPrintAsInTheStream compares the values of a row that came with its table with those of
// the same row inserted later.
func TestRowsPrintAsInTheStream(t *testing.T) {
	p := newPlanned(t, `CREATE TABLE done (id int PRIMARY KEY)`, "done")
	p.apply()
	p.open()
	p.exec(`
		CREATE TYPE mood AS ENUM ('fine, thanks', 'so "so"'); CREATE TYPE pair AS (a text, b int);
		CREATE TABLE odd (id int PRIMARY KEY, a text, b bool, c bytea, d timestamptz, e float8, f numeric,
		    g jsonb, h text[], i mood, j mood[],
			k pair, l interval, m date, n char(5), o uuid, p name, q "char", r pair[], s xml, "T ""t""" text);
		INSERT INTO odd SELECT n,
			(ARRAY['', ' ', 'a,b', '(', ')', '"', E'\\', E'\\"', E'line\nbreak', 'NULL', NULL, E'\u2028 ü 😀'])[n],
			n % 2 = 0, decode(repeat('00ff', n), 'hex'), '2026-11-23 12:00:00.123456+05'::timestamptz, 1e21 / n, 12345678901234567890.5 / n,
			'{"a": "b,\"c\""}', ARRAY['x', NULL, 'a"b', '{'], 'so "so"', '{"fine, thanks"}', ROW('x"y', NULL)::pair, '1 year -2 days', '0044-03-15 BC',
			'ab', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'some name', 'x', ARRAY[ROW('(,)', n)::pair], '<a b="c"/>', NULL
		FROM generate_series(1, 12) n`)
	p.exec(
		`SET DateStyle = German; SET TimeZone = 'Asia/Tokyo'; SET IntervalStyle = iso_8601; SET bytea_output = escape; SET extra_float_digits = -5`)
	p.want("done", "odd")
	p.apply()
	p.exec(`INSERT INTO odd (SELECT 100 + id, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s,
		"T ""t""" FROM odd ORDER BY id); INSERT INTO done VALUES (1)`)
	changes := p.takeUntilDone()
	if len(changes) != 24 {
		t.Fatalf("%d changes, want 24", len(changes))
	}
	for i, came := range changes[:12] {
		later := changes[12+i]
		if len(came.New) != len(later.New) || len(came.Relation.Columns) != len(later.Relation.Columns) {
			t.Fatalf("row %d has %d columns, later %d", i+1, len(came.New), len(later.New))
		}
		for c, column := range came.Relation.Columns {
			streamed := later.Relation.Columns[c]
			if column.Name != streamed.Name || column.Type != streamed.Type ||
				column.Modifier != streamed.Modifier {
				t.Errorf("column %d is %+v, later %+v", c, column, streamed)
			}
			a, b := came.New[c], later.New[c]
			if c > 0 && (a.String() != b.String() || a.IsNull() != b.IsNull()) {
				t.Errorf("row %d, column %s: %q (null: %v), later %q (null: %v)", i+1, column.Name, a,
					a.IsNull(), b, b.IsNull())
			}
		}
	}
}

// TestNewTableUnderConstantWrites publishes a table that several sessions never stop to write to:
// each row comes once as an insert, then every one of its updates.
func TestNewTableUnderConstantWrites(t *testing.T) {
	p := newPlanned(t, `CREATE TABLE done (id int PRIMARY KEY)`, "done")
	p.apply()
	p.open()
	p.exec(`CREATE TABLE fresh (id text PRIMARY KEY, version int NOT NULL)`)
	ctx, stop := context.WithCancel(t.Context())
	const writers = 3
	began, ended := make(chan struct{}, writers), make(chan error, writers)
	for w := range writers {
		conn := connect(t, p.cfg.URL)
		go func() {
			n := 0
			for ; ctx.Err() == nil; n++ {
				_, err := conn.Exec(context.Background(), `INSERT INTO fresh VALUES ($1, 1)`,
					fmt.Sprintf("%d-%d", w, n))
				for range 2 {
					if err == nil {
						_, err = conn.Exec(context.Background(), `UPDATE fresh SET version = version + 1
							WHERE id = $1`, fmt.Sprintf("%d-%d", w, n))
					}
				}
				if err != nil {
					ended <- err
					return
				}
				if n == 50 {
					began <- struct{}{}
				}
			}
			ended <- nil
		}()
	}
	for range writers {
		<-began
	}
	p.want("done", "fresh")
	plan := p.plan()
	if err := plan.Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	versions := map[string]int{}
	streamed := 0
	for streamed < 500 { // the writers are at it still
		streamed += follow(t, p.take(), versions)
	}
	stop()
	for range writers {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	p.exec(`INSERT INTO done VALUES (1)`)
	for _, c := range p.takeUntilDone() {
		follow(t, c, versions)
	}
	if n := p.query(`SELECT count(*)::text FROM fresh`); n != strconv.Itoa(len(versions)) {
		t.Errorf("%d rows have come, there are %s", len(versions), n)
	}
	for id, version := range versions {
		if version != 3 {
			t.Errorf("row %s has come to version %d, want 3", id, version)
		}
	}
}

// follow checks that a change of the table fresh goes on where the last one of its row ended, and
// returns 1 when it was streamed.
func follow(t *testing.T, c cdc.Change, versions map[string]int) (streamed int) {
	t.Helper()
	id, text := c.New[0].String(), c.New[1].String()
	version, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	before, known := versions[id]
	if known != (c.Kind == cdc.Update && !c.Unannounced) || known && version != before+1 {
		t.Errorf("%s of row %s to version %d after version %d", c.Kind, id, version, before)
	}
	if versions[id] = version; c.Kind == cdc.Update {
		return 1
	}
	return 0
}

// TestNewTableOfAnotherSlot has two slots in one database: each announces the rows once.
func TestNewTableOfAnotherSlot(t *testing.T) {
	p := newPlanned(t, `CREATE TABLE done (id int PRIMARY KEY)`, "done")
	p.apply()
	other := &planned{stream: &stream{t: t, cfg: p.cfg, conn: connect(t, p.cfg.URL)}, tables: p.tables}
	other.cfg.Slot, other.cfg.Publication = p.cfg.Slot+"_2", "other"
	other.apply()
	p.open()
	other.open()
	p.exec(`CREATE TABLE fresh (id int PRIMARY KEY); INSERT INTO fresh VALUES (1)`)
	for _, one := range []*planned{p, other} {
		one.want("done", "fresh")
		one.apply()
	}
	p.exec(`INSERT INTO done VALUES (1)`)
	for _, one := range []*planned{p, other} {
		expect(t, one.takeUntilDone(), "insert fresh -→(1)")
	}
}

// TestNewTableFailsWhole breaks the transaction that reads the rows of a table: nothing of it
// stays, and the next one works. What is changed in between is told by the stream, and once.
func TestNewTableFailsWhole(t *testing.T) {
	p := newPlanned(t, `CREATE TABLE done (id int PRIMARY KEY)`, "done")
	p.apply()
	p.open()
	p.exec(`CREATE TABLE fresh (id int PRIMARY KEY, n int); ALTER TABLE fresh REPLICA IDENTITY FULL;
		INSERT INTO fresh VALUES (1, 1), (2, 1)`)
	p.want("done", "fresh")
	plan := p.plan()
	p.exec(`ALTER TABLE hookline.backfill ADD CONSTRAINT closed CHECK (record IS NULL)`)
	if err := plan.Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if s := wantSkipped(t, plan, "fresh", cdc.Refused); !strings.Contains(s.Why, "closed") ||
		!plan.Pending() {
		t.Errorf("%v, want it to tell of the constraint, and to be tried again", s)
	}
	p.exec(`ALTER TABLE hookline.backfill DROP CONSTRAINT closed; UPDATE fresh SET n = 2 WHERE id = 1`)
	p.apply()
	p.exec(`INSERT INTO done VALUES (1)`)
	expect(t, p.takeUntilDone(), "unheard update fresh (1,1)→(1,2)", "insert fresh -→(2,1)")
}
