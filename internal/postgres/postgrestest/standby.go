package postgrestest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Standby streams the server's WAL as a physical standby of that name does, and reports all that
// has come as flushed, as soon as it has come and when the server asks. It keeps none of it. It
// ends with the test.
func Standby(t testing.TB, url, name string) {
	t.Helper()
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["replication"] = "true"
	config.RuntimeParams["application_name"] = name
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	system, err := pglogrepl.IdentifySystem(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	start := system.XLogPos &^ (16<<20 - 1) // of its segment, as a standby starts
	conn.Frontend().SendQuery(&pgproto3.Query{
		String: fmt.Sprintf("START_REPLICATION PHYSICAL %s TIMELINE %d", start, system.Timeline),
	})
	if err := conn.Frontend().Flush(); err != nil {
		t.Fatal(err)
	}
	if message, err := conn.ReceiveMessage(t.Context()); err != nil {
		t.Fatal(err)
	} else if _, ok := message.(*pgproto3.CopyBothResponse); !ok {
		t.Fatalf("the server answers START_REPLICATION with a %T", message)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- follow(ctx, conn) }()
	t.Cleanup(func() {
		cancel(errEnd)
		if err := <-ended; !errors.Is(context.Cause(ctx), errEnd) {
			t.Errorf("standby %s: %v", name, err)
		}
		_ = conn.Close(context.Background())
	})
}

var errEnd = errors.New("the test is over")

func follow(ctx context.Context, conn *pgconn.PgConn) error {
	for {
		message, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		data, ok := message.(*pgproto3.CopyData)
		if !ok {
			return fmt.Errorf("unexpected message %T", message)
		}
		at := pglogrepl.LSN(binary.BigEndian.Uint64(data.Data[1:]))
		if data.Data[0] == pglogrepl.XLogDataByteID {
			at += pglogrepl.LSN(len(data.Data) - 1 - 8 - 8 - 8)
		} else if data.Data[17] == 0 {
			continue
		}
		err = pglogrepl.SendStandbyStatusUpdate(ctx, conn, pglogrepl.StandbyStatusUpdate{
			WALWritePosition: at, WALFlushPosition: at, WALApplyPosition: at,
		})
		if err != nil {
			return err
		}
	}
}
