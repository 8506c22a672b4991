package operate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/config"
	"hookline/internal/crm"
	"hookline/spool"
	"hookline/webhook"
)

// KnownWebhooks are those that have a row, and those that the spool has something of: a webhook
// that was deleted leaves its dead deliveries there.
type KnownWebhooks struct {
	rows   []string // keys
	queues []string // likewise, in order
	// Unread says why it is not known which have a row; nil when that is known.
	Unread error
}

// ReadKnownWebhooks asks the CRM's database and the spool. It is no error when the former cannot be
// asked: see Unread.
func ReadKnownWebhooks(
	ctx context.Context, cfg config.Config, store *spool.Spool,
) (k KnownWebhooks, err error) {
	limit, cancel := context.WithTimeoutCause(ctx, askLimit,
		fmt.Errorf("the database has not answered within %s", askLimit))
	defer cancel()
	db, err := crm.Open(limit, cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err == nil {
		defer db.Close()
		k, err = knownWebhooks(limit, db, store)
	}
	if err != nil {
		k.rows, k.Unread = nil, err
	}
	return k, k.readQueues(ctx, store)
}

// knownWebhooks is ReadKnownWebhooks with what is open already, and all of it has to be known.
func knownWebhooks(
	ctx context.Context, db *crm.Database, store *spool.Spool,
) (k KnownWebhooks, err error) {
	err = db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		rows, err := db.Webhooks.Rows(ctx, conn.Conn())
		for _, row := range rows {
			k.rows = append(k.rows, row.Key)
		}
		return err
	})
	return k, errors.Join(err, k.readQueues(ctx, store))
}

func (k *KnownWebhooks) readQueues(ctx context.Context, store *spool.Spool) error {
	queues, err := Queues(ctx, store)
	k.queues = slices.Sorted(maps.Keys(queues))
	return err
}

// Key returns the key of the webhook that a name stands for: its key, its ID, or the beginning of
// an ID that no other has, where all are known. The error is a *webhook.NotFoundError when that is
// none, or several.
func (k *KnownWebhooks) Key(name string) (string, error) {
	all := slices.Concat(k.rows, k.queues)
	slices.Sort(all)
	key, err := webhook.PickKey(slices.Compact(all), name)
	switch {
	case k.Unread == nil:
	case err != nil:
		err = fmt.Errorf("%w; what is in the spool alone is known: %w", err, k.Unread)
	case key != name && !strings.HasSuffix(key, "/"+name):
		key, err = "", fmt.Errorf("webhook %q: the ID of %s begins so, and those of others may; say the "+
			"whole ID: what is in the spool alone is known: %w", name, key, k.Unread)
	}
	return key, err
}

// Deleted returns the keys of those that have no row any more, though the spool has something of
// them.
func (k *KnownWebhooks) Deleted() []string {
	if k.Unread != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(k.queues), func(key string) bool {
		return slices.Contains(k.rows, key)
	})
}

// ToDeleted returns how many deliveries the filter picks to webhooks that were deleted: nobody
// sends them again.
func (k *KnownWebhooks) ToDeleted(
	ctx context.Context, store *spool.Spool, f spool.Filter,
) (counts []spool.Count, err error) {
	f.NotTo = nil
	for _, key := range k.Deleted() {
		if f.Webhook != "" && f.Webhook != key {
			continue
		}
		one := f
		one.Webhook = key
		found, err := store.Count(ctx, one)
		if err != nil {
			return counts, err
		}
		counts = append(counts, found...)
	}
	return counts, nil
}

// NoReceiver is the error for dead deliveries that cannot be sent again, because their webhooks
// were deleted; nil when there are none.
func NoReceiver(deleted []spool.Count) error {
	if len(deleted) == 0 {
		return nil
	}
	keys := make([]string, len(deleted))
	for i, c := range deleted {
		keys[i] = c.Webhook
	}
	return fmt.Errorf("%s: deleted, so that its dead deliveries cannot be sent again; "+
		"`hookline deliveries discard --webhook %s` removes them", named(keys), keys[0])
}

func named(keys []string) string {
	if len(keys) == 1 {
		return "webhook " + keys[0]
	}
	return "each of the webhooks " + strings.Join(keys, ", ")
}
