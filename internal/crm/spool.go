package crm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/admin/api"
	"hookline/cdc"
	"hookline/config"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/sender"
	"hookline/spool"
	"hookline/webhook"
)

// OpenSpool returns the spool, in the CRM database unless another is set.
func OpenSpool(ctx context.Context, cfg config.Config) (*spool.Spool, error) {
	cfg.Spool.URL = cmp.Or(cfg.Spool.URL, cfg.CDC.URL)
	return spool.Open(ctx, cfg.Spool)
}

// PrepareSpool brings the spool's tables up to date.
func PrepareSpool(ctx context.Context, s *spool.Spool, log *slog.Logger) error {
	err := s.Migrate(ctx, log)
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fmt.Errorf("HOOKLINE_SPOOL_DATABASE_URL, or else HOOKLINE_DATABASE_URL: %w", err)
	}
	if pg.Is(err, pg.InsufficientPrivilege) {
		return &cdc.Problem{
			What: "the role may not make Hookline's tables: " + err.Error(),
			Hint: "let it: run what `hookline setup --print-sql` prints as a superuser, " +
				"or set HOOKLINE_SPOOL_DATABASE_URL to a database of its own",
		}
	}
	return err
}

// GaveUp returns a run of deliveries that were given up at a limit, as operators are told of it.
func GaveUp(g spool.Overflow) api.GaveUp {
	return api.GaveUp{
		Webhook: g.Webhook, First: g.First, Last: g.Last, Events: g.Events,
		Began: g.Began, Ended: g.Ended,
	}
}

// QueueStatus is a sender.Queue.
type QueueStatus struct {
	Webhook string    `json:"webhook"`
	Waiting int       `json:"waiting"`
	Dead    int       `json:"dead"`
	Bytes   int64     `json:"bytes"`
	Oldest  time.Time `json:"oldest,omitzero"` // commit time of the first that waits
	Paused  string    `json:"paused,omitempty"`
	Full    bool      `json:"full,omitempty"`
	Deleted bool      `json:"deleted,omitempty"` // its webhook has no row any more
}

// Problems returns what keeps the queue from being delivered.
func (q *QueueStatus) Problems() (list cdc.Problems) {
	if q.Deleted {
		if q.Waiting > 0 {
			list = append(list, &cdc.Problem{
				What: fmt.Sprintf("webhook %s was deleted, and %s for it", q.Webhook, q.waits()),
				Hint: "hookline run drops what waits for a webhook that was deleted; " +
					"dead ones stay until `hookline deliveries discard --webhook " + q.Webhook + "`",
			})
		}
		return list
	}
	if q.Full {
		list = append(list, &cdc.Problem{
			What: fmt.Sprintf("the spool is full for webhook %s, and what comes for it is given up",
				q.Webhook),
			Hint: "mend its receiver, `hookline deliveries discard`, " +
				"or raise HOOKLINE_SPOOL_MAX_BYTES or HOOKLINE_SPOOL_MAX_AGE",
		})
	}
	if q.Paused != "" && !strings.HasPrefix(q.Paused, sender.HeldFor) { // whose row tells
		list = append(list, &cdc.Problem{
			What: fmt.Sprintf("webhook %s is paused: %s", q.Webhook, q.Paused),
			Hint: fmt.Sprintf("it goes on when its row changes, "+
				"or with `hookline deliveries replay --webhook %s`", q.Webhook),
		})
	}
	return list
}

// NoteSince notes since when skipped webhooks get nothing, as operators were told.
func NoteSince(ctx context.Context, store *spool.Spool, list []webhook.Status) error {
	if !slices.ContainsFunc(list, func(s webhook.Status) bool { return s.State == webhook.Skipped }) {
		return nil
	}
	if _, err := store.Overflows(ctx); errors.Is(err, spool.ErrNotSetUp) {
		return nil
	} else if err != nil {
		return err
	}
	rows, err := store.Latest(ctx)
	for _, row := range rows {
		for i := range list {
			if s := &list[i]; s.Key == row.Webhook && row.What == mapper.Paused &&
				s.State == webhook.Skipped {
				s.Since = row.At.UTC()
			}
		}
	}
	return err
}

func (q *QueueStatus) waits() string {
	if q.Waiting == 1 {
		return "1 delivery waits"
	}
	return fmt.Sprintf("%d deliveries wait", q.Waiting)
}

// MarkDeleted marks the queues whose webhooks are none of those.
func MarkDeleted(queues []QueueStatus, webhooks []webhook.Status) {
	known := map[string]bool{}
	for _, w := range webhooks {
		known[w.Key] = true
	}
	for i := range queues {
		queues[i].Deleted = !known[queues[i].Webhook]
	}
}

// ReadSpool reads what waits and is dead, and what was given up at a limit; nothing when there is
// no spool yet.
func ReadSpool(ctx context.Context, store *spool.Spool) (
	queues []QueueStatus, gaveUp []api.GaveUp, err error,
) {
	queues = []QueueStatus{}
	runs, err := store.Overflows(ctx)
	if errors.Is(err, spool.ErrNotSetUp) {
		return queues, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, run := range runs {
		gaveUp = append(gaveUp, GaveUp(run))
	}
	list, err := store.Queues(ctx)
	for _, q := range list {
		queues = append(queues, QueueStatus{
			Webhook: q.Webhook, Waiting: q.Waiting, Dead: q.Dead, Bytes: q.Bytes, Oldest: q.Oldest,
			Paused: q.Paused, Full: q.Full,
		})
	}
	return queues, gaveUp, err
}
