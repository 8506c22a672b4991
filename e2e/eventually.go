package e2e

import (
	"testing"
	"time"
)

// Patience is how long anything may take, on a slow machine under the race detector.
const Patience = 2 * time.Minute

// Eventually calls f until it returns nil. Once patience is over, the test ends with f's last
// error.
func Eventually(t *testing.T, f func() error) {
	t.Helper()
	deadline := time.After(Patience)
	pause := 2 * time.Millisecond
	for {
		err := f()
		if err == nil {
			return
		}
		if t.Failed() { // a process has ended, or something came that must not
			t.Fatalf("given up waiting: %v", err)
		}
		select {
		case <-time.After(pause):
			pause = min(pause*3/2, 25*time.Millisecond)
		case <-deadline:
			t.Fatalf("not within %s: %v", Patience, err)
		}
	}
}
