package e2e

import (
	"testing"
	"time"
)

// patience is how long anything may take, on a slow machine under the race detector.
const patience = 2 * time.Minute

// eventually calls f until it returns nil. Once patience is over, the test ends with f's last error.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return
		}
		if t.Failed() { // a process has ended, or something came that must not
			t.Fatalf("given up waiting: %v", err)
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %s: %v", patience, err)
		}
	}
}
