package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"hookline/e2e"
)

func TestEcho(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint("postgres ", major), func(t *testing.T) {
			t.Parallel()
			testEcho(t, major)
		})
	}
}

// A webhook does not hear of its own echo: not of what is annotated as such, nor of what comes from
// an origin; through kill -9, and in a database that an older version has set up. What a record has
// gone through in a commit is told when one part of it was somebody else's. Annotations come as
// context, also through the spool.
func testEcho(t *testing.T, major int) {
	t.Helper()
	db := e2e.NewDatabaseMajor(t, major)
	db.Exec("CREATE TABLE notes (id text PRIMARY KEY, text text)")
	settings := []string{
		"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_HOLD_MAX=50ms", e2e.Often,
	}
	db.SetUp(settings...)
	db.Exec("DROP FUNCTION hookline.annotate; ALTER TABLE hookline.webhook DROP ignore")
	db.SetUp(settings...)
	mine, all := e2e.NewInbox(t), e2e.NewInbox(t)
	origin := "there_" + e2e.Value[string](db, "SELECT oid::text FROM pg_database "+
		"WHERE datname = current_database()")
	db.Exec("INSERT INTO hookline.webhook (url, secret, ignore) VALUES ($1, $2, $3), ($4, $5, NULL)",
		mine.URL(), mine.Secret, []string{"annotation:source=mysync", "origin:" + origin},
		all.URL(), all.Secret)
	all.Answers(e2e.Always(http.StatusServiceUnavailable)) // so that its events go to the spool

	mine.ValidatesPayload(db, "event", settings...)
	all.ValidatesPayload(db, "event", settings...)
	sut := e2e.Start(t, db, settings...).Until("active")
	const annotate = `SELECT hookline.annotate('{"source": "mysync", "why": "import"}');`
	db.Exec(`BEGIN; ` + annotate + ` INSERT INTO notes VALUES ('1', 'a'), ('2', 'a'); COMMIT`)
	db.Exec(`BEGIN; INSERT INTO notes VALUES ('3', 'a'); ` + annotate +
		` INSERT INTO notes VALUES ('4', 'a'); UPDATE notes SET text = 'b' WHERE id < '4'; COMMIT`)
	sut.Kill()
	db.Exec(`SELECT pg_replication_origin_create('` + origin + `');
		SELECT pg_replication_origin_session_setup('` + origin + `')`)
	t.Cleanup(func() {
		_, err := db.Conn.Exec(context.Background(), "SELECT pg_replication_origin_drop($1)", origin)
		if err != nil {
			t.Error(err)
		}
	})
	db.Exec(`BEGIN; SELECT pg_replication_origin_xact_setup('0/1', now());
		INSERT INTO notes VALUES ('5', 'a'); COMMIT; SELECT pg_replication_origin_session_reset()`)
	db.Exec("INSERT INTO notes VALUES ('6', 'a')")
	sut = e2e.Start(t, db, settings...).Until("active")
	e2e.Eventually(t, func() error {
		if n := len(db.Deliveries("waiting")); n == 0 {
			return fmt.Errorf("nothing is in the spool")
		}
		return nil
	})
	all.Answers(e2e.Always(http.StatusOK))
	heard := func(box *e2e.Inbox, want ...string) {
		t.Helper()
		e2e.Eventually(t, func() error {
			var got []string
			box.Mu.Lock()
			accepted := slices.Clone(box.Accepted)
			box.Mu.Unlock()
			for _, a := range accepted {
				var body struct {
					Event   string
					Data    struct{ ID string }
					Context *struct{ Source, Why string }
				}
				if err := json.Unmarshal([]byte(a.Body), &body); err != nil {
					return err
				}
				text := fmt.Sprint(body.Event, " ", body.Data.ID)
				if body.Context != nil {
					text += " " + body.Context.Source + " " + body.Context.Why
				}
				got = append(got, text)
			}
			slices.Sort(got)
			if got = slices.Compact(got); !slices.Equal(got, want) {
				return fmt.Errorf("heard of %q, want %q", got, want)
			}
			return nil
		})
	}
	everything := []string{
		"note.created 1 mysync import", "note.created 2 mysync import",
		"note.created 3 mysync import", "note.created 4 mysync import", "note.created 5",
		"note.created 6", "note.updated 1 mysync import", "note.updated 2 mysync import",
	}
	heard(all, everything...)
	heard(mine, "note.created 3 mysync import", "note.created 6")
	e2e.Finish(t, sut)
	db.Exec("DROP FUNCTION hookline.annotate")
	diagnosis, _ := db.Doctor(settings...)
	e2e.WantFinding(t, diagnosis, "ignored changes", "warning", "annotation:source=mysync",
		`CREATE OR REPLACE FUNCTION "hookline".annotate`)
	heard(all, everything...)
	heard(mine, "note.created 3 mysync import", "note.created 6")
}
