package mapper

import (
	"log/slog"
	"testing"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var discard = slog.New(slog.DiscardHandler)

// eventsOf returns the events that a change brings about, for those to whom a changed key is an
// update.
func eventsOf(t testing.TB, m *Mapper, change cdc.Change) (events []*Event) {
	t.Helper()
	draft, err := m.Map(t.Context(), change)
	for ; draft != nil && err == nil; draft, err = m.Next(t.Context()) {
		if draft.Telling&ToSplit == 0 {
			events = append(events, draft.Event())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return events
}
