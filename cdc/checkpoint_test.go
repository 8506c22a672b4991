package cdc

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// memory is a Checkpoints that counts.
type memory struct {
	mu     sync.Mutex
	saves  int
	last   Checkpoint
	broken bool
}

func (m *memory) SaveUnreadable(context.Context, string, UnreadableChange) error { return nil }

func (m *memory) SavePrepared(context.Context, string, Prepared) error { return nil }

func (m *memory) setBroken(broken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = broken
}

func (m *memory) saved() (int, Checkpoint) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saves, m.last
}

func (m *memory) LoadCheckpoint(context.Context, string) (*Checkpoint, error) { return nil, nil }

func (m *memory) SaveCheckpoint(_ context.Context, _ string, c Checkpoint) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return errors.New("the disk is on fire")
	}
	m.saves++
	m.last = c
	return nil
}

func (m *memory) ReplaceCheckpoint(
	ctx context.Context, slot string, _, c Checkpoint,
) (bool, error) {
	return true, m.SaveCheckpoint(ctx, slot, c)
}

// TestSaver drives the saver through fake time: what it saves, what it leaves, and how far the slot
// may be acknowledged.
func TestSaver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		var log bytes.Buffer // is read while the saver waits
		source, err := Open(Config{URL: "postgres://nowhere/x"}, store,
			slog.New(slog.NewTextHandler(&log, nil)), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		source.ledger = newLedger(Position{End: 1000}, 0)
		source.saved.Store(1000)
		stop := make(chan struct{})
		keeper := &saver{source: source, saved: Position{End: 1000}, at: time.Now()}
		go keeper.run(stop)
		expect := func(when string, saves int, acknowledged LSN) {
			t.Helper()
			synctest.Wait()
			if n, _ := store.saved(); n != saves || LSN(source.saved.Load()) != acknowledged {
				t.Errorf("%s: %d saves and %s acknowledged, want %d and %s", when, n, LSN(source.saved.Load()),
					saves, acknowledged)
			}
		}
		tx := &Tx{Commit: 1500, Time: time.Now(), ledger: source.ledger}

		time.Sleep(time.Minute)
		expect("nothing has happened", 0, 1000)

		source.ledger.advance(tx, 0)
		release := tx.Hold()
		source.ledger.advance(tx, 1)
		time.Sleep(saveInterval)
		expect("the first change is held", 1, 1000) // it is known that the transaction has begun
		release()
		time.Sleep(saveInterval)
		expect("it is released, and the second in hand", 2, 1000)
		if _, last := store.saved(); last.Settled != (Position{End: 1000, Commit: 1500, Index: 1}) {
			t.Errorf("saved %+v, want change 1 of the transaction at 1500 in hand", last.Settled)
		}
		source.ledger.skip(1600, nil)
		time.Sleep(saveInterval)
		expect("the transaction is over", 3, 1600)

		source.ledger.skip(1700, nil) // a keepalive: perhaps only for what the last save wrote
		time.Sleep(10 * saveInterval)
		expect("a little progress without changes", 3, 1600)
		source.ledger.skip(1700+idleBytes, nil)
		time.Sleep(saveInterval)
		expect("much progress without changes", 4, 1700+idleBytes)
		source.ledger.skip(1800+idleBytes, nil)
		time.Sleep(idleInterval + saveInterval)
		expect("a little progress, long ago", 5, 1800+idleBytes)

		told := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			var got []string
			for line := range strings.Lines(log.String()) {
				for _, text := range []string{"cannot be saved", "saved again"} {
					if strings.Contains(line, text) {
						got = append(got, text)
					}
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: told %q, want %q", when, got, want)
			}
		}
		store.setBroken(true)
		source.ledger.skip(2000+2*idleBytes, nil)
		time.Sleep(saveInterval)
		store.setBroken(false)
		time.Sleep(saveInterval)
		expect("the store has stumbled", 6, 2000+2*idleBytes)
		told("the store has stumbled")

		store.setBroken(true)
		source.ledger.advance(&Tx{Commit: 1 << 22, ledger: source.ledger}, 0)
		source.ledger.skip(1<<22+10, nil)
		time.Sleep(4 * saveInterval)
		expect("the store is broken", 6, 2000+2*idleBytes)
		told("the store is broken", "cannot be saved")
		store.setBroken(false)
		time.Sleep(saveInterval)
		expect("the store works again", 7, 1<<22+10)
		told("the store works again", "cannot be saved", "saved again")

		source.ledger.skip(1<<22+20, nil)
		close(stop)
		expect("the end", 8, 1<<22+20)
	})
}
