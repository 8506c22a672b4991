package command

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/cdc"
	"hookline/e2e"
)

// settings are all that Hookline sends with a connection and PgBouncer may be told to swallow.
const settings = "IntervalStyle, extra_float_digits, bytea_output, jit, search_path, row_security, synchronous_commit, lock_timeout, " +
	"idle_in_transaction_session_timeout, tcp_keepalives_idle, tcp_keepalives_interval, " +
	"tcp_keepalives_count"

// A pooler before the CRM's database is called by its name, before anything is changed there,
// however it is configured.
func TestPooler(t *testing.T) {
	for name, lines := range map[string][]string{
		"as it comes": {"pool_mode = transaction"},
		"that swallows settings": {
			"pool_mode = transaction",
			"ignore_startup_parameters = " + settings,
		},
		"of sessions": {
			"pool_mode = session",
			"ignore_startup_parameters = " + settings,
		},
		"that swallows replication too": {
			"pool_mode = session",
			"ignore_startup_parameters = replication, " + settings,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := e2e.NewCRM(t)
			db.AddWebhook(e2e.NewInbox(t), "*.*")
			pooled := db.Pooler(t, lines...)
			before := db.Prepared()
			doctor := e2e.Run(t, db.Env("HOOKLINE_DATABASE_URL="+pooled), "doctor")
			if doctor.Wait() != 3 || !strings.Contains(doctor.Out.String(), "goes through a pooler") {
				t.Errorf("doctor: exit code %d, want 3 and a word of the pooler:\n%s", doctor.Wait(),
					doctor.Out.String())
			}
			for _, command := range []string{"setup", "run"} {
				p := e2e.Run(t, db.Env("HOOKLINE_DATABASE_URL="+pooled), command)
				if said := p.Log.String(); p.Wait() != 1 ||
					!strings.Contains(said, "goes through a pooler, such as PgBouncer") ||
					!strings.Contains(said, "HOOKLINE_DATABASE_URL") {
					t.Errorf("%s: exit code %d, want 1 and a word of the pooler:\n%s", command, p.Wait(), said)
				}
				if after := db.Prepared(); after != before {
					t.Errorf("%s has changed the database from %s to %s", command, before, after)
				}
			}
		})
	}
}

// A pooler before the spool's database may swallow search_path: the tables are where they belong
// all the same.
func TestPoolerOfSpool(t *testing.T) {
	t.Parallel()
	db, other, box := e2e.NewCRM(t), e2e.NewDatabase(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	pooled := other.Pooler(t, "pool_mode = session", "ignore_startup_parameters = "+settings)
	box.Answers(e2e.Always(503))
	sut := e2e.Start(t, db, "HOOKLINE_SPOOL_DATABASE_URL="+pooled, e2e.Often,
		"HOOKLINE_HOLD_MAX=1ms").Until("active")
	db.OneByOne("a", 3)
	e2e.Eventually(t, func() error {
		if e2e.Value[int](other, `SELECT count(*) FROM hookline.delivery`) == 0 {
			return errors.New("nothing is in the spool")
		}
		return nil
	})
	box.Answers(nil)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))
	if found := e2e.Value[string](other, `SELECT string_agg(DISTINCT relnamespace::regnamespace::text, ',') FROM pg_class
		WHERE relkind IN ('r', 'i') AND relname ~ '^(checkpoint|delivery|queue|gap|owner|schema_version)'`); found != "hookline" {
		t.Errorf("tables of the spool are in %s, want hookline", found)
	}
}

// A pooler hands out a connection on which somebody else has prepared a statement of the same name.
func TestPoolerMixesStatements(t *testing.T) {
	t.Parallel()
	pooled := e2e.NewDatabase(t).Pooler(t, "pool_mode = transaction", "default_pool_size = 1",
		"ignore_startup_parameters = extra_float_digits")
	var last error
	for range 2 {
		conn, err := pgconn.Connect(t.Context(), pooled)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		_, last = conn.Prepare(t.Context(), "same", "SELECT 1", nil)
	}
	if err := cdc.ExplainPooler(last); !cdc.IsProblem(err) ||
		!strings.Contains(err.Error(), "pooler") {
		t.Errorf("%v, want a word of the pooler", err)
	}
}
