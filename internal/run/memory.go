package run

import (
	"log/slog"
	"math"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryShare is the part of the container's memory that the garbage collector keeps Go's share
// below. The rest is for the kernel, which counts its buffers too, and for what comes faster than
// garbage is collected.
const memoryShare = 0.9

// garbageShare is by how much the heap may grow, in percent of what is in use, until garbage is
// collected. Events come and go as one block of memory each, so a collection costs little, and what
// a full buffer needs stays small: see docs/decisions.
const garbageShare = 60

// tuneCollector has garbage collected a little sooner than Go does by itself, unless GOGC is set.
func tuneCollector() {
	if _, byHand := os.LookupEnv("GOGC"); !byHand {
		debug.SetGCPercent(garbageShare)
	}
}

// limitMemory tells the garbage collector of the container's memory limit, as Go does by itself
// with a limit of CPUs: it works harder before the kernel has to kill. A GOMEMLIMIT that the
// operator has set stays.
func limitMemory(log *slog.Logger, container memlimit.Provider) {
	_, byHand := os.LookupEnv("GOMEMLIMIT")
	limit, err := memlimit.Set(memlimit.WithRatio(memoryShare), memlimit.WithProvider(container))
	switch {
	case err != nil:
		log.Info("no memory limit", "reason", err)
	case byHand:
		log.Info("memory limit", "bytes", limit, "source", "GOMEMLIMIT")
	case limit == math.MaxInt64:
		log.Info("no memory limit", "reason", memlimit.ErrNoLimit)
	default:
		log.Info("memory limit", "bytes", limit, "source", "cgroup")
	}
}

// largeRowsFor is how long garbage is collected sooner after a large row.
const largeRowsFor = 30 * time.Second

// tightenFor returns what is called when a large row comes. A row of megabytes is copied several
// times on its way, and each copy is garbage a moment later: until none has come for a while, the
// collector keeps memory below a limit, unless a lower one is set. A buffer of that size fits in
// it.
func tightenFor(buffer int64) func() {
	var mu sync.Mutex
	var loosen *time.Timer
	tight := 32<<20 + 4*buffer
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if loosen != nil && loosen.Stop() {
			loosen.Reset(largeRowsFor)
			return
		}
		before := debug.SetMemoryLimit(-1) // changes nothing
		if before <= tight {
			return
		}
		debug.SetMemoryLimit(tight)
		loosen = time.AfterFunc(largeRowsFor, func() {
			mu.Lock()
			defer mu.Unlock()
			debug.SetMemoryLimit(before)
		})
	}
}
