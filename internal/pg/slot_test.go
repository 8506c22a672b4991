package pg_test

import (
	"testing"

	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
)

// TestQuerySlot asks for no slot, for a logical one of this database, and for a physical one.
func TestQuerySlot(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		conn := connect(t, postgrestest.NewDatabaseMajor(t, major))
		slot := func(name string) pg.Slot {
			t.Helper()
			slot, err := pg.QuerySlot(t.Context(), conn, name)
			if err != nil {
				t.Fatal(err)
			}
			return slot
		}
		database := conn.Config().Database
		logical, physical := database+"_l", database+"_p"
		if s := slot(logical); s.Exists() || s != (pg.Slot{}) {
			t.Errorf("no slot: %+v", s)
		}
		_, err := conn.Exec(t.Context(),
			"SELECT pg_create_logical_replication_slot("+pg.Literal(logical)+", 'pgoutput')")
		if err == nil {
			_, err = conn.Exec(t.Context(), "SELECT pg_create_physical_replication_slot("+
				pg.Literal(physical)+")")
			defer func() {
				_, _ = conn.Exec(t.Context(), "SELECT pg_drop_replication_slot("+pg.Literal(physical)+")")
			}()
		}
		if err == nil {
			_, err = conn.Exec(t.Context(), "SELECT pg_logical_emit_message(true, 'test', repeat('x', "+
				"10000))")
		}
		if err != nil {
			t.Fatal(err)
		}
		s := slot(logical)
		if !s.Exists() || s.Name != logical || s.Type != "logical" || s.Plugin != "pgoutput" ||
			s.Database != database || !s.Here || s.Active || s.ActivePID != 0 || s.Making() ||
			s.WALStatus != "reserved" || s.Invalidation != "" || s.SafeWAL != nil {
			t.Errorf("logical: %+v", s)
		}
		if s.Lag() < 10000 || s.Retained() < s.Lag() || *s.Restart > *s.Confirmed ||
			*s.Confirmed > s.Current {
			t.Errorf("logical: %d bytes behind, %d kept, %+v", s.Lag(), s.Retained(), s)
		}
		if s := slot(physical); s.Type != "physical" || s.Here || s.Making() || s.Lag() != 0 ||
			s.Retained() != 0 {
			t.Errorf("physical: %+v", s)
		}
	})
}
