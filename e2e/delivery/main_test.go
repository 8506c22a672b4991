// Package delivery follows what is committed to the receivers: transactions, bodies, failing and
// slow receivers, mistakes in webhooks.
package delivery

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
