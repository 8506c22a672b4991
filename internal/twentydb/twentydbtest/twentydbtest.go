// Package twentydbtest gives tests databases of a Twenty, each its own. One is made for each
// version, and the others are copies of it.
package twentydbtest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres/postgrestest"
	"hookline/internal/twentydb"
)

// NewDatabase returns the URL of a database that [twentydb.LoadAt] has filled, on the server of a
// major version that tests share; 0 is the default one.
func NewDatabase(t testing.TB, major int, version string) (url string) {
	t.Helper()
	return postgrestest.NewDatabaseLike(t, major, "Twenty "+version,
		func(ctx context.Context, conn *pgx.Conn) error {
			return twentydb.LoadAt(ctx, conn, version)
		})
}
