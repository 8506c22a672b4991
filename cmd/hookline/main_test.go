package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hookline/cdc"
	"hookline/webhook"
)

var discard = slog.New(slog.DiscardHandler)

func TestPercentage(t *testing.T) {
	for text, want := range map[string]float64{"0%": 0, "20%": 0.2, "12.5%": 0.125, "100%": 1} {
		var p percentage
		if err := p.UnmarshalText([]byte(text)); err != nil || float64(p) != want {
			t.Errorf("%s is %v, %v, want %v", text, p, err, want)
		}
	}
	for _, text := range []string{"", "20", "%", "-1%", "101%", "NaN%", "many%"} {
		var p percentage
		if err := p.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "such as 20%") {
			t.Errorf("%q is %v, %v, want an error that tells what it takes", text, p, err)
		}
	}
}

func TestLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("told to stop")
		ctx, stop := context.WithCancelCause(t.Context())
		late, cancel := linger(ctx, 20*time.Second)
		defer cancel()
		time.Sleep(time.Hour)
		stop(why)
		time.Sleep(19 * time.Second)
		synctest.Wait()
		if late.Err() != nil {
			t.Fatal("it has ended a second before its time")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !errors.Is(context.Cause(late), why) {
			t.Fatalf("after its time its cause is %v, want %v", context.Cause(late), why)
		}
	})
}

func TestPersist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		err := cdc.Persist(t.Context(), discard, func() error {
			if tries++; tries < 4 {
				return errors.New("connection refused")
			}
			return nil
		})
		if err != nil || tries != 4 {
			t.Errorf("%d tries, %v; want 4 and success", tries, err)
		}
		tries = 0
		problem := &cdc.Problem{What: "no rights", Mend: "GRANT"}
		err = cdc.Persist(t.Context(), discard, func() error { tries++; return problem })
		if !errors.Is(err, problem) || tries != 1 {
			t.Errorf("%d tries, %v; want what time does not mend at once", tries, err)
		}
	})
}

func TestStatusJudges(t *testing.T) {
	fine := status{Tables: 3, Slot: slotStatus{Name: "s", Exists: true, Active: true, WALStatus: "reserved"}}
	for _, test := range []struct {
		name string
		make func(*status)
		says string // "" when healthy
	}{
		{"fine", func(*status) {}, ""},
		{"a skipped webhook is shown, and no reason to wake anybody", func(s *status) {
			s.Webhooks = []webhook.Status{{State: webhook.Skipped, Reason: "secret: is null"}}
		}, ""},
		{"idle", func(s *status) { s.Slot.Active = false; s.Slot.RetainedBytes = 3 << 20 }, `nobody reads slot "s", and it keeps 3.0 MiB`},
		{"blocked", func(s *status) {
			s.Slot.Active, s.blocked, s.Problems = false, true, []string{"blocked: name the standbys"}
		}, "blocked: name the standbys"},
		{"gap", func(s *status) { s.Gap = &gapStatus{cdc.SlotLost, "it is lost", "accept it"} }, "gap (slot_lost): it is lost; accept it"},
		{"gap while it is read", func(s *status) { s.Gap = &gapStatus{cdc.OtherSystem, "a clone", "accept it"} }, "gap (other_system): a clone"},
		{"new", func(s *status) {
			s.Slot.Exists, s.Gap = false, &gapStatus{cdc.SlotMissing, "it does not exist", "accept it"}
		}, "does not exist yet"},
		{"gone", func(s *status) {
			s.Slot.Exists, s.Checkpoint, s.Gap = false, &cdc.Checkpoint{}, &gapStatus{cdc.SlotMissing, "it is gone", "accept it"}
		}, "gap (slot_missing): it is gone"},
		{"empty", func(s *status) { s.Tables = 0 }, "no table of the CRM is published"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := fine
			test.make(&s)
			s.judge()
			if s.Healthy != (test.says == "") || !strings.Contains(strings.Join(s.Problems, "\n"), test.says) {
				t.Errorf("healthy %t, problems %q; want to hear %q", s.Healthy, s.Problems, test.says)
			}
			var out strings.Builder
			if s.blocked && len(s.Problems) > 1 {
				t.Errorf("to start Hookline is no help: %q", s.Problems)
			}
			if err := s.print(&out, time.Now()); err != nil || !strings.Contains(out.String(), test.says) {
				t.Errorf("prints %q, %v", out.String(), err)
			}
		})
	}
}

func TestDemoCompares(t *testing.T) {
	expected := []demoEvent{{"person.created", "a"}, {"person.updated", "a"}, {"company.created", "b"}}
	receiver := func(operations string, seen ...demoEvent) *demoReceiver {
		return &demoReceiver{name: "r", operations: []string{operations}, seen: seen}
	}
	for _, test := range []struct {
		name     string
		receiver *demoReceiver
		missing  bool
		wrong    bool
	}{
		{"all", receiver("*.*", expected...), false, false},
		{"another order of records", receiver("*.*", expected[2], expected[0], expected[1]), false, false},
		{"only what it wants", receiver("company.*", expected[2]), false, false},
		{"not all yet", receiver("*.*", expected[0]), true, false},
		{"another order within a record", receiver("*.*", expected[1]), false, true},
		{"twice", receiver("*.*", expected[2], expected[2]), false, true},
		{"what it does not want", receiver("company.*", expected[0]), false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			missing, err := test.receiver.compare(expected)
			if (missing != "") != test.missing && err == nil || (err != nil) != test.wrong {
				t.Errorf("missing %q, error %v", missing, err)
			}
		})
	}
}
