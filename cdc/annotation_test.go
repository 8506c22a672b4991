package cdc_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"hookline/cdc"
	"hookline/webhook"
)

// said is what is said of the next n changes: the key, origin and annotation.
func (s *stream) said(n int) (list []string) {
	s.t.Helper()
	for range n {
		c := s.take()
		text := c.New[0].String() + " " + c.Tx.Origin
		if c.Annotation != nil {
			text += " " + string(c.Annotation.JSON)
		}
		list = append(list, text)
	}
	return list
}

// Writers annotate their changes with hookline.annotate, any role that may use the schema. A
// savepoint that is rolled back takes what was said within with it. Messages of others make no
// difference, nor does a connection that is lost in between.
func TestAnnotationsOfWriters(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		s := newStream(t, url, "CREATE TABLE note (id int PRIMARY KEY)")
		s.exec(webhook.SchemaSQL("hookline"))
		role := "writer_of_" + slotFor(url)
		s.exec(fmt.Sprintf(`CREATE ROLE %[1]s; GRANT USAGE ON SCHEMA hookline TO %[1]s;
			GRANT INSERT ON note TO %[1]s`, role))
		t.Cleanup(func() {
			_, _ = s.conn.Exec(context.Background(), "RESET ROLE; DROP OWNED BY "+role+"; DROP ROLE "+role)
		})
		s.exec(fmt.Sprintf(`SET ROLE %s;
			BEGIN;
			INSERT INTO note VALUES (1);
			SELECT hookline.annotate('{"source": "mysync", "by": "Zoë"}');
			INSERT INTO note VALUES (2);
			SAVEPOINT here;
			SELECT hookline.annotate('{"source": "undone"}');
			INSERT INTO note VALUES (0);
			ROLLBACK TO here;
			SELECT pg_logical_emit_message(true, 'other', repeat('x', 100000));
			SELECT pg_logical_emit_message(false, 'hookline.annotation', '{"source": "loose"}');
			INSERT INTO note VALUES (3);
			SELECT hookline.annotate('{"n": 2}');
			INSERT INTO note VALUES (4);
			SELECT hookline.annotate(NULL);
			INSERT INTO note VALUES (5);
			COMMIT;
			SELECT pg_logical_emit_message(true, 'other', '');
			INSERT INTO note VALUES (6);
			RESET ROLE`, role))
		first := s.said(3)
		s.exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '` +
			s.cfg.Slot + `'`)
		got := append(first, s.said(3)...)
		want := []string{
			"1 ", `2  {"by":"Zoë","source":"mysync"}`, `3  {"by":"Zoë","source":"mysync"}`, `4  {"n":2}`,
			"5 ", "6 ",
		}
		if !slices.Equal(got, want) {
			t.Errorf("of the changes is said\n%q\nwant\n%q", got, want)
		}

		// a process that begins in the middle of a transaction knows what was said before
		s.exec(`BEGIN; SELECT hookline.annotate('{"n": 3}'); INSERT INTO note VALUES (7), (8), (9);
			COMMIT`)
		s.said(2)
		s.leave()
		s.close()
		s.open()
		if got, want := s.said(3), []string{
			`7  {"n":3}`, `8  {"n":3}`, `9  {"n":3}`,
		}; !slices.Equal(got, want) {
			t.Errorf("after a restart, of the changes is said %q, want %q", got, want)
		}

		origin := slotFor(url)
		s.exec(fmt.Sprintf(`SELECT pg_replication_origin_create('%[1]s');
			SELECT pg_replication_origin_session_setup('%[1]s')`, origin))
		t.Cleanup(func() {
			_, _ = s.conn.Exec(context.Background(), `SELECT pg_replication_origin_drop('`+origin+`')`)
		})
		s.exec(`BEGIN; SELECT pg_replication_origin_xact_setup('0/1', now());
			SELECT hookline.annotate('{"n": 4}'); INSERT INTO note VALUES (10), (11); COMMIT;
			SELECT pg_replication_origin_session_reset(); INSERT INTO note VALUES (12)`)
		if got, want := s.said(3), []string{
			"10 " + origin + ` {"n":4}`, "11 " + origin + ` {"n":4}`, "12 ",
		}; !slices.Equal(got, want) {
			t.Errorf("of replicated changes is said %q, want %q", got, want)
		}

		for _, bad := range []string{
			`'[]'`, `'"text"'`, fmt.Sprintf(`jsonb_build_object('a', repeat('x', %d))`, cdc.MaxAnnotation),
		} {
			if _, err := s.conn.Exec(t.Context(), "SELECT hookline.annotate("+bad+")"); err == nil {
				t.Errorf("%.20s is taken for an annotation", bad)
			}
		}
	})
}

// A session with an origin that gives no time for it has its first commit told as of the server's
// epoch, and the next ones as of the first. They are taken as of no earlier than what came before
// without an origin, and so is one of tomorrow. A time is the same wherever the stream is taken up: an event is known by it.
func TestTimeOfOrigin(t *testing.T) {
	s := newCheckpointed(t)
	s.open()
	s.exec(`INSERT INTO people VALUES (0)`)
	url := s.cfg.URL
	writer, origin := connect(t, url), slotFor(url)
	for _, sql := range []string{
		`SELECT pg_replication_origin_create('` + origin + `')`,
		`SELECT pg_replication_origin_session_setup('` + origin + `')`,
		`INSERT INTO people VALUES (1)`, `INSERT INTO people VALUES (2)`,
		`BEGIN; SELECT pg_replication_origin_xact_setup('0/1', now() + interval '1 day');
			INSERT INTO people VALUES (3); COMMIT`,
		`SELECT pg_replication_origin_session_reset()`, `INSERT INTO people VALUES (4)`,
		`SELECT pg_replication_origin_session_setup('` + origin + `')`,
		`BEGIN; SELECT pg_replication_origin_xact_setup('0/2', '2000-01-01 00:00:00+00');
			INSERT INTO people VALUES (5); COMMIT`,
		`SELECT pg_replication_origin_session_reset()`,
		`SELECT pg_replication_origin_drop('` + origin + `')`,
	} {
		if _, err := writer.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	const changes = 6
	var times [changes]time.Time
	for from := range changes {
		for n := from; n < changes; n++ {
			tx := s.take().Tx
			if release := tx.Hold(); n == from { // the others come again
				release()
			}
			if from == 0 {
				times[n] = tx.Time
			}
			if !tx.Time.Equal(times[n]) || (tx.Origin == "") != (n == 0 || n == 4) {
				t.Errorf("taken up at %d, change %d of %q is of %s, and was of %s", from, n, tx.Origin,
					tx.Time, times[n])
			}
		}
		s.close()
		s.open()
	}
	for n, of := range map[int]int{1: 0, 2: 0, 3: 0, 5: 4} {
		if times[n].Before(times[of]) || n < 4 && times[n].After(times[4]) {
			t.Errorf("change %d is of %s; those around it, which were made here, are of %s and %s", n,
				times[n], times[0], times[4])
		}
	}
}
