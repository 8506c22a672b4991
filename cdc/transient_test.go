package cdc_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
)

// TestTrouble tells errors apart that a server, or the way to it, really brings.
func TestTransientFailure(t *testing.T) {
	conn := connect(t, postgrestest.NewDatabase(t))
	refused := func(sql string) error {
		_, err := conn.Exec(t.Context(), sql)
		return err
	}
	_, unreachable := pgx.Connect(t.Context(), "postgres://somebody@127.0.0.1:1/crm?sslmode=disable")
	cut := connect(t, postgrestest.NewDatabase(t))
	if err := cut.PgConn().Conn().Close(); err != nil {
		t.Fatal(err)
	}
	_, lost := cut.Exec(t.Context(), "SELECT 1")
	for _, test := range []struct {
		err  error
		want string
	}{
		{refused("SELECT * FROM nowhere"), "the server refuses (SQLSTATE 42P01)"},
		{refused("SET statement_timeout = 1; SELECT pg_sleep(60)"), "the server is busy or going down"},
		{refused("BEGIN READ ONLY; CREATE TABLE public.none (id int)"), "the server takes no writes"},
		{&pgconn.PgError{Code: "53300"}, "the server is busy or going down"},
		{&pgconn.PgError{Code: "25P03"}, "the server is busy or going down"},
		{unreachable, "the database cannot be reached"},
		{lost, "the connection to the database is lost"},
		{&cdc.Problem{What: "no rights", Hint: "GRANT"}, "it failed"},
	} {
		if test.err == nil {
			t.Errorf("no error, want %q", test.want)
		}
		for _, err := range []error{
			test.err, fmt.Errorf("wrapped: %w", test.err),
			errors.Join(test.err),
		} {
			if got := cdc.DescribeFailure(err); got != test.want {
				t.Errorf("%v: %q, want %q", err, got, test.want)
			}
		}
	}
}
