// Package twenty runs Hookline beside a small Twenty database: workspaces, private objects, the
// hand-over of webhooks.
package twenty

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.MainPlain(m) }
