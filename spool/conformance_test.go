package spool_test

import (
	"fmt"
	"testing"

	"hookline/internal/postgres/postgrestest"
	"hookline/sender"
	"hookline/sender/spooltest"
	"hookline/spool"
)

func TestConformance(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	cases := 0
	spooltest.Run(t, func(t *testing.T, limits spooltest.Limits) spooltest.Opened {
		cases++
		cfg := spool.Config{
			URL:      url,
			Schema:   fmt.Sprint("case_", cases),
			MaxBytes: limits.MaxBytes,
			MaxAge:   limits.MaxAge,
		}
		return opened{openClaimed(t, cfg), t}
	})
}

// opened is a Spool as the conformance suite wants it.
type opened struct {
	*spool.Spool
	t *testing.T
}

func (o opened) Want(webhook string, events ...string) {
	o.t.Helper()
	if _, err := o.Spool.Want(o.t.Context(),
		spool.Filter{Webhook: webhook, Events: events}); err != nil {
		o.t.Fatal(err)
	}
}

func (o opened) Dead(webhook string) []sender.Spooled {
	o.t.Helper()
	list, err := o.Spool.Dead(o.t.Context(), webhook)
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

func (o opened) Overflows() []sender.Overflow {
	o.t.Helper()
	list, err := o.Spool.Overflows(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	overflows := make([]sender.Overflow, len(list))
	for i, g := range list {
		overflows[i] = g.Overflow
	}
	return overflows
}
