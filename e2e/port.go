package e2e

import (
	"testing"

	"hookline/internal/postgres"
)

// FreePort returns a port that nobody listens on, nor will have a connection on by chance.
func FreePort(t *testing.T) int {
	t.Helper()
	port, err := postgres.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}
