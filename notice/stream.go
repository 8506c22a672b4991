package notice

import (
	"time"

	"hookline/cdc"
	"hookline/mapper"
)

// Lag takes a look at how old the oldest commit is that is not settled. What lags is told to have
// caught up once it is below half of the bound.
func (t *Tracker) Lag(lag time.Duration) {
	switch {
	case lag > t.cfg.LagMax:
		t.note(mapper.Lagging, "", eventFacts{Lag: lag.Seconds()})
	case lag < t.cfg.LagMax/2:
		t.note(mapper.CaughtUp, "", eventFacts{})
	}
}

// Slot takes a look at how much WAL the server keeps for the slot, and how much more can be written
// before the slot is lost, negative when nothing bounds that; both in bytes. Less than a quarter of
// what it may keep is a risk, and more than half of it is none.
func (t *Tracker) Slot(kept, left int64) {
	most := max(0, kept) + max(0, left)
	switch {
	case left >= 0 && left < most/4:
		t.note(mapper.SlotAtRisk, "", eventFacts{Left: left})
	case left < 0 || left > most/2:
		t.note(mapper.SlotSafe, "", eventFacts{})
	}
}

// Gap returns the notice of a gap that was accepted.
func Gap(reason string, from *cdc.Checkpoint, to cdc.LSN) Row {
	f := eventFacts{Reason: reason, From: "the beginning", To: to.String()}
	if from != nil {
		f.From = from.Settled.End.String()
		if !from.Time.IsZero() {
			f.Since = from.Time
		}
	}
	return Row{What: mapper.GapAccepted, Data: f.tell(mapper.GapAccepted)}
}
