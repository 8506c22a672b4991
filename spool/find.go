package spool

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
	"hookline/mapper"
)

// ErrNotSetUp says that there are no tables to look into, or that they are those of an earlier
// version.
var ErrNotSetUp = errors.New("nothing has been set up yet: hookline setup")

// DeliveryState is where a delivery is.
type DeliveryState string

const (
	Waiting DeliveryState = "waiting" // for an attempt
	Dead    DeliveryState = "dead"
)

// Filter picks deliveries: those that have all that it names. The zero Filter picks every one.
type Filter struct {
	Events  []string // IDs
	Webhook string   // its key
	Object  string
	Action  string
	Since   time.Time // committed then or later
	Until   time.Time // committed earlier
	State   DeliveryState
	Records []uint64 // mapper.Event.Record; nil: of all
	Status  int      // of the last answer; -1: attempts were made, and the last had none

	NotTo []string // keys of webhooks: those to them are left out

	Unwanted bool // those alone that are not marked by Want
}

// Delivery is a delivery in the spool, as an operator sees it.
type Delivery struct {
	ID        string        `json:"id"`    // of the event
	Event     string        `json:"event"` // its name
	Webhook   string        `json:"webhook"`
	Workspace string        `json:"workspaceId,omitempty"`
	State     DeliveryState `json:"state"`
	Wanted    bool          `json:"wanted,omitempty"` // dead, and to be sent again
	Replay    bool          `json:"replay,omitempty"` // was dead, and is sent again
	Attempts  int           `json:"attempts"`
	// requests sent again, though the receiver may have taken the one before
	Resent      int       `json:"resent,omitempty"`
	Status      int       `json:"status,omitempty"` // of the last answer
	Reason      string    `json:"reason,omitempty"` // why there was none
	Committed   time.Time `json:"committed"`
	Spooled     time.Time `json:"parked"`
	LastAttempt time.Time `json:"lastAttempt,omitzero"`
	// when the next attempt is; zero: as soon as it is its turn
	Due     time.Time       `json:"due,omitzero"`
	Bytes   int             `json:"bytes"` // that it counts
	Updated []string        `json:"updatedFields,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"` // the record: of Get only
}

// Count is a number of deliveries to one webhook.
type Count struct {
	Webhook string `json:"webhook"`
	Events  int    `json:"events"`
}

// Find returns the deliveries that f picks, at most limit of them, newest first.
func (s *Spool) Find(ctx context.Context, f Filter, limit int) (all []Delivery, err error) {
	states := []DeliveryState{f.State}
	if f.State == "" {
		states = []DeliveryState{Waiting, Dead}
	}
	for _, f.State = range states {
		left := limit
		for after := (Place{}); left > 0; {
			list, more, err := s.Page(ctx, f, after, left)
			if err != nil {
				return nil, err
			}
			all, left = append(all, list...), left-len(list)
			if after = more; more == (Place{}) {
				break
			}
		}
	}
	slices.SortFunc(all, func(a, b Delivery) int {
		return cmp.Or(b.Committed.Compare(a.Committed), mapper.CompareIDs(b.ID, a.ID),
			strings.Compare(a.Webhook, b.Webhook))
	})
	return all[:min(len(all), limit)], nil
}

// Get returns the deliveries of one event, with their data, by webhook; webhook "" stands for all.
func (s *Spool) Get(ctx context.Context, event, webhook string) ([]Delivery, error) {
	from, args := Filter{Events: []string{event}, Webhook: webhook}.from([]any{s.cfg.Slot}, Place{})
	rows, err := s.pool.Query(ctx, "SELECT "+shown+"data"+from+" ORDER BY webhook", args...)
	if err != nil {
		return nil, fmt.Errorf("find deliveries: %w", setUp(err))
	}
	list, err := pgx.CollectRows(rows, scanDelivery)
	if err != nil {
		return nil, fmt.Errorf("find deliveries: %w", setUp(err))
	}
	return list, nil
}

// shown are the columns that scanDelivery reads, before that of the data.
const shown = `event_id, object || '.' || action, webhook, workspace, d.dead, d.wanted, replay,
	attempts, resent, status, reason, commit_time, parked_at, last_attempt_at, due_at, size,
	updated_fields, `

