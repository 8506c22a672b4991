package http2

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain checks that no goroutine is left when the tests are over.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
