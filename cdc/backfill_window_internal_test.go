package cdc

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestWindowsHoldTheSlot has a window hold the slot for as long as somebody says that its rows are
// still to be read, and not much longer; and one that a partition has opened, until somebody reads
// it.
func TestWindowsHoldTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w windows
		saved := LSN(6)
		held := func(want LSN) {
			t.Helper()
			if got := w.held(time.Now(), saved); got != want {
				t.Errorf("held is %s, want %s", got, want)
			}
		}
		w.open(1, nil, &Tx{Commit: 7}, 0, false)
		for range 3 {
			time.Sleep(windowTimeout - 1)
			held(7)
			w.extend(1)
		}
		time.Sleep(windowTimeout)
		held(0)
		w.extend(1)
		held(7)
		w.close(1, nil)
		w.end(&Tx{Commit: 8})
		w.extend(1)
		for saved = 7; saved <= 8; saved++ { // what came before the rows is settled, and they are not
			time.Sleep(windowTimeout)
			held(7)
		}
		held(0)

		w.open(1, []string{"id"}, &Tx{Commit: 9}, 0, false)
		w.open(1, []string{"name"}, &Tx{Commit: 11}, 0, false)
		saved = 11
		held(9)
		saved = 12
		held(11)
		w.close(1, nil)
		w.end(&Tx{Commit: 13})
		saved = 14
		held(0)

		w.openSighted(2, nil, &Tx{Commit: 18}, 21)
		time.Sleep(sightingTimeout - 1)
		held(18)
		w.openSighted(2, nil, &Tx{Commit: 19}, 22)
		w.open(2, nil, &Tx{Commit: 19}, 21, true)
		time.Sleep(windowTimeout - 1)
		held(18)
		w.close(2, []uint32{21})
		w.end(&Tx{Commit: 20})
		saved = 21
		held(18)
		w.close(2, []uint32{22})
		w.end(&Tx{Commit: 30})
		held(18)
		saved = 31
		held(0)

		w.openSighted(2, nil, &Tx{Commit: 40}, 23)
		time.Sleep(sightingTimeout)
		held(0)
		if len(w.of) > 0 {
			t.Error("a window stays open that nobody looks through")
		}
	})
}
