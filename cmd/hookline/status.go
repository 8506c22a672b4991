package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
	"hookline/mapper"
	"hookline/spool"
	"hookline/webhook"
)

type statusCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// status is how things stand, as seen from the database: it says the same whichever process is asked, and when none runs.
type status struct {
	Healthy    bool             `json:"healthy"`
	Gap        *gapStatus       `json:"gap,omitempty"`
	Problems   []string         `json:"problems,omitempty"`
	Profile    string           `json:"profile"`
	Slot       slotStatus       `json:"slot"`
	Tables     int              `json:"publishedTables"`
	Checkpoint *cdc.Checkpoint  `json:"checkpoint,omitempty"`
	Private    []string         `json:"privateObjects,omitempty"` // not announced for that reason
	Shared     []string         `json:"sharedObjects,omitempty"`  // announced record by record
	Undecided  string           `json:"undecided,omitempty"`      // what becomes of those of which it is not known: told, not told
	Tenants    []tenantStatus   `json:"tenants,omitempty"`        // whose the records of the tables are
	Webhooks   []webhook.Status `json:"webhooks"`
	Spool      []queueStatus    `json:"spool"`
	Gaps       []spoolGap       `json:"givenUp,omitempty"`

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

// queueStatus is a sender.Queue.
type queueStatus struct {
	Webhook string    `json:"webhook"`
	Waiting int       `json:"waiting"`
	Dead    int       `json:"dead"`
	Bytes   int64     `json:"bytes"`
	Oldest  time.Time `json:"oldest,omitzero"` // commit time of the first that waits
	Paused  string    `json:"paused,omitempty"`
	Full    bool      `json:"full,omitempty"`
}

func (q *queueStatus) problems() (list cdc.Problems) {
	if q.Full {
		list = append(list, &cdc.Problem{
			What: fmt.Sprintf("the spool is full for webhook %s, and what comes for it is given up", q.Webhook),
			Mend: "mend its receiver, `hookline deliveries discard`, or raise HOOKLINE_SPOOL_MAX_BYTES or HOOKLINE_SPOOL_MAX_AGE",
		})
	}
	if q.Paused != "" {
		list = append(list, &cdc.Problem{
			What: fmt.Sprintf("webhook %s is paused: %s", q.Webhook, q.Paused),
			Mend: fmt.Sprintf("it goes on when its row changes, or with `hookline deliveries replay --webhook %s`", q.Webhook),
		})
	}
	return list
}

// spoolGap is a spool.Gap: deliveries that a full queue did not take.
type spoolGap struct {
	Webhook string    `json:"webhook"`
	First   string    `json:"first"`
	Last    string    `json:"last"`
	Events  int       `json:"events"`
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended,omitzero"`
}

// gapStatus is a cdc.Gap.
type gapStatus struct {
	Reason cdc.Reason `json:"reason"`
	What   string     `json:"what"`
	Mend   string     `json:"mend"`
}

type slotStatus struct {
	Name          string `json:"name"`
	Exists        bool   `json:"exists"`
	Making        bool   `json:"making,omitempty"`   // it is being made, and does not exist yet
	WaitsFor      string `json:"waitsFor,omitempty"` // while it is being made
	Active        bool   `json:"active"`
	WALStatus     string `json:"walStatus"`
	Confirmed     string `json:"confirmed"`
	LagBytes      int64  `json:"lagBytes"`
	RetainedBytes int64  `json:"retainedBytes"`
	SafeBytes     *int64 `json:"safeBytes,omitempty"` // until the slot is lost; nil without max_slot_wal_keep_size
}

// errUnhealthy ends the command with exit code 3.
var errUnhealthy = errors.New("unhealthy")

func (c statusCommand) Run(ctx context.Context) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler) // what it would log is what the command prints
	db, err := openDatabase(ctx, cfg, quiet, prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer db.close()
	db.tries = fewTries
	store, err := openSpool(ctx, cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	s := status{Profile: db.catalog.Profile()}
	if s.Checkpoint, err = store.LoadCheckpoint(ctx, cfg.CDC.Slot); err != nil {
		return err
	}
	if err := s.read(ctx, db, store); err != nil {
		return err
	}
	if err := s.readSpool(ctx, store); err != nil {
		return err
	}
	s.judge()
	if c.JSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(s)
	} else {
		err = s.print(os.Stdout, time.Now())
	}
	if err == nil && !s.Healthy {
		err = errUnhealthy
	}
	return err
}

