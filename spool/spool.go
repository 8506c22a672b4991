// Package spool keeps on disk, in Postgres, what must outlive the process: how far the stream is
// settled, and the deliveries that cannot be made now.
package spool

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/internal/pg"
	"hookline/sender"
)

// Config says where the spool is, whose it is, and what it may hold. Zero values stand for the
// defaults.
type Config struct {
	URL    string // the database, as a Postgres connection string; it need not be the CRM's
	Schema string // of the spool's tables; default hookline
	Slot   string // whose deliveries these are: several may share a schema; default hookline

	// of one webhook's deliveries, waiting and dead, as sender.Queue counts them; default 1 GiB
	MaxBytes int64
	// that the first in a webhook's queue may have waited there before the queue is full; default 168
	// h
	MaxAge time.Duration

	Connections int32 // to the database, at most; default 3
}

func (c Config) withDefaults() Config {
	c.Schema = cmp.Or(c.Schema, "hookline")
	c.Slot = cmp.Or(c.Slot, "hookline")
	c.MaxBytes = cmp.Or(c.MaxBytes, 1<<30)
	c.MaxAge = cmp.Or(c.MaxAge, 168*time.Hour)
	c.Connections = cmp.Or(c.Connections, connections)
	return c
}

// Spool is a schema in a database. It is the sender.Spool of one slot for the process that has
// claimed it; an operator's methods, and those of checkpoints, need no claim. Safe for concurrent
// use.
type Spool struct {
	cfg   Config
	pool  pool
	table string                // of checkpoints, quoted
	owner string                // under which it is claimed: the slot, or see Part
	has   func(string) bool     // webhooks that it is of; nil for all
	claim atomic.Pointer[claim] // nil before Claim
	left  atomic.Bool           // the table delivered may have something: see forget and Forget
}

var _ sender.Spool = (*Spool)(nil)

// connections are for one who writes, one who reads ahead, and one who asks how things stand.
const connections = 3

// session is what connections ask of the server, beside what pg.PoolConfig does (what is committed
// is durable there, whatever others put up with): that nobody waits for long for a process that is
// stuck or cut off. In the middle of a transaction, it would keep its successor from claiming the
// spool.
//
// https://www.postgresql.org/docs/current/runtime-config.html
var session = map[string]string{
	"lock_timeout":                        "30s",
	"idle_in_transaction_session_timeout": "10s",
	"tcp_keepalives_idle":                 "10",
	"tcp_keepalives_interval":             "5",
	"tcp_keepalives_count":                "3",
}

// Open returns the spool that cfg describes. Its connections are made as they are needed.
func Open(ctx context.Context, cfg Config) (*Spool, error) {
	cfg = cfg.withDefaults()
	config, err := pg.PoolConfig(cfg.URL, cfg.Connections)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	maps.Copy(config.ConnConfig.RuntimeParams, session)
	// nothing here is money, and poolers refuse what they do not know
	delete(config.ConnConfig.RuntimeParams, "lc_monetary")
	connections, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("spool database: %w", err)
	}
	return &Spool{
		cfg: cfg, pool: pool{connections, schema(pg.Identifier(cfg.Schema))},
		table: pg.Identifier(cfg.Schema, "checkpoint"), owner: cfg.Slot,
	}, nil
}

// Close ends the connections.
func (s *Spool) Close() { s.pool.Close() }
