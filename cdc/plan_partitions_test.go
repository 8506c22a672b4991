package cdc_test

import "testing"

// TestIdentityOfPartitions: root and leaves have the same identity, at any depth, and so do leaves
// that come later. What lies between needs none: leaves do not inherit it, and the stream does not
// ask for it.
func TestIdentityOfPartitions(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE deals (id int, y int, x text, PRIMARY KEY (id,
			y)) PARTITION BY LIST (y);
			CREATE TABLE deals_mid PARTITION OF deals FOR VALUES IN (1, 2, 3) PARTITION BY LIST (y);
			CREATE TABLE deals_1 PARTITION OF deals_mid FOR VALUES IN (1);
			CREATE TABLE deals_rest PARTITION OF deals DEFAULT`, "deals")
		p.apply()
		p.exec(`ALTER TABLE deals_mid REPLICA IDENTITY FULL;
			CREATE TABLE deals_2 PARTITION OF deals_mid FOR VALUES IN (2)`)
		p.expect(`ALTER TABLE public.deals_2 REPLICA IDENTITY FULL`, `ATTACH "public"."deals_2"`)
		p.apply()
		p.exec(`CREATE UNLOGGED TABLE deals_3 PARTITION OF deals_mid FOR VALUES IN (3)`)
		if s := wantSkipped(t, p.apply(), "deals_3", "unlogged_partition"); !s.Published ||
			s.SQL[0] != "ALTER TABLE public.deals_3 SET LOGGED" {
			t.Errorf("%+v", s)
		}
		p.exec(`ALTER TABLE deals REPLICA IDENTITY DEFAULT`)
		p.expect(`ALTER TABLE public.deals REPLICA IDENTITY FULL`)
		p.apply()

		// A published table becomes a partition: its changes go through the root alone.
		p.exec(`CREATE TABLE extra (id int, y int, x text, PRIMARY KEY (id, y))`)
		p.want("deals", "extra")
		p.apply()
		p.exec(`DROP TABLE deals_3; ALTER TABLE deals_mid ATTACH PARTITION extra FOR VALUES IN (3)`)
		p.want("deals")
		p.expect(`ALTER PUBLICATION "hookline" DROP TABLE ONLY "public"."extra"`,
			`ATTACH "public"."extra"`)
		p.apply()
	})
}
