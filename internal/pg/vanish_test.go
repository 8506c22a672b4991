package pg_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
)

// relay stands between clients and a server, and can forget its connections without a word.
type relay struct {
	net.Listener
	network, server string

	mu    sync.Mutex
	lives int  // connections of earlier ones are forgotten
	quiet bool // whether those are silent, or reset once something comes over them
	open  []net.Conn
}

func newRelay(t *testing.T, network, server string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l, network: network, server: server}
	t.Cleanup(func() {
		l.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, c := range r.open {
			c.Close()
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial(network, server)
			if err != nil {
				c.Close()
				continue
			}
			r.mu.Lock()
			r.open = append(r.open, c, there)
			life := r.lives
			r.mu.Unlock()
			go r.carry(c.(*net.TCPConn), there, life)
			go func() { _, _ = io.Copy(c, there) }()
		}
	}()
	return r
}

// forget forgets the connections that there are.
func (r *relay) forget(quiet bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lives++
	r.quiet = quiet
}

// carry carries what a client sends.
func (r *relay) carry(c *net.TCPConn, there net.Conn, life int) {
	p := make([]byte, 32<<10)
	for {
		n, err := c.Read(p)
		r.mu.Lock()
		forgotten, quiet := life != r.lives, r.quiet
		r.mu.Unlock()
		switch {
		case err != nil:
			there.Close()
			return
		case !forgotten:
			_, _ = there.Write(p[:n])
		case !quiet:
			_ = c.SetLinger(0)
			c.Close()
		}
	}
}

// TestVanishedConnections has all connections of a pool vanish without a word, which only a packet
// finds out. One statement fails, and none after it: also where nobody answers at all.
func TestVanishedConnections(t *testing.T) {
	for name, quiet := range map[string]bool{"the next packet is reset": false, "silence": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, err := pg.PoolConfig(postgrestest.NewDatabase(t), 3)
			if err != nil {
				t.Fatal(err)
			}
			network, server := pgconn.NetworkAddress(config.ConnConfig.Host, config.ConnConfig.Port)
			there := newRelay(t, network, server)
			config.ConnConfig.Host = "127.0.0.1"
			config.ConnConfig.Port = uint16(there.Addr().(*net.TCPAddr).Port)
			config.ConnConfig.Fallbacks = nil
			config.PingTimeout /= 50 // or the test waits for it
			pool, err := pgxpool.NewWithConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			var all []*pgxpool.Conn
			for range 3 {
				c, err := pool.Acquire(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, c)
			}
			for _, c := range all {
				c.Release()
			}
			there.forget(quiet)
			ask := func(within time.Duration) error {
				ctx, stop := context.WithTimeout(t.Context(), within)
				defer stop()
				_, err := pool.Exec(ctx, "SELECT 1")
				return err
			}
			if err := ask(time.Second / 10); err == nil {
				t.Fatal("a statement was answered over a connection that has vanished")
			}
			for pool.Stat().TotalConns() > 2 { // until the pool knows
				runtime.Gosched()
			}
			for range 3 {
				if err := ask(time.Minute); err != nil {
					t.Errorf("a later statement: %v", err)
				}
			}
		})
	}
}
