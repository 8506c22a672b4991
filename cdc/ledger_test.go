package cdc

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// before reports whether p lies below q.
func before(p, q Position) bool {
	if p.End != q.End {
		return p.End < q.End
	}
	if p.Commit != q.Commit {
		return p.Commit < q.Commit
	}
	return p.Index < q.Index
}

// model is the ledger as one would write it without a thought for speed: everything is remembered.
type model struct {
	taken Position
	holds []modelHold
}

type modelHold struct {
	settled Position
	open    bool
}

func (m *model) settled() Position {
	for _, h := range m.holds {
		if h.open {
			return h.settled
		}
	}
	return m.taken
}

// TestLedgerSchedules compares the ledger with its model over thousands of seeded schedules of
// takes, holds, releases and commits.
func TestLedgerSchedules(t *testing.T) {
	const schedules, steps = 4000, 60
	for seed := range uint64(schedules) {
		random := rand.New(rand.NewPCG(seed, 1))
		start := LSN(1000)
		ledger, m := newLedger(Position{End: start}, 0), model{taken: Position{End: start}}
		end := start
		var tx *Tx
		var index uint32
		var releases []func()
		last := ledger.settled()
		for range steps {
			switch choice := random.IntN(10); {
			case choice < 3: // take a change, perhaps the first of a transaction
				if tx == nil {
					tx = &Tx{Commit: end + LSN(random.IntN(50)), Time: time.Unix(int64(seed), 0), ledger: ledger}
					index = 0
				}
				index += uint32(random.IntN(3)) // some changes of the transaction were passed over
				ledger.advance(tx, index)
				m.taken.Commit, m.taken.Index = tx.Commit, index
				for range random.IntN(4) {
					releases = append(releases, tx.Hold())
					m.holds = append(m.holds, modelHold{settled: m.taken, open: true})
				}
				index++
			case choice < 4 && tx != nil: // commit
				end = tx.Commit + 1 + LSN(random.IntN(50))
				ledger.skip(end, nil)
				m.taken = Position{End: end}
				tx = nil
			case choice < 5 && tx == nil: // keepalive
				end += LSN(random.IntN(100))
				ledger.skip(end, nil)
				m.taken = Position{End: end}
			case len(releases) > 0: // release one, in any order, and some twice
				i := random.IntN(len(releases))
				releases[i]()
				m.holds[i].open = false
			}
			got, want := ledger.settled(), m.settled()
			if got != want {
				t.Fatalf("seed %d: settled %+v, want %+v", seed, got, want)
			}
			if before(got, last) {
				t.Fatalf("seed %d: settled went back from %+v to %+v", seed, last, got)
			}
			last = got
		}
		open := 0
		for i, h := range m.holds {
			if h.open {
				open++
				releases[i]()
			}
		}
		if count, _ := ledger.Unsettled(); count != 0 {
			t.Fatalf("seed %d: %d holds are left after all were released", seed, count)
		}
		if got := ledger.settled(); got != m.taken {
			t.Fatalf("seed %d: settled %+v after all releases, want %+v", seed, got, m.taken)
		}
	}
}

// TestLedgerReleasesFromAnyGoroutine lets many goroutines release while the pump goes on; the race
// detector and the end count.
func TestLedgerReleasesFromAnyGoroutine(t *testing.T) {
	ledger := newLedger(Position{}, 0)
	var group sync.WaitGroup
	releases := make(chan func(), 64)
	for range 8 {
		group.Go(func() {
			for release := range releases {
				release()
				ledger.settled()
			}
		})
	}
	const transactions = 5000
	for i := range LSN(transactions) {
		tx := &Tx{Commit: 10 * i, ledger: ledger}
		ledger.advance(tx, 0)
		releases <- tx.Hold()
		releases <- tx.Hold()
		ledger.skip(10*i+5, nil)
	}
	close(releases)
	group.Wait()
	if got, want := ledger.settled(), (Position{End: 10*(transactions-1) + 5}); got != want {
		t.Fatalf("settled %+v, want %+v", got, want)
	}
}

func TestHoldOfNoStream(*testing.T) {
	release := (&Tx{}).Hold()
	release()
	release()
}

// BenchmarkLedger takes a change, holds it, releases it, and asks how far all is settled.
func BenchmarkLedger(b *testing.B) {
	ledger := newLedger(Position{}, 0)
	tx := &Tx{Commit: 1, ledger: ledger}
	b.ReportAllocs()
	for i := range b.N {
		ledger.advance(tx, uint32(i))
		tx.Hold()()
		ledger.settled()
	}
}