func (s *status) read(ctx context.Context, db *database, store *spool.Spool) error {
	if err := db.load(ctx); err != nil {
		return err
	}
	s.Webhooks = db.webhooks.List()
	if twenty, ok := db.catalog.(*mapper.Twenty); ok {
		s.Private, s.Shared = twenty.Private(), twenty.Shared()
		s.Undecided = undecidedAre(db.cfg.Mapper.TellUndecided)
	}
	return db.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) (err error) {
		if err := s.readTenants(ctx, db, conn.Conn()); err != nil {
			return err
		}
		if err := s.readDeciding(ctx, db, conn.Conn()); err != nil {
			return err
		}
		if s.Slot, err = readSlot(ctx, conn.Conn(), db.cfg.CDC.Slot); err != nil {
			return err
		}
		err = conn.QueryRow(ctx, `SELECT count(*) FROM pg_publication_tables WHERE pubname = $1 AND schemaname <> $2`,
			db.cfg.CDC.Publication, db.cfg.Webhook.Schema).Scan(&s.Tables)
		if err != nil {
			return fmt.Errorf("count the tables of publication %q: %w", db.cfg.CDC.Publication, err)
		}
		gap, err := cdc.FindGap(ctx, conn.Conn(), db.cfg.CDC, store)
		if gap != nil {
			s.Gap = &gapStatus{gap.Reason, gap.What, gap.Mend}
		}
		if problem, ok := errors.AsType[*cdc.Problem](err); ok {
			s.Problems, err = append(s.Problems, problem.What+"; "+problem.Mend), nil
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
		held, err := cdc.FindHeld(ctx, conn.Conn(), db.cfg.CDC, false)
		if held != nil {
			s.add("held", &held.Problem)
		}
		return err
	})
}

// add notes on one line what is in the way of the stream.
func (s *status) add(state string, p *cdc.Problem) {
	s.Problems = append(s.Problems, fmt.Sprintf("%s: %s; %s", state, p.What, strings.ReplaceAll(p.Mend, "\n", " ")))
}

// readTenants reads whose the records of the tables are.
func (s *status) readTenants(ctx context.Context, db *database, conn *pgx.Conn) error {
	generic, ok := db.catalog.(*mapper.Generic)
	if !ok {
		return nil
	}
	list, err := generic.Ownerships(ctx, conn)
	for _, o := range list {
		s.Tenants = append(s.Tenants, tenantStatus{o.Table.Schema + "." + o.Table.Name, o.Column, o.Shared, o.Why, o.String()})
	}
	return err
}

// readDeciding notes tables that decide which records may be told, and that the role may not read.
func (s *status) readDeciding(ctx context.Context, db *database, conn *pgx.Conn) error {
	twenty, ok := db.catalog.(*mapper.Twenty)
	if !ok {
		return nil
	}
	found, err := twenty.CheckDeciding(ctx, conn)
	for _, f := range found {
		s.Problems = append(s.Problems, fmt.Sprintf("%s; %s: %s;", f.Found, f.Mend, strings.Join(f.SQL, "; ")))
	}
	return err
}

func readSlot(ctx context.Context, conn *pgx.Conn, name string) (slotStatus, error) {
	s := slotStatus{Name: name}
	var err error
	if s.Making, s.WaitsFor, err = cdc.SlotInTheMaking(ctx, conn, name); err != nil || s.Making {
		return s, err
	}
	err = conn.QueryRow(ctx, `SELECT active, coalesce(wal_status, ''), coalesce(confirmed_flush_lsn::text, ''),
		coalesce(pg_current_wal_lsn() - confirmed_flush_lsn, 0)::bigint, coalesce(pg_current_wal_lsn() - restart_lsn, 0)::bigint, safe_wal_size
		FROM pg_replication_slots WHERE slot_name = $1`, name).
		Scan(&s.Active, &s.WALStatus, &s.Confirmed, &s.LagBytes, &s.RetainedBytes, &s.SafeBytes)
	if s.Exists = err == nil; err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return s, fmt.Errorf("look slot %q up: %w", name, err)
	}
	return s, nil
}

// making tells that the slot is being made.
func (s *slotStatus) making() string {
	if s.WaitsFor == "" {
		return fmt.Sprintf("slot %q is being made", s.Name)
	}
	return fmt.Sprintf("slot %q is being made, and waits for %s", s.Name, s.WaitsFor)
}

