package cdc_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
)

// step returns the one step of a kind.
func (p *planned) step(plan *cdc.Plan, kind cdc.StepKind) *cdc.Step {
	p.t.Helper()
	for i := range plan.Steps {
		if plan.Steps[i].Kind == kind {
			return &plan.Steps[i]
		}
	}
	p.t.Fatalf("no step is to %s: %v", kind, plan.Steps)
	return nil
}

const (
	// attached has a table with rows attached.
	attached = `CREATE TABLE log_1 (LIKE log INCLUDING ALL); ALTER TABLE log_1 REPLICA IDENTITY FULL;
		INSERT INTO log_1 SELECT n, 1 FROM generate_series(1, 9) n;
		    ALTER TABLE log ATTACH PARTITION log_1 FOR VALUES IN (1)`
	// swapped has a table take the name of another one, and three rows changed.
	swapped = `BEGIN; CREATE TABLE contacts_new (LIKE contacts INCLUDING ALL);
		ALTER TABLE contacts_new REPLICA IDENTITY FULL;
		INSERT INTO contacts_new SELECT * FROM contacts; ALTER TABLE contacts RENAME TO contacts_old;
		    ALTER TABLE contacts_new RENAME TO contacts; COMMIT;
		UPDATE contacts SET name = 'new' WHERE id IN (2, 3); DELETE FROM contacts WHERE id = 4;
		    INSERT INTO contacts VALUES (101, 'c101')`
	// made is a table that is new.
	made = `CREATE TABLE fresh (id int PRIMARY KEY, name text);
		ALTER TABLE fresh REPLICA IDENTITY FULL;
		INSERT INTO fresh SELECT n, 'f' || n FROM generate_series(1, 9) n`
)

// onTables runs a test with a table that is attached, with one that is swapped in, and with one
// that is new.
func onTables(t *testing.T, test func(t *testing.T, p *planned, kind cdc.StepKind)) {
	for kind, sql := range map[cdc.StepKind][2]string{
		cdc.Attach: {logSQL, attached}, cdc.Replace: {contactsSQL, swapped}, cdc.Backfill: {logSQL, made},
	} {
		t.Run(strings.ReplaceAll(string(kind), " ", "_"), func(t *testing.T) {
			onEachMajor(t, func(t *testing.T, major int) {
				p := newPlannedOn(t, major, sql[0])
				p.scan()
				p.open()
				p.exec(sql[1])
				p.want("done", "log", "contacts", "contacts_old", "fresh")
				test(t, p, kind)
			})
		})
	}
}

// TestWritersDoNotWait has each of the transactions that announce rows wait before its end. A
// writer who would give up at once never has to wait for it.
func TestWritersDoNotWait(t *testing.T) {
	onTables(t, func(t *testing.T, p *planned, kind cdc.StepKind) {
		plan := p.plan()
		s := p.step(plan, kind)
		if n := strings.Count(s.SQL, "\nCOMMIT"); n != 2 {
			t.Fatalf("%d transactions, want two:\n%s", n, s.SQL)
		}
		s.SQL = strings.ReplaceAll(s.SQL, "\nCOMMIT", "\nSELECT pg_advisory_xact_lock(1);\nCOMMIT")
		s.SQL = strings.Replace(s.SQL, "pg_advisory_xact_lock(1)", "pg_advisory_xact_lock(2)", 1)
		crm, gate, watch := connect(t, p.cfg.URL), connect(t, p.cfg.URL), connect(t, p.cfg.URL)
		exec := func(sql string) {
			t.Helper()
			if _, err := crm.Exec(t.Context(), sql); err != nil {
				t.Error(err)
			}
		}
		exec(`SET lock_timeout = 1`)
		if _, err := gate.Exec(t.Context(),
			`SELECT pg_advisory_lock(2), pg_advisory_lock(1)`); err != nil {
			t.Fatal(err)
		}
		applied, pid := make(chan error, 1), p.conn.PgConn().PID()
		go func() { applied <- plan.Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler)) }()
		for _, key := range []string{"2", "1"} {
			awaitLock(t, watch, pid)
			switch kind {
			case cdc.Attach:
				exec(`INSERT INTO log_1 VALUES (20` + key + `, 1); UPDATE log SET id = 21` + key +
					` WHERE id = 20` + key + `; DELETE FROM log_1 WHERE id = 21` + key)
			case cdc.Replace:
				exec(`INSERT INTO contacts VALUES (20` + key + `); UPDATE contacts SET name = 'x'
					WHERE id > 200; DELETE FROM contacts WHERE id > 200`)
			default:
				exec(`INSERT INTO fresh VALUES (20` + key + `); UPDATE fresh SET name = 'x' WHERE id > 2; DELETE
					FROM fresh WHERE id > 200`)
			}
			if _, err := gate.Exec(t.Context(), `SELECT pg_advisory_unlock(`+key+`)`); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-applied; err != nil || len(plan.Skipped) > 1 {
			t.Fatal(err, plan.Skipped)
		}
		if !p.scan().Ready() {
			t.Error("something was left to be done")
		}
	})
}

// TestChangesWhileRowsAreRead has rows change between the catalog scan that reads them and the end
// of its transaction: the stream's word on them is the last. So it is when Hookline is killed in
// the midst.
func TestChangesWhileRowsAreRead(t *testing.T) {
	onTables(t, func(t *testing.T, p *planned, kind cdc.StepKind) {
		for _, killed := range []bool{false, true} {
			before, rest, found := strings.Cut(p.step(p.plan(), kind).SQL, "\nCOMMIT;\n")
			rows, isLast := strings.CutSuffix(rest, "\nCOMMIT")
			if !found || !isLast {
				t.Fatal(rest)
			}
			p.exec(before + "\nCOMMIT")
			crm := connect(t, p.cfg.URL)
			exec := func(sql string) {
				t.Helper()
				if _, err := crm.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			if killed {
				p.brought()
				p.close() // the slot is acknowledged up to where it may be
				p.open()
				p.takeUntilDone() // what comes again, as there is no checkpoint
				for p.take().Kind != cdc.Delete {
				}
			}
			p.exec(strings.TrimSuffix(rows, ";"))
			switch kind {
			case cdc.Attach:
				exec(`UPDATE log SET id = 30 WHERE id = 3; DELETE FROM log WHERE id = 4`)
			case cdc.Replace:
				exec(`UPDATE contacts SET name = 'late' WHERE id = 3; DELETE FROM contacts WHERE id = 2;
					INSERT INTO contacts VALUES (4, 'back')`)
			default:
				exec(`UPDATE fresh SET id = 30 WHERE id = 3; DELETE FROM fresh WHERE id = 4; UPDATE fresh
					SET name = 'late' WHERE id = 5;
					INSERT INTO fresh VALUES (31, 'new'), (4, 'back'); UPDATE fresh SET name = 'later'
					    WHERE id IN (5, 31)`)
			}
			p.exec("COMMIT")
			switch kind {
			case cdc.Attach:
				expect(t, p.brought(), "update log (3,1)→(30,1)", "delete log (4,1)→-", "insert log -→(1,1)",
					"insert log -→(2,1)", "insert log -→(5,1)", "insert log -→(6,1)", "insert log -→(7,1)",
					"insert log -→(8,1)", "insert log -→(9,1)")
				p.exec(`ALTER TABLE log DETACH PARTITION log_1; DROP TABLE log_1;` + attached)
			case cdc.Backfill:
				expect(
					t,
					p.brought(),
					"unheard update fresh (3,f3)→(30,f3)",
					"unheard delete fresh (4,f4)→-",
					"unheard update fresh (5,f5)→(5,late)",
					"insert fresh -→(31,new)",
					"insert fresh -→(4,back)",
					"update fresh (5,late)→(5,later)",
					"update fresh (31,new)→(31,later)",
					"insert fresh -→(1,f1)",
					"insert fresh -→(2,f2)",
					"insert fresh -→(6,f6)",
					"insert fresh "+
						"-→(7,f7)",
					"insert fresh -→(8,f8)",
					"insert fresh -→(9,f9)",
				)
				p.exec(`UPDATE fresh SET name = 'known' WHERE id = 1; DELETE FROM fresh WHERE id = 2`)
				expect(t, p.brought(), "update fresh (1,f1)→(1,known)", "delete fresh (2,f2)→-")
				if killed {
					continue
				}
				p.exec(`ALTER TABLE fresh RENAME TO elder; UPDATE hookline.known_table SET was_schema = NULL,
					was_table = NULL`)
				p.want("done", "log", "elder")
				p.scan()
				p.exec(`UPDATE hookline.known_table SET was_schema = NULL, was_table = NULL;` + made)
				p.want("done", "log", "elder", "fresh")
			default:
				expectSorted(t, p.brought(), "update contacts (3,new)→(3,late)", "delete contacts (2,new)→-",
					"insert contacts -→(4,back)", "insert contacts -→(101,c101)")
				p.exec(`DROP TABLE contacts_old; DELETE FROM contacts; INSERT INTO contacts SELECT n, 'c' || n
					FROM generate_series(1, 9) n`)
				p.brought()
				p.scan()
				p.exec(swapped)
				p.want("done", "contacts", "contacts_old")
			}
		}
	})
}

// TestStopBehindReadRows stops when the stream has brought the rows that were read, and what came
// before them is settled in part only. The next start tells the same again.
func TestStopBehindReadRows(t *testing.T) {
	onTables(t, func(t *testing.T, p *planned, kind cdc.StepKind) {
		publish, read, found := strings.Cut(p.step(p.plan(), kind).SQL, "\nCOMMIT;\n")
		if !found {
			t.Fatal("the rows are not read in a transaction of their own")
		}
		p.exec(publish + "\nCOMMIT")
		p.brought()
		table := map[cdc.StepKind]string{
			cdc.Attach: "log", cdc.Replace: "contacts",
			cdc.Backfill: "fresh",
		}[kind]
		p.exec(`UPDATE ` + table + ` SET id = 500 WHERE id = 5`)
		changes := []cdc.Change{p.take()}
		p.exec(`UPDATE ` + table + ` SET id = 600 WHERE id = 6; UPDATE ` + table + ` SET id = 501
			WHERE id = 500`)
		changes = append(changes, p.take())
		release := changes[1].Tx.Hold()
		changes = append(changes, p.take())
		p.exec(read)
		changes = append(changes, p.brought()...)
		p.close()
		release()
		var want []string
		for _, c := range changes {
			want = append(want, text(c))
		}

		p.open()
		p.exec(`INSERT INTO done VALUES (100)`)
		var got []cdc.Change
		for c := p.take(); c.Relation.Name != "done" || c.Kind != cdc.Insert ||
			c.New[0].String() != "100"; c = p.take() {
			if c.Relation.Name != "done" {
				got = append(got, c)
			}
		}
		expect(t, got, want...)
	})
}

// TestReplacedUnderAWriter has a transaction write to the new table before and after it is
// published. Nobody waits for anybody; what it did is told once it is over, as one, and so is a
// record that it made anew.
func TestReplacedUnderAWriter(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, contactsSQL)
		p.scan()
		p.open()
		p.exec(swapped)
		writer := p.begin(`UPDATE contacts SET name = 'early' WHERE id = 5; UPDATE contacts
			SET name = 'early' WHERE id = 6;
			DELETE FROM contacts WHERE id = 8`)
		p.want("done", "contacts", "contacts_old")
		plan := p.prepared()
		if s := wantSkipped(t, plan, "contacts", cdc.Locked); !s.Published || len(s.SQL) != 1 ||
			!plan.Pending() {
			t.Errorf("skipped is %+v, want the published table, and the session that writes to it", s)
		}
		p.exec(`UPDATE contacts SET name = 'other' WHERE id = 9`)
		if _, err := writer.Exec(t.Context(), `UPDATE contacts SET name = 'writer' WHERE id = 9;
			UPDATE contacts SET name = 'later' WHERE id = 6; UPDATE contacts SET name = 'later' WHERE id = 7;
			INSERT INTO contacts VALUES (8, 'anew'), (102, 'c102')`); err != nil {
			t.Fatal(err)
		}
		if err := writer.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.exec(`UPDATE contacts SET name = 'last' WHERE id = 3`)
		p.scan()
		expectSorted(t, p.brought(), "update contacts (6,c6)→(6,later)", "update contacts "+
			"(7,c7)→(7,later)", "update contacts (3,new)→(3,last)",
			"update contacts (2,c2)→(2,new)", "update contacts (5,c5)→(5,early)", "delete contacts "+
				"(4,c4)→-", "insert contacts -→(101,c101)",
			"update contacts (8,c8)→(8,anew)", "insert contacts -→(102,c102)",
			"update contacts (9,c9)→(9,other)", "update contacts (9,other)→(9,writer)")
	})
}

// TestNewTableUnderAWriter has a transaction write to a new table before and after it is published.
// Each record is heard of once, and then all of its changes; and the stream hears that its rows are
// still to be read.
func TestNewTableUnderAWriter(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		p.scan()
		p.open()
		p.exec(made + `; CREATE TABLE words (n serial);
			CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS
			  'BEGIN IF NEW.columns ? ''keeps'' THEN INSERT INTO words DEFAULT VALUES; END IF; RETURN NULL; END';
			CREATE TRIGGER hear AFTER INSERT ON hookline.backfill FOR EACH ROW EXECUTE FUNCTION hear()`)
		writer := p.begin(`INSERT INTO fresh VALUES (11, 'w'), (12, 'w'); UPDATE fresh SET name = 'w'
			WHERE id = 5; DELETE FROM fresh WHERE id IN (7, 8)`)
		p.want("done", "log", "fresh")
		plan := p.prepared()
		if s := wantSkipped(t, plan, "fresh", cdc.Locked); !s.Published || len(s.SQL) != 1 ||
			!plan.Pending() {
			t.Errorf("skipped is %+v, want the published table, and the session that writes to it", s)
		}
		if n := p.query(`SELECT count(*)::text FROM words`); n != "1" {
			t.Errorf("the stream hears %s times that rows are to be read, want once", n)
		}
		p.exec(`UPDATE fresh SET name = 'x' WHERE id = 2; INSERT INTO fresh VALUES (20, 'x')`)
		if _, err := writer.Exec(t.Context(), `UPDATE fresh SET name = 'w2' WHERE id IN (2, 12);
			INSERT INTO fresh VALUES (8, 'anew');
			DELETE FROM fresh WHERE id = 6`); err != nil {
			t.Fatal(err)
		}
		if err := writer.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.exec(`UPDATE fresh SET name = 'last' WHERE id = 12`)
		p.scan()
		p.wantMirrored(p.brought())
	})
}

