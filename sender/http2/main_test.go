package http2

import (
	"io"
	"log"
	"testing"

	"go.uber.org/goleak"
)

// TestMain checks that no goroutine is left when the tests are over. net/http's client logs what it
// thinks of the answers that the tests make up.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	goleak.VerifyTestMain(m)
}
