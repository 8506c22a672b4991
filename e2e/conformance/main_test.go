// Package conformance holds Hookline against real web servers in front of a receiver, at reloads,
// restarts, idle connections and large bodies. It runs only where the servers are: see `make
// conformance`.
package conformance

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
