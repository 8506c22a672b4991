// Package campaign breaks whatever can break, in an order that a seed decides, while writers go
// on committing.
package campaign

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
