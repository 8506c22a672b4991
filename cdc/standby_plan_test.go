package cdc_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
)

// TestStandbyLeavesRows has a process that stands by: rows that an earlier version would take for
// new are left to the one that reads the slot. Where none does, they are not.
func TestStandbyLeavesRows(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, logSQL+`; CREATE TABLE people (id int PRIMARY KEY, n text);
			INSERT INTO people VALUES (1, 'Ann')`)
		p.scan()
		p.open()
		p.exec(`CREATE TABLE log_1 (LIKE log INCLUDING ALL); INSERT INTO log_1 VALUES (11, 1);
			ALTER TABLE log ATTACH PARTITION log_1 FOR VALUES IN (1)`)
		p.exec(`BEGIN; CREATE TABLE fresh (LIKE people INCLUDING ALL); INSERT INTO fresh SELECT *
			FROM people; ALTER TABLE people RENAME TO old;
			ALTER TABLE fresh RENAME TO people; UPDATE people SET n = 'Bob'; COMMIT`)
		p.want("done", "log", "people", "old")
		p.cfg.Standby = true
		kinds := func() string {
			var list []string
			for _, s := range p.plan().Steps {
				if list = append(list, string(s.Kind)); s.Lacks != 0 {
					t.Errorf("the role lacks %s to %s", s.Lacks, s.Kind)
				}
			}
			slices.Sort(list)
			return strings.Join(slices.Compact(list), ", ")
		}
		left := []cdc.StepKind{cdc.Attach, cdc.Replace}
		for _, kind := range left {
			if got := kinds(); strings.Contains(got, string(kind)) {
				t.Errorf("another process reads the slot, and the plan is to %s", got)
			}
		}
		if err := p.plan().Apply(t.Context(), p.conn, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		p.close()
		p.poll("the slot to be free", func() bool {
			return p.query(`SELECT active::text FROM pg_replication_slots WHERE slot_name = '`+p.cfg.Slot+
				`'`) == "false"
		})
		for _, kind := range left {
			if got := kinds(); !strings.Contains(got, string(kind)) {
				t.Errorf("nobody reads the slot, and the plan is to %s", got)
			}
		}
		p.open()
		p.cfg.Standby = false
		p.scan()
		expect(t, p.brought(), "insert log -→(11,1)", "update people (1,Ann)→(1,Bob)")
	})
}

// TestRowOfANewerVersion ends the stream where a row passes through the table backfill that stands
// for something unknown.
func TestRowOfANewerVersion(t *testing.T) {
	p := newPlanned(t, logSQL)
	p.scan()
	p.open()
	p.exec(
		`INSERT INTO hookline.backfill (slot, relation, columns) VALUES ('` + p.cfg.Slot + `', 'done'::regclass,
		'{"schema": "public", "name": "done", "columns": [{"name": "id", "type": 23, "modifier": -1, "sent": true, "key": true}]}')`,
	)
	p.exec(`INSERT INTO hookline.backfill (slot, relation, action, record) VALUES ('` + p.cfg.Slot +
		`', 'done'::regclass, 'merge', '(1)')`)
	for {
		change, err, _ := p.next()
		if err != nil {
			wantProblem(t, err, `stands for "merge"`, "run the newer version")
			return
		}
		if change.Kind == cdc.Insert {
			t.Fatalf("it is told: %s", text(change))
		}
	}
}

// TestRelieve withdraws what makes the CRM's statements fail, and nothing else.
func TestRelieve(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE fine (id int PRIMARY KEY);
			CREATE TABLE hooks (id int PRIMARY KEY);
			CREATE TABLE fresh (id int PRIMARY KEY); INSERT INTO hooks VALUES (1)`, "fine", "-hooks")
		p.apply()
		relieve := func() {
			t.Helper()
			if err := cdc.WithdrawHarmful(t.Context(), p.conn, p.cfg,
				slog.New(slog.DiscardHandler)); err != nil {
				t.Fatal(err)
			}
		}
		listed := func(want string) {
			t.Helper()
			got := p.query(`SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_publication_tables
				WHERE pubname = 'hookline'`)
			if got != want {
				t.Errorf("published are %s, want %s", got, want)
			}
		}
		relieve()
		listed("backfill fine hooks")
		p.exec(`ALTER TABLE hooks DROP CONSTRAINT hooks_pkey`)
		if _, err := p.conn.Exec(t.Context(), `UPDATE hooks SET id = 2`); err == nil {
			t.Error("the update does not fail")
		}
		relieve()
		p.exec(`UPDATE hooks SET id = 2`)
		listed("backfill fine")
	})
}
