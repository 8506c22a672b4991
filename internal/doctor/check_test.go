package doctor

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/cdc"
)

// A check is left out when a fact is missing that it needs. What an error tells of the database is
// a finding under its name; any other error ends the checkup, as does one that says so.
func TestCheck(t *testing.T) {
	refused := &pgconn.PgError{Code: "42501", Message: "permission denied"}
	broken := errors.New("broken")
	for _, test := range []struct {
		name  string
		known fact
		err   error // of the check, beside one finding
		found []string
		ends  error
	}{
		{"all is known", answers | profile, nil, []string{"lag"}, nil},
		{"one fact is missing", answers, broken, nil, nil},
		{"the server refuses", answers | profile, refused, []string{"lag", "asked"}, nil},
		{"a problem", answers | profile, &cdc.Problem{What: "no"}, []string{"lag", "asked"}, nil},
		{"another error", answers | profile, broken, []string{"lag"}, broken},
		{"one that ends it", answers | profile, unfinished{refused}, []string{"lag"}, refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := &checkup{known: test.known}
			err := x.run(t.Context(), check{
				"asked", answers | profile,
				func(*checkup, context.Context) ([]cdc.Finding, error) {
					return []cdc.Finding{cdc.OK("lag", "none")}, test.err
				},
			})
			var found []string
			for _, f := range x.found {
				found = append(found, f.Check)
			}
			if !slices.Equal(found, test.found) || !errors.Is(err, test.ends) {
				t.Errorf("found %q, %v; want %q, %v", found, err, test.found, test.ends)
			}
		})
	}
}

// Without a connection there is one finding, which tells why, and nothing else is asked.
func TestCheckAllWithoutServer(t *testing.T) {
	x := &checkup{}
	x.cfg.CDC.URL = "postgres://nobody:confidential@127.0.0.1:1/crm?sslmode=disable"
	defer x.close()
	if err := x.runAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(x.found) != 1 || x.found[0].Check != "connection" || x.found[0].Level != cdc.Wrong {
		t.Errorf("%+v, want a problem of the connection alone", x.found)
	}
}