func scanDelivery(row pgx.CollectableRow) (Delivery, error) {
	var d Delivery
	var dead bool
	var last, due *time.Time
	var data []byte
	err := row.Scan(&d.ID, &d.Event, &d.Webhook, &d.Workspace, &dead, &d.Wanted, &d.Replay,
		&d.Attempts, &d.Resent, &d.Status, &d.Reason, &d.Committed, &d.Spooled, &last, &due, &d.Bytes,
		&d.Updated, &data)
	if d.State = Waiting; dead {
		d.State = Dead
	}
	d.Committed, d.Spooled, d.Data = d.Committed.UTC(), d.Spooled.UTC(), data
	d.LastAttempt, d.Due = orZero(last), orZero(due)
	return d, err
}

// DeliveryID is one delivery's: that of an event to a webhook.
type DeliveryID struct{ Event, Webhook string }

// Holds returns which of the deliveries are in the spool.
func (s *Spool) Holds(ctx context.Context, list []DeliveryID) (map[DeliveryID]bool, error) {
	events, webhooks := make([]string, len(list)), make([]string, len(list))
	for i, id := range list {
		events[i], webhooks[i] = id.Event, id.Webhook
	}
	rows, err := s.pool.Query(ctx, `SELECT r.event, r.webhook
		FROM unnest($2::text[], $3::text[]) AS r (event, webhook)
		JOIN {{schema}}.queue q ON q.slot = $1 AND q.webhook = r.webhook
		WHERE EXISTS (SELECT FROM {{schema}}.delivery d WHERE d.queue = q.id AND d.event_id = r.event)`,
		s.cfg.Slot, events, webhooks)
	if err != nil {
		return nil, fmt.Errorf("look for deliveries: %w", setUp(err))
	}
	held := map[DeliveryID]bool{}
	var id DeliveryID
	_, err = pgx.ForEachRow(rows, []any{&id.Event, &id.Webhook}, func() error {
		held[id] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for deliveries: %w", setUp(err))
	}
	return held, nil
}

// Count returns how many deliveries f picks, by webhook.
func (s *Spool) Count(ctx context.Context, f Filter) ([]Count, error) {
	where, args := f.where([]any{s.cfg.Slot})
	rows, err := s.pool.Query(
		ctx,
		`SELECT webhook, count(*) FROM {{schema}}.queue q JOIN {{schema}}.delivery d ON d.queue = q.id
			WHERE slot = $1`+where+`
		GROUP BY webhook ORDER BY webhook`,
		args...)
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", setUp(err))
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Count])
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", setUp(err))
	}
	return list, nil
}

// where returns the condition on queue q and delivery d, which begins with AND unless it is empty,
// and args with its arguments after them.
func (f Filter) where(args []any) (string, []any) {
	var sql strings.Builder
	and := func(condition string, value any) {
		args = append(args, value)
		fmt.Fprintf(&sql, " AND "+condition, len(args))
	}
	if len(f.Events) > 0 {
		and("event_id = ANY ($%d)", f.Events)
	}
	if f.Webhook != "" {
		and("webhook = $%d", f.Webhook)
	}
	if len(f.NotTo) > 0 {
		and("webhook <> ALL ($%d)", f.NotTo)
	}
	if f.Object != "" {
		and("object = $%d", f.Object)
	}
	if f.Action != "" {
		and("action = $%d", f.Action)
	}
	if !f.Since.IsZero() {
		and("commit_time >= $%d", f.Since)
	}
	if !f.Until.IsZero() {
		and("commit_time < $%d", f.Until)
	}
	switch f.State {
	case Waiting:
		sql.WriteString(" AND NOT d.dead")
	case Dead:
		sql.WriteString(" AND d.dead")
	}
	if f.Records != nil {
		ids := make([]int64, len(f.Records))
		for i, id := range f.Records {
			ids[i] = int64(id)
		}
		and("record = ANY ($%d)", ids)
	}
	switch {
	case f.Status > 0:
		and("status = $%d", f.Status)
	case f.Status < 0:
		sql.WriteString(" AND status = 0 AND attempts > 0")
	}
	if f.Unwanted {
		sql.WriteString(" AND NOT d.wanted")
	}
	return sql.String(), args
}

// setUp returns ErrNotSetUp in place of the error that a table is missing.
func setUp(err error) error {
	if pg.Is(err, pg.UndefinedTable) {
		return ErrNotSetUp
	}
	return err
}
