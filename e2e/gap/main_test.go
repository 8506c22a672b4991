// Package gap loses slots and publications, and copies databases: nothing is delivered until an
// operator has seen to it.
package gap

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.MainPlain(m) }
