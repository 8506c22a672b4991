package spool_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"hookline/internal/pg"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/sender"
	"hookline/spool"
)

// TestPutCutOff ends the connection in the middle of a Put.
func TestPutCutOff(t *testing.T) {
	cfg := spool.Config{URL: postgrestest.NewDatabase(t)}
	s, db := openClaimed(t, cfg), connect(t, cfg.URL)
	put(t, s, delivery("a", 0))
	pass := db.barrier(id(60))
	spooled := make(chan error, 1)
	deliveries := append(several("a", 1, 99), several("b", 1, 9)...)
	go func() {
		_, err := s.Put(t.Context(), deliveries)
		spooled <- err
	}()
	db.exec(`SELECT pg_terminate_backend($1)`, db.atBarrier())
	if err := <-spooled; err == nil || errors.Is(err, sender.ErrFenced) {
		t.Errorf("cut off: %v, want an error of the moment", err)
	}
	pass()
	if got := waiting(t, s, "a"); !slices.Equal(got, []string{id(0)}) {
		t.Errorf("cut off, it has left %q", got)
	}
	db.wantCounted()
	put(t, s, deliveries...)
	if got := waiting(t, s, "a"); len(got) != 100 {
		t.Errorf("%d wait after another try, want 100", len(got))
	}
	db.wantCounted()
}

// TestPutIsDurable kills a server whose transactions are not durable unless they ask for it.
func TestPutIsDurable(t *testing.T) {
	server := postgrestest.NewServer(t, postgres.Options{Settings: map[string]string{
		"synchronous_commit": "off", "wal_writer_delay": "10s",
	}})
	cfg := spool.Config{URL: server.URL("postgres")}
	put(t, openClaimed(t, cfg), several("a", 1, 9)...)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := waiting(t, openClaimed(t, cfg), "a"); len(got) != 9 {
		t.Errorf("%d have outlived the server, want 9", len(got))
	}
}

// TestPutNewWebhooks has webhooks get their queues from several sides at once.
func TestPutNewWebhooks(t *testing.T) {
	cfg := spool.Config{URL: postgrestest.NewDatabase(t)}
	s, db := openClaimed(t, cfg), connect(t, cfg.URL)
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			list := []sender.Spooled{delivery("a", n), delivery("b", n), delivery("c", n)}
			if n%2 == 0 {
				slices.Reverse(list)
			}
			if _, err := s.Put(t.Context(), list); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := queues(t, s); len(got) != 3 {
		t.Errorf("queues %+v, want three", got)
	}
	db.wantCounted()
}

// TestEncodings spools in databases that have no characters for what a delivery holds. Names come
// from the CRM, so that any spool inside of it has characters for them.
func TestEncodings(t *testing.T) {
	server := postgrestest.Shared(t)
	for _, test := range []struct{ encoding, field string }{
		{"LATIN1", "größe"},
		{"SQL_ASCII", "größe"},
		{"UTF8", "größe\xff"}, // of a CRM of SQL_ASCII, with the spool elsewhere
	} {
		t.Run(test.encoding, func(t *testing.T) {
			admin := connect(t, postgrestest.NewDatabase(t))
			name := "spool_" + test.encoding
			admin.exec(`CREATE DATABASE ` + pg.Identifier(name) +
				` TEMPLATE template0 LOCALE 'C' ENCODING ` + test.encoding)
			defer admin.exec(`DROP DATABASE ` + pg.Identifier(name) + ` WITH (FORCE)`)
			s := openClaimed(t, spool.Config{URL: server.URL(name)})
			p := parts(1)
			p.Updated = []string{"city", test.field}
			p.Data = []byte(`{"name":"Łukasz 🙂","raw":"` + "\xff" + `"}`)
			event := mapper.NewEvent(p)
			put(t, s, sender.Spooled{Webhook: "a", Event: event, Reason: "why – not"})
			if err := s.Report(t.Context(),
				[]sender.Report{{Webhook: "a", Event: p.ID, Reason: "無"}}); err != nil {
				t.Fatal(err)
			}
			if err := s.Pause(t.Context(), "a", "\x00 \xff 無", "1"); err != nil {
				t.Fatal(err)
			}
			list, err := s.Waiting(t.Context(), sender.Page{Webhook: "a", Rows: 1})
			if err != nil || len(list) != 1 {
				t.Fatalf("%d wait, %v", len(list), err)
			}
			got, want := list[0].Event.Body(mapper.FormatEvent, mapper.Addressee{}),
				event.Body(mapper.FormatEvent, mapper.Addressee{})
			if string(got) != string(want) {
				t.Errorf("body %q, want %q", got, want)
			}
		})
	}
}

