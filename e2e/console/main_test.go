package console

import (
	"testing"

	"hookline/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
