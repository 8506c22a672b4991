package operate

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/admin/api"
	"hookline/admin/recent"
	"hookline/cdc"
	"hookline/config"
	"hookline/internal/crm"
	"hookline/sender"
	"hookline/spool"
	"hookline/webhook/filter"
)

// Backend is where operators ask: the api.Backend of this process. What it takes of the database it
// opens when somebody asks, on connections of its own, and closes when nobody does any more. Safe
// for concurrent use.
type Backend struct {
	cfg     config.Config
	process process
	Recent  *recent.Log
	// Decisions of filters
	Chosen *filter.Decisions

	mu     sync.Mutex
	source *cdc.Source // of the present session, while it has the slot
	out    Delivering  // likewise; nil where other processes send

	view view

	diagnosis lastDiagnosis
}

// process is the process that is asked, over all its sessions.
type process interface {
	State() cdc.State
	Gap() *cdc.Gap // nil when there is none
}

// Delivering is who delivers in this process. Safe for concurrent use.
type Delivering interface {
	// WebhookStatuses tells of the webhooks that it has to do with.
	WebhookStatuses() []sender.WebhookStatus
	// Backlog is how many deliveries are not settled.
	Backlog() (inMemory, inSpool int)
}

var (
	_ api.Backend = (*Backend)(nil)
	_ Delivering  = (*sender.Sender)(nil)
)

// New returns the backend of a process. Close must be called in the end.
func New(cfg config.Config, p process) *Backend {
	return &Backend{
		cfg:     cfg,
		process: p,
		Recent:  recent.New(cfg.Admin.Recent),

		Chosen: filter.NewDecisions(cfg.Admin.Recent),
		view:   view{cfg: cfg},
	}
}

// Attend has the backend tell of a session, or, with nil, of none. source is nil where another
// process has the slot, out where others send.
func (d *Backend) Attend(source *cdc.Source, out Delivering) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.source, d.out = source, out
}

// present returns what attend was told last.
func (d *Backend) present() (*cdc.Source, Delivering) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.source, d.out
}

// Sample tells how things stand. It asks nobody but this process.
func (d *Backend) Sample() (s recent.Sample) {
	source, out := d.present()
	if source != nil {
		s.Lag = source.Lag()
	}
	if out != nil {
		inMemory, inSpool := out.Backlog()
		s.Backlog = inMemory + inSpool
	}
	return s
}

func (d *Backend) Close() { d.view.close() }

// view is the database and the spool, as seen by operators. It is open from when it is first used
// until nobody has used it for viewLasts.
type view struct {
	cfg config.Config

	mu    sync.Mutex // guards all below
	db    *crm.Database
	store *spool.Spool
	users int
	timer *time.Timer

	reading sync.Mutex // held by who has the catalog read anew
}

const (
	viewLasts = time.Minute
	askLimit  = 20 * time.Second // for what one request asks of the database
)

// use calls f with both.
func (v *view) use(
	ctx context.Context,
	f func(ctx context.Context, db *crm.Database, store *spool.Spool) error,
) error {
	ctx, cancel := context.WithTimeoutCause(ctx, askLimit,
		fmt.Errorf("the database has not answered within %s", askLimit))
	defer cancel()
	db, store, err := v.open(ctx)
	if err != nil {
		return err
	}
	defer v.release()
	return f(ctx, db, store)
}

// conn calls f with a connection.
func (v *view) conn(
	ctx context.Context,
	f func(ctx context.Context, db *crm.Database, conn *pgxpool.Conn) error,
) error {
	return v.use(ctx, func(ctx context.Context, db *crm.Database, _ *spool.Spool) error {
		return db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error { return f(ctx, db, conn) })
	})
}

func (v *view) open(ctx context.Context) (*crm.Database, *spool.Spool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.db == nil {
		db, err := crm.Open(ctx, v.cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err != nil {
			return nil, nil, err
		}
		db.Tries = crm.FewTries
		store, err := crm.OpenSpool(ctx, v.cfg)
		if err != nil {
			db.Close()
			return nil, nil, err
		}
		v.db, v.store = db, store
	}
	v.users++
	if v.timer != nil {
		v.timer.Stop()
	}
	return v.db, v.store, nil
}

func (v *view) release() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.users--; v.users == 0 {
		v.timer = time.AfterFunc(viewLasts, v.close)
	}
}

// close closes what is open, unless somebody uses it.
func (v *view) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.db != nil && v.users == 0 {
		v.db.Close()
		v.store.Close()
		v.db, v.store = nil, nil
	}
}
