package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// What the figures of Hookline are compared with.
const (
	limitParse = "receive and parse"
	limitPost  = "plain POST"
)

// receiveAndParse reads the slot and parses every message with pglogrepl, until t is complete, and
// does nothing else with the rows. It acknowledges nothing, so that the slot can be read again.
func receiveAndParse(ctx context.Context, d *database, slot string, t *tally) error {
	cfg, err := pgconn.ParseConfig(d.url)
	if err != nil {
		return err
	}
	cfg.RuntimeParams["replication"] = "database"
	// or the server would have to be told now and then that we are here
	cfg.RuntimeParams["wal_sender_timeout"] = "0"
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Conn().Close() // in the middle of the stream
	defer context.AfterFunc(ctx, func() { conn.Conn().Close() })()

	err = pglogrepl.StartReplication(ctx, conn, slot, 0, pglogrepl.StartReplicationOptions{
		PluginArgs: []string{"proto_version '1'", `publication_names '"hookline"'`},
	})
	if err != nil {
		return err
	}
	for {
		message, err := conn.Frontend().Receive()
		if err != nil {
			return err
		}
		data, ok := message.(*pgproto3.CopyData)
		if !ok {
			return fmt.Errorf("slot %s: unexpected %T", slot, message)
		}
		if data.Data[0] != pglogrepl.XLogDataByteID {
			continue
		}
		wal, err := pglogrepl.ParseXLogData(data.Data[1:])
		if err != nil {
			return err
		}
		change, err := pglogrepl.Parse(wal.WALData)
		if err != nil {
			return err
		}
		if complete := count(t, change, len(wal.WALData)); complete {
			return nil
		}
	}
}

// count puts the row of a message into the tally, and reports whether that is complete.
func count(t *tally, change pglogrepl.Message, size int) (complete bool) {
	var row *pglogrepl.TupleData
	after := 0 // a deletion counts as the version after the row's last: see identify
	switch m := change.(type) {
	case *pglogrepl.InsertMessage:
		row = m.Tuple
	case *pglogrepl.UpdateMessage:
		row = m.NewTuple
	case *pglogrepl.DeleteMessage:
		row, after = m.OldTuple, 1
	default:
		return false
	}
	t.observe(leadingNumber(row.Columns[0].Data), leadingNumber(row.Columns[1].Data)+after, size,
		time.Now())
	select {
	case <-t.complete:
		return true
	default:
		return false
	}
}

// plainPost sends n unsigned bodies of the given size to the receiver, from a process of its own.
func plainPost(ctx context.Context, to *receiver, n, size int) (*tally, usage, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, usage{}, err
	}
	t := to.expect(n, 1, 0)
	cmd := exec.CommandContext(ctx, self, posterArgument, to.url(0), strconv.Itoa(n),
		strconv.Itoa(size))
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), to.env()...)
	p, err := start(ctx, cmd, "")
	if err != nil {
		return nil, usage{}, err
	}
	u, err := p.wait()
	if err != nil {
		return nil, usage{}, err
	}
	return t, u, t.result().err()
}
