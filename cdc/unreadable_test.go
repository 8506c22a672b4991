package cdc_test

import (
	"os"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
)

// TestUnreadableText has a row in the middle of a transaction that the server cannot send: text
// that is not in any encoding. What comes before it is announced, then there is a gap, for every
// looker, and the way on costs the rest of that transaction and nothing else.
func TestUnreadableText(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		server := connect(t, url)
		name := server.Config().Database + "_ascii"
		if _, err := server.Exec(t.Context(), `CREATE DATABASE `+name+
			` ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`); err != nil {
			t.Fatal(err)
		}
		s := newCheckpointedAt(t, strings.Replace(url, "/"+server.Config().Database, "/"+name, 1))
		s.open()
		s.exec(`INSERT INTO people VALUES (1)`)
		s.exec(`INSERT INTO people VALUES (2); INSERT INTO people VALUES (3, chr(233)); INSERT INTO people
			VALUES (4)`)
		s.exec(`INSERT INTO people VALUES (5)`)
		s.skipsUnsent("SQLSTATE 22021")
		s.waitReleased()
		s.exec(`SELECT pg_drop_replication_slot('` + s.cfg.Slot + `')`)
	})
}

// TestUnreadableSize has an UPDATE whose old and new row take more than 1 GB together.
func TestUnreadableSize(t *testing.T) {
	if os.Getenv("HOOKLINE_LARGE_TESTS") == "" {
		t.Skip("set HOOKLINE_LARGE_TESTS=1: it takes 3 GB of memory, and half a minute")
	}
	onEach(t, func(t *testing.T, url string) {
		s := newCheckpointedAt(t, url)
		s.exec(`INSERT INTO people VALUES (3, repeat('x', 540000000))`)
		// the first one could be sent
		s.exec(`SELECT pg_replication_slot_advance('` + s.cfg.Slot + `', pg_current_wal_lsn())`)
		s.open()
		s.exec(`INSERT INTO people VALUES (1)`)
		s.exec(`INSERT INTO people VALUES (2); UPDATE people SET name = repeat('y', 540000000)
			WHERE id = 3; INSERT INTO people VALUES (4)`)
		s.exec(`INSERT INTO people VALUES (5)`)
		s.skipsUnsent("SQLSTATE 54000", "Cannot enlarge string buffer", "fit into 1 GB")
	})
}

// skipsUnsent takes rows 1 and 2, finds that the server cannot send what comes next, and goes on
// with row 5.
func (s *stream) skipsUnsent(says ...string) {
	s.t.Helper()
	says = append(says, "the server cannot send the transaction", "hookline setup --accept-gap")
	s.takeRows(1, 2)
	wantGap(s.t, s.end(), cdc.Unreadable, says...)
	wantGap(s.t, s.findGap(), cdc.Unreadable, says...)
	s.close()
	before := s.checkpoint()
	wantGap(s.t, s.findGap(), cdc.Unreadable, says...)

	s.open() // whoever starts anew tries again
	wantGap(s.t, s.end(), cdc.Unreadable, says...)
	s.close()
	if after := s.checkpoint(); after.Settled != before.Settled ||
		after.Settled.Commit != after.Unreadable.Commit ||
		after.Settled.Index != 1 {
		s.t.Errorf("settled is %+v, then %+v, want 1 change of %s", before.Settled, after.Settled,
			after.Unreadable.Commit)
	}

	killed := *before // when only the checkpoint was moved
	killed.Settled = cdc.Position{End: before.Unreadable.Commit + 1}
	if err := s.checkpoints.SaveCheckpoint(s.t.Context(), s.cfg.Slot, killed); err != nil {
		s.t.Fatal(err)
	}
	wantGap(s.t, s.findGap(), cdc.Unreadable, says...)

	s.waitReleased()
	_, to, err := cdc.SkipUnreadable(s.t.Context(), s.conn, s.cfg, s.checkpoints)
	if err != nil || to != killed.Settled.End {
		s.t.Fatalf("skipped to %s, error %v, want %s", to, err, killed.Settled.End)
	}
	if err := s.findGap(); err != nil {
		s.t.Errorf("the gap is accepted: %v", err)
	}
	s.open()
	s.takeRows(5, 5)
	s.close()
	if err := s.findGap(); err != nil {
		s.t.Error(err)
	}
}

// waitReleased waits until the server has noticed that nobody reads the slot.
func (s *stream) waitReleased() {
	s.t.Helper()
	s.poll("the slot to be free", func() bool {
		return s.query(`SELECT active::text FROM pg_replication_slots WHERE slot_name = $1`,
			s.cfg.Slot) == "false"
	})
}

// TestSkipUnsentIsRefused while the slot is read, while something before is unsettled, and when
// there is nothing to skip.
func TestSkipUnsentIsRefused(t *testing.T) {
	s := newCheckpointedAt(t, postgrestest.NewDatabase(t))
	s.open()
	if _, _, err := cdc.SkipUnreadable(t.Context(), s.conn, s.cfg, s.checkpoints); err == nil {
		t.Error("nothing is in the way, and it was skipped")
	}
	unsent := cdc.UnreadableChange{
		Commit: s.checkpoint().Settled.End + 2<<20,
		After:  s.checkpoint().Settled.End + 1<<20,
		Cause:  "too large",
	}
	if err := s.checkpoints.SaveUnreadable(t.Context(), s.cfg.Slot, unsent); err != nil {
		t.Fatal(err)
	}
	_, _, err := cdc.SkipUnreadable(t.Context(), s.conn, s.cfg, s.checkpoints)
	wantProblem(t, err, "reads replication slot", "try again")
	s.close()
	s.waitReleased()
	_, _, err = cdc.SkipUnreadable(t.Context(), s.conn, s.cfg, s.checkpoints)
	wantProblem(t, err, "not settled", "hookline run")
}
