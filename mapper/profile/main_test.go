package profile

import (
	"testing"

	"hookline/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }
