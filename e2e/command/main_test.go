// Package command runs Hookline's commands as a user does: demo, setup, doctor, deliveries, listen,
// verify, and the mistakes that end a start.
package command

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.MainPlain(m) }
