package main

import (
	"log/slog"
	"math"
	"os"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryShare is the part of the container's memory that the garbage collector keeps Go's share below. The rest is for the kernel, which
// counts its buffers too, and for what comes faster than garbage is collected.
const memoryShare = 0.9

// limitMemory tells the garbage collector of the container's memory limit, as Go does by itself with a limit of CPUs: it works harder
// before the kernel has to kill. A GOMEMLIMIT that the operator has set stays.
func limitMemory(log *slog.Logger, container memlimit.Provider) {
	_, byHand := os.LookupEnv("GOMEMLIMIT")
	limit, err := memlimit.Set(memlimit.WithRatio(memoryShare), memlimit.WithProvider(container))
	switch {
	case err != nil:
		log.Info("no memory limit", "cause", err)
	case byHand:
		log.Info("memory limit", "bytes", limit, "source", "GOMEMLIMIT")
	case limit == math.MaxInt64:
		log.Info("no memory limit", "cause", memlimit.ErrNoLimit)
	default:
		log.Info("memory limit", "bytes", limit, "source", "cgroup")
	}
}
