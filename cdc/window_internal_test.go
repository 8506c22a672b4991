package cdc

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestWindowsHoldTheSlot has a window hold the slot for as long as somebody says that its rows are still to
// be read, and not much longer; and one that a partition has opened, until somebody reads it.
func TestWindowsHoldTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w windows
		held := func(want LSN) {
			t.Helper()
			if got := w.held(time.Now()); got != want {
				t.Errorf("held is %s, want %s", got, want)
			}
		}
		w.open(1, nil, &Tx{Commit: 7}, 0, false)
		for range 3 {
			time.Sleep(windowPatience - 1)
			held(7)
			w.keep(1)
		}
		time.Sleep(windowPatience)
		held(0)
		w.keep(1)
		held(7)
		w.close(1, nil)
		w.end()
		w.keep(1)
		held(0)

		w.sight(2, nil, &Tx{Commit: 8}, 21)
		time.Sleep(sightPatience - 1)
		held(8)
		w.sight(2, nil, &Tx{Commit: 9}, 22)
		w.open(2, nil, &Tx{Commit: 9}, 21, true)
		time.Sleep(windowPatience - 1)
		held(8)
		w.close(2, []uint32{21})
		w.end()
		held(8)
		w.close(2, []uint32{22})
		w.end()
		held(0)

		w.sight(2, nil, &Tx{Commit: 10}, 23)
		time.Sleep(sightPatience)
		held(0)
		if len(w.of) > 0 {
			t.Error("a window stays open that nobody looks through")
		}
	})
}
