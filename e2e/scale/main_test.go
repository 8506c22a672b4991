// Package scale has readers and senders with a NATS server between them, and kills all of them.
package scale

import (
	"testing"

	"hookline/e2e"
	"hookline/internal/natstest"
)

func TestMain(m *testing.M) {
	natstest.Main()
	e2e.Main(m)
}
