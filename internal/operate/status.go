package operate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/admin/api"
	"hookline/cdc"
	"hookline/config"
	"hookline/internal/amount"
	"hookline/internal/bus"
	"hookline/internal/crm"
	"hookline/mapper"
	"hookline/spool"
	"hookline/webhook"
)

// Status is how things stand, as seen from the database: it says the same whichever process is
// asked, and when none runs.
type Status struct {
	Healthy    bool              `json:"healthy"`
	Gap        *GapStatus        `json:"gap,omitempty"`
	Problems   []string          `json:"problems,omitempty"`
	Profile    string            `json:"profile"`
	Slot       crm.SlotStatus    `json:"slot"`
	Tables     int               `json:"publishedTables"`
	Checkpoint *CheckpointStatus `json:"checkpoint,omitempty"`
	Private    []string          `json:"privateObjects,omitempty"` // not announced for that reason
	Shared     []string          `json:"sharedObjects,omitempty"`  // announced record by record
	// Undecided is what becomes of those of which it is not known: told, not told.
	Undecided string            `json:"undecided,omitempty"`
	Tenants   []tenantStatus    `json:"tenants,omitempty"` // whose the records are
	Webhooks  []webhook.Status  `json:"webhooks"`
	Spool     []crm.QueueStatus `json:"spool"`
	Gaps      []api.GaveUp      `json:"givenUp,omitempty"`
	Bus       *bus.Report       `json:"bus,omitempty"` // where deliveries go through one

	blocked bool // the slot must not be read at present, and Problems tells why
}

// tenantStatus is a mapper.Ownership.
type tenantStatus struct {
	Table  string `json:"table"`
	Column string `json:"column,omitempty"`
	Shared bool   `json:"shared,omitempty"`
	Nobody string `json:"nobody,omitempty"` // why no tenant hears of it
	what   string
}

func (t tenantStatus) String() string { return t.what }

// CheckpointStatus is how far Hookline has come.
type CheckpointStatus struct {
	Settled    string    `json:"settled"` // all that ends before this position is
	Timeline   int32     `json:"timeline,omitempty"`
	LastChange time.Time `json:"lastChange,omitzero"` // that is settled
}

func checkpointStatus(c *cdc.Checkpoint) *CheckpointStatus {
	if c == nil {
		return nil
	}
	return &CheckpointStatus{c.Settled.End.String(), c.Timeline, utc(c.Time)}
}

// GapStatus is a cdc.Gap.
type GapStatus struct {
	Reason cdc.Reason `json:"reason"`
	What   string     `json:"what"`
	Hint   string     `json:"mend"`
}

// ReadStatus looks how things stand.
func ReadStatus(ctx context.Context, cfg config.Config) (*Status, error) {
	quiet := slog.New(slog.DiscardHandler) // what it would log is what the command prints
	db, err := crm.Open(ctx, cfg, quiet, prometheus.NewRegistry())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.Tries = crm.FewTries
	store, err := crm.OpenSpool(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	s := &Status{Profile: db.Catalog.Profile()}
	checkpoint, err := store.LoadCheckpoint(ctx, cfg.CDC.Slot)
	if err != nil {
		return nil, err
	}
	s.Checkpoint = checkpointStatus(checkpoint)
	if err := s.read(ctx, db, store); err != nil {
		return nil, err
	}
	unwritable, err := store.CheckWrites(ctx)
	if err != nil {
		return nil, err
	}
	if unwritable != nil {
		s.add("spool", unwritable)
	}
	if s.Spool, s.Gaps, err = crm.ReadSpool(ctx, store); err != nil {
		return nil, err
	}
	if err := crm.NoteSince(ctx, store, s.Webhooks); err != nil {
		return nil, err
	}
	crm.MarkDeleted(s.Spool, s.Webhooks)
	if err := s.readBus(ctx, cfg, store, quiet); err != nil {
		return nil, err
	}
	s.judge()
	return s, nil
}

func (s *Status) read(ctx context.Context, db *crm.Database, store *spool.Spool) error {
	if err := db.Load(ctx); err != nil {
		return err
	}
	s.Webhooks = db.Webhooks.List()
	if restricted, ok := db.Catalog.(mapper.Restricted); ok {
		s.Private, s.Shared = restricted.Private(), restricted.Shared()
		s.Undecided = crm.Undecided(db.Config.Mapper.TellUndecided)
	}
	return db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) (err error) {
		if err := s.readTenants(ctx, db, conn.Conn()); err != nil {
			return err
		}
		if err := s.readDeciding(ctx, db, conn.Conn()); err != nil {
			return err
		}
		if s.Slot, err = crm.ReadSlot(ctx, conn.Conn(), db.Config.CDC.Slot); err != nil {
			return err
		}
		err = conn.QueryRow(ctx, `
			SELECT count(*) FROM pg_publication_tables WHERE pubname = $1 AND schemaname <> $2`,
			db.Config.CDC.Publication, db.Config.Webhook.Schema).Scan(&s.Tables)
		if err != nil {
			return fmt.Errorf("count the tables of publication %q: %w", db.Config.CDC.Publication, err)
		}
		gap, err := cdc.FindGap(ctx, conn.Conn(), db.Config.CDC, store)
		if gap != nil {
			s.Gap = &GapStatus{gap.Reason, gap.What, gap.Hint}
		}
		if problem, ok := errors.AsType[*cdc.Problem](err); ok {
			s.Problems, err = append(s.Problems, problem.What+"; "+problem.Hint), nil
		}
		if err != nil {
			return err
		}
		blocked, err := cdc.FindBlocked(ctx, conn.Conn())
		if s.blocked = blocked != nil; s.blocked {
			s.add(cdc.StateBlocked.String(), &blocked.Problem)
		}
		if err != nil {
			return err
		}
		held, err := cdc.FindHeld(ctx, conn.Conn(), db.Config.CDC)
		if held != nil {
			s.add("held", &held.Problem)
		}
		return err
	})
}

// add notes on one line what is in the way of the stream.
func (s *Status) add(state string, p *cdc.Problem) {
	ways := strings.Split(p.Hint, "\n")
	for i := range ways {
		ways[i] = strings.TrimSuffix(ways[i], ";")
	}
	s.Problems = append(s.Problems,
		fmt.Sprintf("%s: %s; %s", state, p.What, strings.Join(ways, "; ")))
}

// readBus looks how the bus stands, where there is one.
func (s *Status) readBus(
	ctx context.Context, cfg config.Config, store *spool.Spool, log *slog.Logger,
) (err error) {
	if cfg.Bus.On() {
		s.Bus, err = bus.ReadReport(ctx, cfg.Bus, store, log)
	} else {
		err = crm.LeftBus(ctx, store)
	}
	gap, isGap := errors.AsType[*cdc.Gap](err)
	problem, known := errors.AsType[*cdc.Problem](err)
	switch {
	case isGap && s.Gap == nil:
		s.Gap = &GapStatus{gap.Reason, gap.What, gap.Hint}
	case known:
		s.add("bus", problem)
	case bus.IsAway(err):
		s.add("bus", &cdc.Problem{What: err.Error(), Hint: bus.Meanwhile})
	default:
		return err
	}
	return nil
}

// readTenants reads whose the records of the tables are.
func (s *Status) readTenants(ctx context.Context, db *crm.Database, conn *pgx.Conn) error {
	tenanted, ok := db.Catalog.(mapper.Tenanted)
	if !ok {
		return nil
	}
	list, err := tenanted.Ownerships(ctx, conn)
	for _, o := range list {
		s.Tenants = append(s.Tenants, tenantStatus{
			o.Table.Schema + "." + o.Table.Name, o.Column,
			o.Shared, o.Why, o.String(),
		})
	}
	return err
}

// readDeciding notes tables that decide which records may be told, and that the role may not read.
func (s *Status) readDeciding(ctx context.Context, db *crm.Database, conn *pgx.Conn) error {
	restricted, ok := db.Catalog.(mapper.Restricted)
	if !ok {
		return nil
	}
	found, err := restricted.CheckDeciding(ctx, conn)
	for _, f := range found {
		s.Problems = append(s.Problems, fmt.Sprintf("%s; %s: %s;", f.Found, f.Hint, strings.Join(f.SQL,
			"; ")))
	}
	return err
}

// judge fills in what is wrong.
func (s *Status) judge() {
	problem := func(format string, args ...any) {
		s.Problems = append(s.Problems, fmt.Sprintf(format,
			args...))
	}
	switch {
	case s.Slot.Making && s.Checkpoint == nil:
		s.Gap = nil
		problem("%s", s.Slot.BeingMade())
	case !s.Slot.Exists && s.Checkpoint == nil && (s.Gap == nil || s.Gap.Reason == cdc.SlotMissing):
		s.Gap = nil
		problem("slot %q does not exist yet: hookline setup, or hookline run", s.Slot.Name)
	case s.Gap != nil:
		problem("gap (%s): %s; %s", s.Gap.Reason, s.Gap.What, s.Gap.Hint)
	case !s.Slot.Active && s.blocked: // that is why
	case !s.Slot.Active:
		problem("nobody reads slot %q, and it keeps %s of WAL: start hookline run", s.Slot.Name,
			amount.Bytes(s.Slot.RetainedBytes))
	}
	if s.Tables == 0 && (s.Gap == nil || s.Gap.Reason != cdc.PublicationMissing) {
		problem("no table of the CRM is published: hookline doctor tells why")
	}
	for _, h := range s.Webhooks {
		if h.State == webhook.Skipped {
			since := ""
			if !h.Since.IsZero() {
				since = " since " + h.Since.Format(time.RFC3339)
			}
			problem("webhook %s gets nothing%s, as its row has a mistake: %s; correct the column that is "+
				"named: %s", h.Key, since, h.Reason, h.Meanwhile())
		}
	}
	for _, q := range s.Spool {
		for _, p := range q.Problems() {
			problem("%s: %s", p.What, p.Hint)
		}
	}
	if s.Bus != nil {
		for _, p := range s.Bus.Problems() {
			problem("%s; %s", p.What, p.Hint)
		}
	}
	s.Healthy = len(s.Problems) == 0
}
