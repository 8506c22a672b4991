package cdc

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestWindowsHoldTheSlot has a window hold the slot for as long as somebody says that its rows are still to
// be read, and not much longer.
func TestWindowsHoldTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w windows
		held := func(want LSN) {
			t.Helper()
			if got := w.held(time.Now()); got != want {
				t.Errorf("held is %s, want %s", got, want)
			}
		}
		w.open(&Relation{OID: 1}, &Tx{Commit: 7}, false, true)
		for range 3 {
			time.Sleep(windowPatience - 1)
			held(7)
			w.keep(1)
		}
		time.Sleep(windowPatience)
		held(0)
		w.keep(1)
		held(7)
		w.close(1)
		w.end()
		w.keep(1)
		held(0)
	})
}
