package cdc_test

import (
	"testing"

	"hookline/cdc"
)

// TestVisible asks for a transaction that is in progress, with none younger and with one that has
// ended since, and for the same once it is committed.
func TestVisible(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		conn, other := connect(t, url), connect(t, url)
		tx, err := other.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var id uint32
		if err := tx.QueryRow(t.Context(), `SELECT pg_current_xact_id()::xid::text::bigint`).
			Scan(&id); err != nil {
			t.Fatal(err)
		}
		want := func(want bool, when string) {
			t.Helper()
			got, err := cdc.Visible(t.Context(), conn, &cdc.Tx{XID: id})
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s: visible %t, want %t", when, got, want)
			}
		}
		want(false, "in progress, the youngest")
		if _, err := conn.Exec(t.Context(), `CREATE TABLE younger ()`); err != nil {
			t.Fatal(err)
		}
		want(false, "in progress, before a younger one")
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		want(true, "committed")
	})
}
