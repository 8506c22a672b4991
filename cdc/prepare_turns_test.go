package cdc_test

import (
	"errors"
	"testing"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
)

// TestTurns has the server end the session of a process that has the turn and is frozen; the limits
// that the session had before hold again afterwards.
func TestTurns(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	s := &stream{t: t, cfg: cdc.Config{URL: url, Slot: slotFor(url)}, conn: connect(t, url)}
	conn := s.conn
	limits := func() (list string) {
		t.Helper()
		err := conn.QueryRow(t.Context(), `SELECT concat_ws(' ', current_setting('idle_session_timeout'),
			current_setting('idle_in_transaction_session_timeout'),
			(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()))`).Scan(&list)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if _, err := conn.Exec(t.Context(), `SET idle_session_timeout = '1h'`); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("failed")
	err := cdc.WithPrepareLock(t.Context(), conn, func() error {
		if got := limits(); got != "20s 20s 1" {
			t.Errorf("in its turn the session has %s", got)
		}
		s.prepare()
		if got := limits(); got != "20s 20s 1" {
			t.Errorf("in its turn, after what it came for, the session has %s", got)
		}
		return failed
	})
	if got := limits(); !errors.Is(err, failed) || got != "1h 0 0" {
		t.Errorf("%v, then the session has %s", err, got)
	}
}
