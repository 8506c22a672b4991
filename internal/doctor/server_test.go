package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// connect returns a connection that is closed at the end of the test.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// checked returns the findings by their check. All of those that are not fine have to say what
// mends them.
func checked(t *testing.T, found []cdc.Finding, err error) map[string]cdc.Finding {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]cdc.Finding{}
	for _, f := range found {
		if f.Level != cdc.Fine && f.Hint == "" {
			t.Errorf("nothing is said that mends %+v", f)
		}
		by[f.Check] = f
	}
	return by
}

func TestCheckServer(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	conn := connect(t, url)
	found, err := checkServer(t.Context(), conn, cdc.Config{Slot: "hookline_test"}, 1<<20)
	by := checked(t, found, err)
	for _, check := range []string{
		"version", "primary", "wal_level", "role", "max_replication_slots",
		"max_wal_senders",
	} {
		if by[check].Level != cdc.Fine {
			t.Errorf("%s: %+v", check, by[check])
		}
	}
	if f := by["max_slot_wal_keep_size"]; f.Level != cdc.Warning {
		t.Errorf("a server that keeps any amount of WAL: %+v", f)
	}
	if f, err := checkStream(t.Context(), url); err != nil || f.Level != cdc.Fine {
		t.Errorf("a replication connection: %+v, %v", f, err)
	}
}

// That doctor itself may not write is no finding; that nobody may is one.
func TestCheckWrites(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	for _, test := range []struct {
		sql  string
		want cdc.Level
	}{
		{`SET default_transaction_read_only = on`, cdc.Fine},
		{`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',
			current_database()); END $$`, cdc.Wrong},
	} {
		before := connect(t, url)
		if _, err := before.Exec(t.Context(), test.sql); err != nil {
			t.Fatal(err)
		}
		conn := before
		if test.want == cdc.Wrong {
			conn = connect(t, url)
		}
		found, err := checkServer(t.Context(), conn, cdc.Config{Slot: "hookline_test"}, 1<<20)
		if f := checked(t, found, err)["default_transaction_read_only"]; f.Level != test.want {
			t.Errorf("after %s: %+v, want level %v", test.sql, f, test.want)
		}
	}
}

func TestCheckStreamTellsNoPassword(t *testing.T) {
	f, err := checkStream(t.Context(),
		"postgres://somebody:confidential@127.0.0.1:1/crm?sslmode=disable")
	if err != nil || f.Level != cdc.Wrong || strings.Contains(f.Found+f.Hint, "confidential") {
		t.Errorf("nobody listens: %+v, %v", f, err)
	}
}

func TestCheckTransactions(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	conn, other := connect(t, url), connect(t, url)
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	mine := func() (found []cdc.Finding) { // the server is shared with other tests
		all, err := checkTransactions(t.Context(), conn, 0)
		checked(t, all, err)
		pid := fmt.Sprintf("session %d ", other.PgConn().PID())
		return slices.DeleteFunc(all, func(f cdc.Finding) bool {
			return !strings.HasPrefix(f.Found, pid)
		})
	}
	if found := mine(); len(found) != 0 {
		t.Errorf("a transaction that has written nothing: %+v", found)
	}
	if _, err := tx.Exec(t.Context(), "CREATE TABLE never (id int)"); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("SELECT pg_terminate_backend(%d)", other.PgConn().PID())
	if found := mine(); len(found) != 1 || found[0].Level != cdc.Warning || found[0].SQL[0] != want {
		t.Errorf("a transaction that has written: %+v, want %s", found, want)
	}
	young, err := checkTransactions(t.Context(), conn, time.Hour)
	if f := checked(t, young, err)["open transactions"]; f.Level != cdc.Fine {
		t.Errorf("it has not been open for an hour: %+v", f)
	}
}

func TestRoom(t *testing.T) {
	const hold = 256 << 20
	timeout := func(s string) *string { return &s }
	for name, test := range map[string]struct {
		room                                  room
		slots, senders, keepSize, idleTimeout cdc.Level // idleTimeout "" before Postgres 18
	}{
		"plenty": {
			room{maxSlots: 10, slots: 9, maxSenders: 10, senders: 9, keepSize: 1024},
			cdc.Fine, cdc.Fine, cdc.Fine, "",
		},
		"full": {
			room{maxSlots: 10, slots: 10, maxSenders: 10, senders: 10, keepSize: -1},
			cdc.Wrong, cdc.Wrong, cdc.Warning, "",
		},
		"full of us": {room{
			maxSlots: 1, slots: 1, maxSenders: 1, senders: 1, exists: true,
			active: true, keepSize: 512,
		}, cdc.Fine, cdc.Fine, cdc.Fine, ""},
		"slot without sender": {room{
			maxSlots: 1, slots: 1, maxSenders: 1, senders: 1, exists: true,
			keepSize: 511,
		}, cdc.Fine, cdc.Wrong, cdc.Warning, ""},
		"no timeout": {room{
			maxSlots: 1, maxSenders: 1, keepSize: 4096,
			idleTimeout: timeout("0"),
		}, cdc.Fine, cdc.Fine, cdc.Fine, cdc.Fine},
		"timeout": {room{
			maxSlots: 1, maxSenders: 1, keepSize: 4096,
			idleTimeout: timeout("1d"),
		}, cdc.Fine, cdc.Fine, cdc.Fine, cdc.Warning},
	} {
		var on cdc.Server
		r := test.room
		got := map[string]cdc.Finding{
			"slots": r.checkSlots(&on), "senders": r.checkSenders(&on),
			"keep size": r.checkKeepSize(&on, hold),
		}
		want := map[string]cdc.Level{
			"slots": test.slots, "senders": test.senders,
			"keep size": test.keepSize,
		}
		if r.idleTimeout != nil {
			got["idle timeout"], want["idle timeout"] = r.checkIdleTimeout(&on), test.idleTimeout
		}
		for check, f := range got {
			if f.Level != want[check] || (f.SQL == nil) != (f.Level == cdc.Fine) {
				t.Errorf("%s, %s: %+v, want it %s", name, check, f, want[check])
			}
		}
	}
}