// TestAge has a queue's first delivery wait for longer and shorter.
func TestAge(t *testing.T) {
	cfg := spool.Config{URL: postgrestest.NewDatabase(t), MaxAge: 8 * time.Hour}
	s, db := openClaimed(t, cfg), connect(t, cfg.URL)
	put(t, s, delivery("a", 0))
	for i, test := range []struct {
		age     string
		refused bool
	}{
		{"7 hours 59 minutes", false},
		{"8 hours", true},
		{"7 hours 1 minute", true}, // seven eighths are what it takes
		{"6 hours 59 minutes", false},
		{"7 hours 59 minutes", false},
	} {
		db.exec(`UPDATE queue SET since = now() - $1::text::interval`, test.age)
		if overflows := put(t, s, delivery("a", i+1)); len(overflows) > 0 != test.refused {
			t.Errorf("step %d: the first has waited for %s: overflows %+v", i, test.age, overflows)
		}
		if full := queues(t, s)[0].Full; full != test.refused {
			t.Errorf("step %d: the first has waited for %s: full is %t", i, test.age, full)
		}
	}
	overflows, err := s.Overflows(t.Context())
	if err != nil || len(overflows) != 1 || overflows[0].Events != 2 ||
		overflows[0].Began.IsZero() ||
		overflows[0].Ended.Before(overflows[0].Began) {
		t.Errorf("overflows %+v, %v; want one of 2 events that has ended", overflows, err)
	}
}

// TestOldEventsAreTaken: how long ago a change was made says nothing of how long its delivery has
// waited.
func TestOldEventsAreTaken(t *testing.T) {
	s := openClaimed(t, spool.Config{URL: postgrestest.NewDatabase(t), MaxAge: time.Hour})
	if time.Since(epoch) < 24*time.Hour {
		t.Fatal("the clock is wrong")
	}
	put(t, s, delivery("a", 1))
	if overflows := put(t, s, delivery("a", 2)); len(overflows) > 0 {
		t.Errorf("overflows %+v", overflows)
	}
}

// TestRemovedByHand has somebody delete rows behind the spool's back.
func TestRemovedByHand(t *testing.T) {
	cfg := spool.Config{URL: postgrestest.NewDatabase(t)}
	s, db := openClaimed(t, cfg), connect(t, cfg.URL)
	put(t, s, several("a", 1, 5)...)
	put(t, s, dead(several("a", 6, 7)...)...)
	db.exec(`DELETE FROM delivery WHERE NOT dead OR event_id = $1`, id(6))
	if got := waiting(t, s, "a"); len(got) > 0 {
		t.Errorf("%q wait", got)
	}
	if got := queues(t, s); len(got) != 1 || got[0].Waiting != 0 || got[0].Dead != 1 ||
		!got[0].Oldest.IsZero() {
		t.Errorf("queues %+v, want one of a single dead delivery", got)
	}
	db.wantCounted()
	put(t, s, delivery("a", 8))
	if got := waiting(t, s, "a"); !slices.Equal(got, []string{id(8)}) {
		t.Errorf("%q wait", got)
	}
}
