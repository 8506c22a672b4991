package delivery

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/e2e"
)

// A server ends statements, transactions and sessions that take long, as many do for everybody who
// comes. The slot is made nevertheless, though an open transaction holds it up, and a transaction
// goes out in one stream, though receivers take longer than that to take it.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint("Postgres ", major), func(t *testing.T) {
			t.Parallel()
			db := e2e.NewDatabaseMajor(t, major).WithContacts()
			box := e2e.NewInbox(t)
			db.AddWebhook(box, "*.*")
			open := db.Session()
			limits := []string{
				"statement_timeout", "lock_timeout",
				"idle_in_transaction_session_timeout", "idle_session_timeout",
			}
			if major >= 17 {
				limits = append(limits, "transaction_timeout")
			}
			for _, name := range limits {
				db.Exec(fmt.Sprintf("ALTER DATABASE %s SET %s = '1s'",
					pgx.Identifier{db.Name}.Sanitize(), name))
			}
			// lasting waits until a session, of which it returns the process, does one thing for
			// twice as long as that.
			lasting := func(what string) (pid int) {
				t.Helper()
				var began, statement time.Time
				e2e.Eventually(t, func() error {
					var asked, at time.Time
					var by int
					err := db.Conn.QueryRow(t.Context(), `SELECT pid, query_start, clock_timestamp()
						FROM pg_stat_activity
						WHERE datname = $1 AND pid <> pg_backend_pid() AND `+what, db.Name).
						Scan(&by, &asked, &at)
					if err != nil {
						return err
					}
					if by != pid || !asked.Equal(statement) { // or it is the next try
						pid, statement, began = by, asked, at
					}
					if lasts := at.Sub(began); lasts < 2*time.Second {
						return fmt.Errorf("%s: for %s", what, lasts)
					}
					return nil
				})
				return pid
			}

			if _, err := open.Exec(t.Context(), "BEGIN; SELECT pg_current_xact_id()"); err != nil {
				t.Fatal(err)
			}
			// what fills the way to Hookline need not go on from there
			sut := e2e.Start(t, db, "HOOKLINE_MAX_BUFFER=64KiB", "HOOKLINE_SECRET_COLUMNS=note")
			lasting("query LIKE '%pg_create_logical_replication_slot%'")
			if _, err := open.Exec(t.Context(), "COMMIT"); err != nil {
				t.Fatal(err)
			}
			sut.Until("active")

			box.CloseAfter(10)
			db.Exec(`INSERT INTO contacts (id, note)
				SELECT 'many' || i, repeat('long', 12500) FROM generate_series(1, 400) i`)
			box.UntilClosed()
			sender := lasting("wait_event = 'WalSenderWriteData'")
			box.OpenGate()
			want := box.Gets(db.Diary()...)
			e2e.Eventually(t, want.Missing)
			if pid := e2e.Value[int](db, `SELECT active_pid FROM pg_replication_slots
				WHERE slot_name = $1`, db.Name); pid != sender {
				t.Errorf("process %d sends the stream, want %d as before", pid, sender)
			}
			e2e.Finish(t, sut, want)
		})
	}
}