// wantMirrored plays the changes of the table fresh to who has heard nothing before. The server may
// bring the second half of a transaction that has written to it before it was published, or all of
// it.
func (p *planned) wantMirrored(changes []cdc.Change) {
	p.t.Helper()
	rows := map[string]string{}
	for _, c := range changes {
		var was, is string
		if c.Old != nil {
			was = c.Old[0].String()
		}
		if c.New != nil {
			is = c.New[0].String()
		}
		_, there := rows[was]
		_, taken := rows[is]
		switch {
		case c.Unannounced && there,
			c.Kind == cdc.Insert && taken,
			!c.Unannounced && c.Kind != cdc.Insert && !there:
			p.t.Errorf("%s: as if the record were another one than %v", text(c), rows)
		}
		if delete(rows, was); c.New != nil {
			rows[is] = c.New[1].String()
		}
	}
	var list []string
	for id, name := range rows {
		list = append(list, id+" "+name)
	}
	slices.Sort(list)
	if want := p.query(`SELECT string_agg(id || ' ' || name, ', '
		ORDER BY (id || ' ' || name) COLLATE "C") FROM fresh`); strings.Join(list, ", ") != want {
		p.t.Errorf("the mirror has %v, want %s", list, want)
	}
}

// TestNewRootChanges has partitions come and go between the transaction that publishes a new
// partitioned table and the one that reads it: their rows are told once, under the name that they
// have.
func TestNewRootChanges(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL)
		p.scan()
		p.open()
		p.exec(`CREATE TABLE parted (id int, y int, PRIMARY KEY (id, y)) PARTITION BY LIST (y);
			CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
			    CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2) PARTITION BY LIST (id);
			CREATE TABLE parted_2_1 PARTITION OF parted_2 FOR VALUES IN (1); INSERT INTO parted VALUES (1,
			    1), (1, 2)`)
		p.want("done", "log", "parted")
		publish, _, _ := strings.Cut(p.step(p.plan(), cdc.Backfill).SQL, "\nCOMMIT;\n")
		p.exec(publish + "\nCOMMIT")
		p.exec(`CREATE TABLE parted_3 (LIKE parted INCLUDING ALL); INSERT INTO parted_3 VALUES (1, 3)`)
		p.exec(`ALTER TABLE parted ATTACH PARTITION parted_3 FOR VALUES IN (3)`)
		p.exec(`INSERT INTO parted VALUES (2, 3)`)
		p.exec(`ALTER TABLE parted DETACH PARTITION parted_1`)
		p.scan()
		expectSorted(t, p.brought(), "insert parted -→(2,3)", "insert parted -→(1,2)", "insert parted "+
			"-→(1,3)", "insert parted_1 -→(1,1)")
	})
}

// TestReadingGivesWay has somebody alter the table whose rows are read: they do not wait until that
// is done.
func TestReadingGivesWay(t *testing.T) {
	onTables(t, func(t *testing.T, p *planned, kind cdc.StepKind) {
		plan := p.plan()
		s := p.step(plan, kind)
		last := strings.LastIndex(s.SQL, "COMMIT")
		s.SQL = s.SQL[:last] + "SELECT pg_sleep(3600);\n" + s.SQL[last:]
		crm := connect(t, p.cfg.URL)
		applied := make(chan error, 1)
		go func() { applied <- plan.Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler)) }()
		pid := p.conn.PgConn().PID()
		table := map[cdc.StepKind]string{
			cdc.Attach: "log_1", cdc.Replace: "contacts",
			cdc.Backfill: "fresh",
		}[kind]
		(&stream{t: t, conn: crm}).poll("the rows to be read", func() (reads bool) {
			err := crm.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1
				AND wait_event = 'PgSleep'
				AND EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND relation = $2::text::regclass))`, pid, table).Scan(&reads)
			if err != nil {
				t.Fatal(err)
			}
			return reads
		})
		if _, err := crm.Exec(t.Context(), `ALTER TABLE `+strings.TrimSuffix(table, "_1")+
			` ADD COLUMN more text`); err != nil {
			t.Fatal(err)
		}
		if err := <-applied; err != nil {
			t.Fatal(err)
		}
		if !plan.Pending() {
			t.Errorf("nothing is to be tried again: %+v", plan.Skipped)
		}
	})
}
