package cdc_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"

	"hookline/cdc"
)

// newPartitioned makes the tables, publishes the partitioned table deals with the identities that
// they have, and starts to read.
func newPartitioned(t *testing.T, url, schema string) *stream {
	t.Helper()
	s := &stream{
		t:    t,
		cfg:  cdc.Config{URL: url, Slot: slotFor(url), Identity: cdc.IdentityKeep},
		conn: connect(t, url),
	}
	s.exec(schema + "; CREATE TABLE done (id serial PRIMARY KEY)")
	tables := []cdc.Table{
		{Schema: "public", Name: "deals", Full: true},
		{Schema: "public", Name: "done", Full: true},
	}
	if _, err := cdc.Prepare(t.Context(), s.conn, s.cfg, tables, nil,
		slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	s.open()
	return s
}

// deals has two levels of partitions, with columns in an order of their own and some that were
// dropped.
const deals = `
	CREATE TABLE deals (id int PRIMARY KEY, code int NOT NULL, name text,
	    note text) PARTITION BY RANGE (id);
	CREATE TABLE low (note text, gone int, code int NOT NULL, id int NOT NULL, name text);
	ALTER TABLE low DROP COLUMN gone;
	ALTER TABLE deals ATTACH PARTITION low FOR VALUES FROM (0) TO (10);
	CREATE TABLE middle PARTITION OF deals FOR VALUES FROM (10) TO (30) PARTITION BY RANGE (id);
	CREATE TABLE middle1 PARTITION OF middle FOR VALUES FROM (10) TO (20);
	CREATE TABLE middle2 PARTITION OF middle FOR VALUES FROM (20) TO (30);
	CREATE TABLE others PARTITION OF deals DEFAULT;
	CREATE UNIQUE INDEX low_code ON low (code);
	CREATE UNIQUE INDEX middle1_code ON middle1 (code);
	CREATE UNIQUE INDEX middle2_code ON middle2 (code);
	CREATE UNIQUE INDEX others_code ON others (code)`

// TestPartitionsOldRows tells what is known of an old row by the partition, whatever the server
// says of the table.
func TestPartitionsOldRows(t *testing.T) {
	for _, test := range []struct {
		name, identities string
		want             []string
	}{
		{"FullUnderDefault", `ALTER TABLE low REPLICA IDENTITY FULL;
			ALTER TABLE middle1 REPLICA IDENTITY FULL`, []string{
			"update deals (1,1,a,∅)→(1,1,b,∅)",
			"update deals (11,11,a,∅)→(11,11,b,∅)",
			"delete deals (1,1,b,∅)→-",
			"delete deals (11,11,b,∅)→-",
		}},
		{"DefaultUnderFull", `ALTER TABLE deals REPLICA IDENTITY FULL`, []string{
			"update deals -→(1,1,b,∅)",
			"update deals -→(11,11,b,∅)",
			"delete deals key(1,~,~,~)→-",
			"delete deals key(11,~,~,~)→-",
		}},
		{"MixedUnderDefault", `ALTER TABLE low REPLICA IDENTITY FULL`, []string{
			"update deals (1,1,a,∅)→(1,1,b,∅)",
			"update deals -→(11,11,b,∅)",
			"delete deals (1,1,b,∅)→-",
			"delete deals key(11,~,~,~)→-",
		}},
		{"MixedUnderFull", `ALTER TABLE deals REPLICA IDENTITY FULL;
			ALTER TABLE middle1 REPLICA IDENTITY FULL`, []string{
			"update deals -→(1,1,b,∅)",
			"update deals (11,11,a,∅)→(11,11,b,∅)",
			"delete deals key(1,~,~,~)→-",
			"delete deals (11,11,b,∅)→-",
		}},
		{"IndexUnderFull", `ALTER TABLE deals REPLICA IDENTITY FULL;
			ALTER TABLE low REPLICA IDENTITY USING INDEX low_code`, []string{
			"update deals -→(1,1,b,∅)",
			"update deals -→(11,11,b,∅)",
			"delete deals key(~,1,~,~)→-",
			"delete deals key(11,~,~,~)→-",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, url string) {
				s := newPartitioned(t, url, deals+"; "+test.identities)
				s.exec(`INSERT INTO deals VALUES (1, 1, 'a'), (11, 11, 'a')`)
				s.exec(`UPDATE deals SET name = 'b' WHERE id = 1`)
				s.exec(`UPDATE deals SET name = 'b' WHERE id = 11`)
				s.exec(`DELETE FROM deals WHERE id = 1`)
				s.exec(`DELETE FROM deals WHERE id = 11`)
				s.exec(`INSERT INTO done DEFAULT VALUES`)
				expect(t, s.takeUntilDone()[2:], test.want...)
			})
		})
	}
}

