// Package tables changes tables while Hookline runs: partitions, migrations, locks.
package tables

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.MainPlain(m) }
