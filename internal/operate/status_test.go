package operate

import (
	"strings"
	"testing"
	"time"

	"hookline/cdc"
	"hookline/internal/crm"
	"hookline/webhook"
)

func TestStatusJudges(t *testing.T) {
	fine := Status{Tables: 3, Slot: crm.SlotStatus{
		Name: "s", Exists: true, Active: true,
		WALStatus: "reserved",
	}}
	for _, test := range []struct {
		name string
		make func(*Status)
		says string // "" when healthy
	}{
		{"fine", func(*Status) {}, ""},
		{"a skipped webhook", func(s *Status) {
			s.Webhooks = []webhook.Status{{
				Key: "w", State: webhook.Skipped, Reason: "secret: is null",
				Since: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
			}}
		}, "webhook w gets nothing since 2026-03-01T12:00:00Z, as its row has a mistake: secret: is null; " +
			"correct the column that is named: what waits for it is kept until then; what is committed " +
			"meanwhile does not come later"},
		{"one of Hookline's own table", func(s *Status) {
			s.Webhooks = []webhook.Status{{
				Key: "w", State: webhook.Skipped, Reason: "filter: is empty", Keeps: true,
			}, {State: webhook.Disabled, Reason: "enabled is off"}, {State: webhook.Active}}
		}, "webhook w gets nothing, as its row has a mistake: filter: is empty; correct the column that " +
			"is named: what waits for it, and what it hears of, is kept until then"},
		{"idle", func(s *Status) {
			s.Slot.Active, s.Slot.RetainedBytes = false, 3<<20
		}, `nobody reads slot "s", and it keeps 3.0 MiB`},
		{"blocked", func(s *Status) {
			s.Slot.Active, s.blocked, s.Problems = false, true, []string{"blocked: name the standbys"}
		}, "blocked: name the standbys"},
		{
			"gap", func(s *Status) { s.Gap = &GapStatus{cdc.SlotLost, "it is lost", "accept it"} },
			"gap (slot_lost): it is lost; accept it",
		},
		{"gap while it is read", func(s *Status) {
			s.Gap = &GapStatus{
				cdc.OtherSystem, "a clone",
				"accept it",
			}
		}, "gap (other_system): a clone"},
		{"new", func(s *Status) {
			s.Slot.Exists, s.Gap = false, &GapStatus{cdc.SlotMissing, "it does not exist", "accept it"}
		}, "does not exist yet"},
		{"gone", func(s *Status) {
			s.Slot.Exists, s.Checkpoint, s.Gap = false, &CheckpointStatus{}, &GapStatus{
				cdc.SlotMissing,
				"it is gone", "accept it",
			}
		}, "gap (slot_missing): it is gone"},
		{"empty", func(s *Status) { s.Tables = 0 }, "no table of the CRM is published"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := fine
			test.make(&s)
			s.judge()
			if s.Healthy != (test.says == "") || !strings.Contains(strings.Join(s.Problems, "\n"),
				test.says) {
				t.Errorf("healthy %t, problems %q; want to hear %q", s.Healthy, s.Problems, test.says)
			}
			if s.blocked && len(s.Problems) > 1 {
				t.Errorf("to start Hookline is no help: %q", s.Problems)
			}
		})
	}
}