// TestPartitionsMended reads what was written before the identities were fixed: it is as it was,
// and so is what comes of a partition that is attached later.
func TestPartitionsMended(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		s := newPartitioned(t, url, deals)
		s.exec(`INSERT INTO deals VALUES (1, 1, 'a'), (2, 2, 'a'), (3, 3, 'a')`)
		s.exec(`DELETE FROM deals WHERE id = 1`)
		s.exec(`ALTER TABLE deals REPLICA IDENTITY FULL`)
		s.exec(`DELETE FROM deals WHERE id = 2`)
		s.exec(`ALTER TABLE low REPLICA IDENTITY FULL`)
		s.exec(`DELETE FROM deals WHERE id = 3`)
		s.exec(`CREATE TABLE high (LIKE deals INCLUDING ALL); INSERT INTO high VALUES (101, 101, 'a');
			ALTER TABLE deals ATTACH PARTITION high FOR VALUES FROM (100) TO (200)`)
		s.exec(`DELETE FROM deals WHERE id = 101`)
		s.exec(`ALTER TABLE deals ADD COLUMN extra text; INSERT INTO deals VALUES (4, 4, 'a', 'b', 'c')`)
		s.exec(`DELETE FROM deals WHERE id = 4`)
		s.exec(`INSERT INTO done DEFAULT VALUES`)
		expect(t, s.takeUntilDone()[3:], "delete deals key(1,~,~,~)→-", "delete deals key(2,~,~,~)→-",
			"delete deals (3,3,a,∅)→-", "delete deals key(101,~,~,~)→-", "insert deals -→(4,4,a,b,c)",
			"delete deals (4,4,a,b,c)→-")
	})
}

// TestPartitionsNoFalseNull changes identities and rows at random: no old row has a null, or
// anything else, that the row did not have, and where every identity is full the row is whole.
func TestPartitionsNoFalseNull(t *testing.T) {
	const rounds, steps = 5, 40
	onEach(t, func(t *testing.T, url string) {
		s := newPartitioned(t, url, deals)
		random := rand.New(rand.NewPCG(11, 6))
		leaves := []string{"low", "middle1", "middle2", "others"}
		rows, full := map[int][4]string{}, map[string]bool{}
		leafOf := func(id int) string { return leaves[min(id/10, 3)] }
		whole := 0
		for range rounds {
			type expected struct {
				row  [4]string
				full bool
			}
			var want []expected
			for range steps {
				switch id := random.IntN(40); random.IntN(6) {
				case 0:
					leaf := leaves[random.IntN(len(leaves))]
					identity := []string{"DEFAULT", "FULL", "USING INDEX " + leaf + "_code"}[random.IntN(3)]
					s.exec("ALTER TABLE " + leaf + " REPLICA IDENTITY " + identity)
					full[leaf] = identity == "FULL"
				case 1:
					s.exec("ALTER TABLE deals REPLICA IDENTITY " + []string{"DEFAULT", "FULL"}[random.IntN(2)])
				default:
					maybe := func() string { return []string{"∅", "x", "y", ""}[random.IntN(4)] }
					after := [4]string{fmt.Sprint(id), fmt.Sprint(id + 100*random.IntN(2)), maybe(), maybe()}
					before, exists := rows[id]
					switch {
					case !exists:
						s.exec(`INSERT INTO deals VALUES ($1, $2, nullif($3, '∅'), nullif($4, '∅'))`, id, after[1],
							after[2], after[3])
					case random.IntN(2) == 0:
						s.exec(`UPDATE deals SET code = $2, name = nullif($3, '∅'), note = nullif($4, '∅')
							WHERE id = $1`, id, after[1], after[2], after[3])
					default:
						s.exec(`DELETE FROM deals WHERE id = $1`, id)
						after[0] = ""
					}
					want = append(want, expected{before, full[leafOf(id)]})
					if rows[id] = after; after[0] == "" {
						delete(rows, id)
					}
				}
			}
			s.exec(`INSERT INTO done DEFAULT VALUES`)
			changes := s.takeUntilDone()
			if len(changes) != len(want) {
				t.Fatalf("%d changes, want %d", len(changes), len(want))
			}
			for i, c := range changes {
				for column, v := range c.Old {
					got := v.String()
					if v.IsNull() {
						got = "∅"
					}
					if v.IsUnchanged() != (v.IsUnchanged() && c.OldIsKey) ||
						!v.IsUnchanged() && got != want[i].row[column] {
						t.Errorf("%s: the row was %q, full %t", text(c), want[i].row, want[i].full)
					}
				}
				if c.Old != nil && !c.OldIsKey {
					whole++
					if !want[i].full {
						t.Errorf("%s: the row is whole, its identity is not", text(c))
					}
				}
			}
		}
		if whole == 0 {
			t.Error("no old row was whole")
		}
	})
}
