// Package tenants runs Hookline beside databases that several tenants share, and looks whether one
// of them hears of another.
package tenants

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
