package run

import (
	"context"
	"os"
	"runtime"
	"time"

	"hookline/internal/poll"
)

// processors decides whether Hookline uses one processor or all there are. One is enough for most
// of what comes; with more, goroutines that hand a change on to each other wake other threads each
// time. That costs about as much as the rest, and on a busy machine each thread waits its turn. See
// docs/decisions/0022-one-processor-while-it-is-enough.md.
type processors struct {
	all   bool
	quiet int // measurements in a row, while all are used, that one would have been enough
}

const (
	measureEvery = 250 * time.Millisecond
	busyAbove    = 0.75 // of one processor: from there on all are used
	quietBelow   = 0.5  // of one: below that, for quietFor measurements, one is used
	quietFor     = 8
)

// next takes how much processor time was used since the last time, 1 standing for one processor,
// and reports whether all are to be used.
func (g *processors) next(used float64) (all bool) {
	switch {
	case used > busyAbove:
		g.all, g.quiet = true, 0
	case used > quietBelow:
		g.quiet = 0
	default:
		if g.quiet++; g.quiet >= quietFor {
			g.all = false
		}
	}
	return g.all
}

// setProcessors sets the number of processors by what is used of them until ctx ends, unless
// GOMAXPROCS is set, or it cannot be measured here.
func setProcessors(ctx context.Context, schedule *poll.Schedule) {
	if _, byHand := os.LookupEnv("GOMAXPROCS"); byHand {
		return
	}
	before, ok := processorTime()
	if !ok {
		return
	}
	g := processors{all: true}
	tick := schedule.Every(measureEvery)
	defer tick.Stop()
	for since := time.Now(); ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now := time.Now()
		after, _ := processorTime()
		was := g.all
		// what was used since a longer time was used when something moved, which was lately
		span := min(now.Sub(since), 2*measureEvery)
		switch all := g.next((after - before).Seconds() / span.Seconds()); {
		case all == was:
		case all:
			runtime.SetDefaultGOMAXPROCS()
		default:
			runtime.GOMAXPROCS(1)
		}
		before, since = after, now
	}
}
