package cdc

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/pg"
)

// Checkpoint and spool may be in a database of their own, which can be replaced by an empty one, or
// by another. That would look like a first start. So the CRM's database has a note of the
// checkpoint that was saved for it.

const spoolTable = "spool"

// readNotedSpool returns the ID of the checkpoint that was noted, "" when none was. The table is
// there.
func readNotedSpool(ctx context.Context, conn *pgconn.PgConn, cfg Config) (id string, err error) {
	results, err := conn.Exec(ctx, "SELECT to_json(checkpoint) FROM "+cfg.own(spoolTable).String()+
		" WHERE slot = "+pg.Literal(cfg.Slot)).ReadAll()
	if err == nil && len(results[0].Rows) > 0 {
		err = json.Unmarshal(results[0].Rows[0][0], &id)
	}
	if err != nil {
		return "", fmt.Errorf("look up which spool was used: %w", err)
	}
	return id, nil
}

// NoteSpool notes in the database which checkpoint is the slot's, once there is one. Where there is
// a note already it writes nothing.
func NoteSpool(ctx context.Context, conn *pgx.Conn, cfg Config, checkpoints Checkpoints) error {
	cfg = cfg.withDefaults()
	noted, err := readNotedSpool(ctx, conn.PgConn(), cfg)
	if err != nil || noted != "" {
		return err
	}
	c, err := checkpoints.LoadCheckpoint(ctx, cfg.Slot)
	if err != nil || c == nil {
		return err
	}
	_, err = conn.Exec(ctx, "INSERT INTO "+cfg.own(spoolTable).String()+" (slot, checkpoint) "+
		"VALUES ($1, $2) ON CONFLICT DO NOTHING", cfg.Slot, c.ID)
	if err != nil {
		return fmt.Errorf("note which spool is used: %w", err)
	}
	return nil
}

// ForgetSpool removes the note. The next checkpoint may be any.
func ForgetSpool(ctx context.Context, conn *pgx.Conn, cfg Config) error {
	if err := cfg.forgetNote(ctx, conn, spoolTable); err != nil {
		return fmt.Errorf("forget which spool was used: %w", err)
	}
	return nil
}

// forgetNote removes what a table that may be there holds of the slot.
func (c Config) forgetNote(ctx context.Context, conn *pgx.Conn, table string) error {
	c = c.withDefaults()
	name := c.own(table).String()
	there, err := queryExists(ctx, conn, name)
	if err == nil && there {
		_, err = conn.Exec(ctx, "DELETE FROM "+name+" WHERE slot = $1", c.Slot)
	}
	return err
}

// checkNotes returns a Gap when what was noted in the database speaks against going on: it is
// another environment than the process was told, or c, nil for none, is not the checkpoint of
// before.
func (s *system) checkNotes(cfg Config, c *Checkpoint) error {
	if err := s.checkEnvironment(cfg); err != nil {
		return err
	}
	if s.spool == "" || c != nil && c.ID == s.spool {
		return nil
	}
	found := "has no checkpoint of slot %q, and one was saved"
	if c != nil {
		found = "has another checkpoint of slot %q than that which was saved"
	}
	return &Gap{OtherSpool, Problem{
		What: fmt.Sprintf("the spool "+found+" for this database: it is another one than before, or was "+
			"emptied, and what waited in that of before is not delivered", cfg.Slot),
		Hint: strings.Join([]string{
			"if that is there: have HOOKLINE_SPOOL_DATABASE_URL lead to it, or take its schema along " +
				"(pg_dump --schema); nothing is lost then",
			"if it is gone: hookline setup --accept-gap --spool=keep, to go on without it",
			"if this database is a copy of one that is announced: hookline setup --accept-gap " +
				"--spool=discard, to announce its own changes from now on",
		}, "\n"),
	}}
}
