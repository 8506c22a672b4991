package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/amount"
	"hookline/spool"
	"hookline/webhook"
)

type teardownCommand struct {
	DryRun bool `xor:"mode" help:"Change nothing: print the SQL, and what would be left."`
	Yes    bool `xor:"mode" help:"Do it."`
	jsonFlag
}

// Help is what --help tells beside.
func (teardownCommand) Help() string {
	return "Drops the slot, the publication, and Hookline's own tables: its webhooks, and " +
		"deliveries that wait or are dead, are gone then. So is the stream of NATS that this database " +
		"has made, where deliveries go through one; streams of others stay. Sets replica identities as " +
		"they were before. No process of Hookline may run."
}

// Validate wants it said that this is meant.
func (c teardownCommand) Validate() error {
	if !c.DryRun && !c.Yes {
		return errors.New("say --dry-run to see what would be removed, or --yes to remove it")
	}
	return nil
}

// removed is what teardown tells.
type removed struct {
	DryRun  bool      `json:"dryRun"`
	Removed []removal `json:"removed"` // would be, in a dry run
	Left    []kept    `json:"left"`

	apart bool // the spool has a database of its own
}

// place is the database that a line is about, "" for NATS, and the variable that leads to it.
type place struct {
	Database string `json:"database,omitempty"`
	Setting  string `json:"setting"`
}

type removal struct {
	cdc.Removal
	place
}

type kept struct {
	cdc.Kept
	place
}

// in names the database behind what is there, where there are two.
func (r *removed) in(p place, what string) string {
	if !r.apart || p.Database == "" {
		return what
	}
	return fmt.Sprintf("%s, in database %s (%s)", what, p.Database, p.Setting)
}

func (c teardownCommand) Run(ctx context.Context) error {
	cfg, err := load()
	if err != nil {
		return err
	}
	apart := cfg.Spool.URL != "" && cfg.Spool.URL != cfg.CDC.URL
	result := removed{DryRun: c.DryRun, Removed: []removal{}, Left: []kept{}, apart: apart}
	tables := []string{webhook.OwnTable}
	if !apart || cmp.Or(cfg.Spool.Schema, cfg.CDC.Schema) == cfg.CDC.Schema {
		tables = append(tables, spool.Tables()...) // the spool may have been here before
	}
	var stream *ownStream
	err = c.tearDown(ctx, cfg.CDC.URL, "HOOKLINE_DATABASE_URL", &result,
		func(conn *pgx.Conn) (_ *cdc.Teardown, err error) {
			// before anything is removed: then nobody knows any more whose the stream is
			if stream, err = findStream(ctx, cfg); err != nil {
				return nil, err
			}
			return cdc.NewTeardown(ctx, conn, cfg.CDC, tables)
		})
	if err == nil && apart {
		err = c.tearDown(ctx, cfg.Spool.URL, "HOOKLINE_SPOOL_DATABASE_URL", &result,
			func(conn *pgx.Conn) (*cdc.Teardown, error) {
				return cdc.NewSpoolTeardown(ctx, conn, cmp.Or(cfg.Spool.Schema, cfg.CDC.Schema), cfg.CDC.Slot,
					spool.Tables())
			})
	}
	if err == nil {
		err = stream.tearDown(ctx, c.DryRun, &result)
	}
	return errors.Join(err, c.tell(&result, err))
}

// tearDown removes what is in one of the databases, or finds out what that would be.
func (c teardownCommand) tearDown(ctx context.Context, url, setting string, result *removed,
	plan func(*pgx.Conn) (*cdc.Teardown, error),
) error {
	conn, err := cdc.TeardownConn(ctx, url)
	if err != nil {
		return fmt.Errorf("%s: %w", setting, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	here := place{Database: conn.Config().Database, Setting: setting}
	return cdc.WithPrepareLockIdle(ctx, conn, func() error {
		t, err := plan(conn)
		if err != nil {
			return err
		}
		defer func() {
			for _, k := range t.Skipped {
				result.Left = append(result.Left, kept{k, here})
			}
		}()
		if c.DryRun {
			for _, s := range t.Steps {
				result.Removed = append(result.Removed, removal{s, here})
			}
			return nil
		}
		p := newProgress("steps", len(t.Steps), c.JSON)
		defer p.end()
		return t.Apply(ctx, conn, func(s *cdc.Removal, err error) {
			if p.add(1); err == nil {
				result.Removed = append(result.Removed, removal{*s, here})
			}
		})
	})
}

// tell prints what was done. In a dry run standard output is SQL, to be run as it is; where the
// spool has a database of its own, what is said before each statement names the one to run it in.
func (c teardownCommand) tell(result *removed, failed error) error {
	if c.JSON {
		if failed != nil && len(result.Removed) == 0 {
			return nil
		}
		return printJSON(os.Stdout, result)
	}
	if c.DryRun {
		for _, s := range result.Removed {
			fmt.Printf("-- %s\n", result.in(s.place, s.What))
			if s.SQL != "" {
				fmt.Println(s.SQL + ";")
			}
		}
	} else {
		result.tellRemoved()
	}
	for _, l := range result.Left {
		line := fmt.Sprintf("%s: left as it is: %s", result.in(l.place, l.What), l.Why)
		if l.SQL != "" {
			line += "; " + l.SQL + ";"
		}
		if c.DryRun {
			line = "-- " + strings.ReplaceAll(line, "\n", " ")
		}
		fmt.Println(line)
	}
	if failed == nil && len(result.Removed) == 0 {
		fmt.Fprintln(os.Stderr, "There is nothing of Hookline to remove.")
	}
	return nil
}

// tellRemoved prints one line for each kind of what was removed: there may be thousands of tables.
func (r *removed) tellRemoved() {
	identities := 0
	for _, s := range r.Removed {
		if s.Kind == cdc.RestoreIdentity {
			identities++
		}
	}
	for _, s := range r.Removed {
		switch {
		case s.Kind != cdc.RestoreIdentity:
			fmt.Printf("%s: removed\n", r.in(s.place, s.What))
		case identities > 0:
			of := "replica identities of " + amount.Of(identities, "table")
			fmt.Printf("%s: as they were before\n", r.in(s.place, of))
			identities = 0
		}
	}
}
