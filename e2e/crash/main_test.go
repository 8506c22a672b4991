// Package crash kills, stops and replaces Hookline and Postgres in the middle of their work.
package crash

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
