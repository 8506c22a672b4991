// Package e2e tests the built binary from outside: a real Postgres in front of it, real receivers
// behind it, and whatever can go wrong in between. Every test ends in the same check: what was
// committed has arrived, each record's changes in order, all of it signed.
package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"testing"

	"hookline/internal/postgres/postgrestest"
)

// Flags of all packages.
var (
	Update = flag.Bool("update", false, "write the golden files anew")
	Seed   = flag.Uint64("seed", rand.Uint64(), "of what tests do at random")
)

// Main is the TestMain of every package below this one:
//
//	func TestMain(m *testing.M) { e2e.Main(m) }
func Main(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("e2e: left out with -short")
		return
	}
	if RaceDetector() {
		debug.SetGCPercent(400) // of which the race detector makes more than it is worth
	}
	code := postgrestest.Run(func() int { return watchdog(m) })
	spoilCache()
	os.Exit(code)
}

// MainPlain is Main for a package whose processes do nothing at once that others do not as well,
// in packages where the race detector watches them. With E2E_RACE it does so here, too.
func MainPlain(m *testing.M) {
	watched.race = watched.race && raceEverywhere
	Main(m)
}

// raceEverywhere has the race detector watch what it need not.
var raceEverywhere = os.Getenv("E2E_RACE") != ""

// Random returns a source of random numbers that -seed repeats.
func Random(t *testing.T) *rand.Rand {
	t.Helper()
	t.Logf("again with the same numbers: -seed %d", *Seed)
	return rand.New(rand.NewPCG(*Seed, 0))
}
