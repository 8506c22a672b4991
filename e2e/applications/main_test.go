// Package applications has the users of Tryton, Request Tracker and LedgerSMB at work, by what was
// recorded of them, while receivers fail and Hookline is killed. What a mirror makes of the events
// alone is what the tables hold in the end.
package applications

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
