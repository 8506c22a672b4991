package sender_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"hookline/mapper"
	"hookline/sender"
	"hookline/sender/spooltest"
)

func TestMemory(t *testing.T) {
	spooltest.Run(t, func(_ *testing.T, limits spooltest.Limits) spooltest.Opened {
		return sender.NewMemory(sender.Limits(limits))
	})
}

func event(id string) *mapper.Event {
	return mapper.NewEvent(mapper.Parts{ID: id, Object: "person", Data: []byte(`{}`)})
}

func TestMemoryFails(t *testing.T) {
	m := sender.NewMemory(sender.Limits{})
	away := errors.New("the database is away")
	m.Fail(away)
	_, spooled := m.Put(t.Context(), []sender.Spooled{{Webhook: "a", Event: event("1")}})
	_, waiting := m.Waiting(t.Context(), sender.Page{Webhook: "a", Rows: 1})
	_, queues := m.Queues(t.Context())
	for name, err := range map[string]error{
		"park": spooled, "waiting": waiting, "queues": queues, "report": m.Report(t.Context(), nil),
		"requeue": m.Requeue(t.Context(), "a"),
		"pause":   m.Pause(t.Context(), "a", "why", "1"), "discard": m.Discard(t.Context(), "a"),
	} {
		if !errors.Is(err, away) {
			t.Errorf("%s: %v, want %v", name, err, away)
		}
	}
	if got := m.Queued("a"); len(got) != 0 {
		t.Errorf("a call that failed has spooled %+v", got)
	}
	m.Fail(nil)
	if _, err := m.Put(t.Context(), []sender.Spooled{{Webhook: "a", Event: event("1")}}); err != nil ||
		len(m.Queued("a")) != 1 {
		t.Errorf("mended: %v, %d wait", err, len(m.Queued("a")))
	}
}

// TestMemoryAges lets time pass, which the suite cannot: a queue that was too old takes again once
// its first has waited for less than seven eighths of the limit.
func TestMemoryAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sender.NewMemory(sender.Limits{MaxAge: 8 * time.Hour})
		put := func(id string) (refused bool) {
			overflows, err := m.Put(t.Context(), []sender.Spooled{{Webhook: "a", Event: event(id)}})
			if err != nil {
				t.Fatal(err)
			}
			return len(overflows) > 0
		}
		deliver := func(id string) {
			if err := m.Report(t.Context(),
				[]sender.Report{{Webhook: "a", Event: id, Delivered: true}}); err != nil {
				t.Fatal(err)
			}
		}
		put("0h")
		time.Sleep(time.Minute)
		put("1m")
		time.Sleep(2 * time.Hour)
		put("2h")
		time.Sleep(6*time.Hour - 2*time.Minute)
		if put("8h less a minute") {
			t.Error("refused, though none is too old")
		}
		time.Sleep(time.Minute)
		if !put("8h") {
			t.Error("taken, though the first has waited for 8 h")
		}
		deliver("0h")
		if !put("8h again") {
			t.Error("taken, though the first has waited for almost 8 h")
		}
		deliver("1m")
		if put("8h for the third time") {
			t.Error("refused, though the first has waited for 6 h only")
		}
		if got := m.Overflows(); len(got) != 1 || got[0].Events != 2 {
			t.Errorf("overflows %+v, want one of 2 events", got)
		}
	})
}
