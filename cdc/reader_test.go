package cdc

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/prometheus/client_golang/prometheus"
)

// tapped tells of each read deadline.
type tapped struct {
	net.Conn
	deadlines chan time.Time
}

func (c tapped) SetReadDeadline(t time.Time) error {
	err := c.Conn.SetReadDeadline(t)
	c.deadlines <- t
	return err
}

// silentReader returns a reader whose server never says anything, and takes whatever it is told.
func silentReader(t *testing.T) (*reader, tapped) {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { _, _ = here.Close(), there.Close() })
	go func() { _, _ = io.Copy(io.Discard, there) }()
	conn := tapped{here, make(chan time.Time, 100)}
	config, err := pgconn.ParseConfig("postgres://nowhere/x")
	if err != nil {
		t.Fatal(err)
	}
	input := bufio.NewReader(conn)
	pg, err := pgconn.Construct(&pgconn.HijackedConn{
		Conn:              conn,
		Frontend:          pgproto3.NewFrontend(input, conn),
		Config:            config,
		ParameterStatuses: map[string]string{},
		TxStatus:          'I',
		CustomData:        map[string]any{inputKey: input},
	})
	if err != nil {
		t.Fatal(err)
	}
	source, err := Open(Config{URL: "postgres://nowhere/x"}, nil, slog.New(slog.DiscardHandler),
		prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	source.ledger = newLedger(Position{End: 1}, 0)
	source.saved.Store(1)
	source.conn.Store(pg)
	return newReader(source, pg, Position{End: 1}, Position{}, new(batch)), conn
}

// TestInterruptedReaderWaitsAgain: an interrupt leaves a deadline in the past behind. A reader that
// finds nothing to do must set another, or it would go round and round until the old one is over.
func TestInterruptedReaderWaitsAgain(t *testing.T) {
	r, conn := silentReader(t)
	ended := make(chan error, 1)
	go func() { ended <- r.read() }()
	ahead := func(when string) {
		t.Helper()
		limit := time.After(time.Minute)
		for {
			select {
			case d := <-conn.deadlines:
				if d.After(time.Now()) {
					return
				}
			case <-limit:
				t.Fatalf("%s: the reader set no deadline ahead of it", when)
			}
		}
	}
	ahead("at first")
	for range 3 {
		r.source.interrupt()
		ahead("after an interrupt without news")
	}
	r.source.saved.Store(5)
	r.source.interrupt()
	ahead("after an interrupt with news")
	close(r.source.stop)
	r.source.interrupt()
	if err := <-ended; !errors.Is(err, ErrStopped) {
		t.Errorf("read ended with %v, want ErrStopped", err)
	}
}

func TestPings(t *testing.T) {
	now := time.Now()
	var slow, spread, burst keepaliveBurst
	for i := range 100 {
		if slow.count(7, now.Add(time.Duration(i)*time.Second)) {
			t.Fatalf("question %d of one a second is taken for a burst", i)
		}
		if spread.count(LSN(i), now) {
			t.Fatalf("question %d at ever new positions is taken for a burst", i)
		}
	}
	for i := range 20 {
		if got, want := burst.count(7, now.Add(time.Duration(i)*time.Millisecond)), i == 19; got != want {
			t.Errorf("question %d within 20 ms at one position: burst %t, want %t", i, got, want)
		}
	}
}