// readSpool reads what waits and is dead; nothing when there is no spool yet.
func (s *status) readSpool(ctx context.Context, store *spool.Spool) error {
	s.Spool = []queueStatus{}
	gaps, err := store.Gaps(ctx)
	if errors.Is(err, spool.ErrNotSetUp) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, g := range gaps {
		s.Gaps = append(s.Gaps, spoolGap{g.Webhook, g.First, g.Last, g.Events, g.Began, g.Ended})
	}
	queues, err := store.Queues(ctx)
	for _, q := range queues {
		s.Spool = append(s.Spool, queueStatus{q.Webhook, q.Waiting, q.Dead, q.Bytes, q.Oldest, q.Paused, q.Full})
	}
	return err
}

// judge fills in what is wrong.
func (s *status) judge() {
	problem := func(format string, args ...any) { s.Problems = append(s.Problems, fmt.Sprintf(format, args...)) }
	switch {
	case s.Slot.Making && s.Checkpoint == nil:
		s.Gap = nil
		problem("%s", s.Slot.making())
	case !s.Slot.Exists && s.Checkpoint == nil:
		s.Gap = nil
		problem("slot %q does not exist yet: hookline setup, or hookline run", s.Slot.Name)
	case s.Gap != nil:
		problem("gap (%s): %s; %s", s.Gap.Reason, s.Gap.What, s.Gap.Mend)
	case !s.Slot.Active && s.blocked: // that is why
	case !s.Slot.Active:
		problem("nobody reads slot %q, and it keeps %s of WAL: start hookline run", s.Slot.Name, size(s.Slot.RetainedBytes))
	}
	if s.Tables == 0 && (s.Gap == nil || s.Gap.Reason != cdc.PublicationMissing) {
		problem("no table of the CRM is published: hookline doctor tells why")
	}
	for _, q := range s.Spool {
		for _, p := range q.problems() {
			problem("%s: %s", p.What, p.Mend)
		}
	}
	s.Healthy = len(s.Problems) == 0
}

func (s *status) print(out io.Writer, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "profile\t%s, %s published\n", s.Profile, plural(s.Tables, "table"))
	if s.Slot.Exists {
		state := "not active"
		if s.Slot.Active {
			state = "active"
		}
		fmt.Fprintf(w, "slot\t%s: %s, at %s, %s behind, keeps %s of WAL (%s)\n",
			s.Slot.Name, state, s.Slot.Confirmed, size(s.Slot.LagBytes), size(s.Slot.RetainedBytes), s.Slot.WALStatus)
		if s.Slot.SafeBytes != nil {
			fmt.Fprintf(w, "\tis lost after another %s of WAL\n", size(*s.Slot.SafeBytes))
		}
	}
	if c := s.Checkpoint; c != nil {
		last := ""
		if !c.Time.IsZero() {
			last = ", last change of " + humanize.RelTime(c.Time, now, "ago", "from now")
		}
		fmt.Fprintf(w, "checkpoint\t%s%s\n", c.Settled.End, last)
	}
	if len(s.Private) > 0 {
		fmt.Fprintf(w, "private\t%s: not announced, unless HOOKLINE_PRIVATE_OBJECTS names them\n", strings.Join(s.Private, ", "))
	}
	if len(s.Shared) > 0 {
		fmt.Fprintf(w, "by record\t%s: announced if something that the record belongs to is; what cannot be decided is %s (HOOKLINE_UNDECIDED)\n",
			strings.Join(s.Shared, ", "), s.Undecided)
	}
	for _, t := range s.Tenants {
		fmt.Fprintf(w, "tenant\t%s: %s\n", t.Table, t.what)
	}
	states := map[webhook.State]int{}
	for _, h := range s.Webhooks {
		states[h.State]++
	}
	fmt.Fprintf(w, "webhooks\t%d active, %d skipped, %d disabled\n", states[webhook.Active], states[webhook.Skipped], states[webhook.Disabled])
	for _, h := range s.Webhooks {
		fmt.Fprintf(w, "  %s\t%s  %s  %s\n", h.State, h.Key, h.Host, strings.Join(h.Operations, ","))
		if h.Reason != "" {
			fmt.Fprintf(w, "\t  %s\n", h.Reason)
		}
	}
	for _, q := range s.Spool {
		since := ""
		if q.Waiting > 0 {
			since = ", the first since " + humanize.RelTime(q.Oldest, now, "ago", "from now")
		}
		fmt.Fprintf(w, "spool\t%s: %d waiting%s, %d dead, %s\n", q.Webhook, q.Waiting, since, q.Dead, size(q.Bytes))
	}
	for _, g := range s.Gaps {
		fmt.Fprintf(w, "given up\t%s: %d deliveries from %s to %s\n", g.Webhook, g.Events, g.First, g.Last)
	}
	for _, p := range s.Problems {
		fmt.Fprintf(w, "PROBLEM\t%s\n", p)
	}
	return w.Flush()
}

func size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }
