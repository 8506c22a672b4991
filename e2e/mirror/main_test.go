// Package mirror does to tables whatever a CRM and its migrations may do to them, in an order that
// a seed decides, while Hookline runs, is stopped and is killed.
package mirror

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
