package run

import (
	"context"
	"sync"
	"time"

	"hookline/cdc"
	"hookline/internal/bus"
	"hookline/internal/crm"
	"hookline/webhook"
)

// addressees are the webhooks as a sender knows them: read from the database, anew whenever the
// reader tells that they have changed, or a message is for a version that is not known yet. So
// whoever delivers knows at least what the reader knew when it published. Safe for concurrent use.
type addressees struct {
	db   *crm.Database
	news chan uint32 // the transaction that was the last to change webhooks

	mu   sync.Mutex      // held while webhooks are read
	told map[string]bool // versions, by webhook, for which they were read anew

	versions sync.Map // *webhook.Subscription → its version
}

// newAddressees returns none yet. recheck is called with the key of each webhook that changes.
func newAddressees(db *crm.Database, recheck func(key string)) *addressees {
	a := &addressees{db: db, news: make(chan uint32, 1), told: map[string]bool{}}
	db.Webhooks.OnChange(recheck)
	return a
}

// mostTold bounds the versions that are remembered. Beyond, webhooks are read once more for each.
const mostTold = 10_000

// load reads the webhooks as they are once a transaction is visible; 0 for none.
func (a *addressees) load(ctx context.Context, xid uint32) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.read(ctx, xid)
}

// read is load for who holds the lock.
func (a *addressees) read(ctx context.Context, xid uint32) error {
	var tx *cdc.Tx
	if xid != 0 {
		tx = &cdc.Tx{XID: xid}
	}
	a.versions.Clear()
	return a.db.ReadWebhooks(ctx, tx)
}

// version returns the version of a subscription, which is immutable.
func (a *addressees) version(s *webhook.Subscription) string {
	if v, ok := a.versions.Load(s); ok {
		return v.(string)
	}
	v := s.Version()
	a.versions.Store(s, v)
	return v
}

// find returns the webhook that a message is for, nil when it is gone. It reads the webhooks anew
// when it has not the version that the message is for, once for each: a newer one is as good.
func (a *addressees) find(ctx context.Context, m bus.Message) (*webhook.Subscription, error) {
	to := a.db.Webhooks.Known(m.Webhook)
	if to != nil && a.version(to) == m.Version {
		return to, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	version := m.Webhook + " " + m.Version
	if !a.told[version] {
		if err := a.read(ctx, m.Seen); err != nil {
			return nil, err
		}
		if len(a.told) == mostTold {
			clear(a.told)
		}
		a.told[version] = true
	}
	return a.db.Webhooks.Known(m.Webhook), nil
}

// changed notes that a transaction has changed webhooks. It does not wait.
func (a *addressees) changed(xid uint32) {
	for {
		select {
		case a.news <- xid:
			return
		default:
		}
		select {
		case <-a.news: // the later one will do
		default:
		}
	}
}

// follow reads the webhooks whenever they have changed, until ctx ends.
func (a *addressees) follow(ctx context.Context) {
	for {
		select {
		case xid := <-a.news:
			for ctx.Err() == nil {
				err := a.load(ctx, xid)
				if err == nil || ctx.Err() != nil {
					break
				}
				a.db.Log.Warn("the webhooks cannot be read anew", "error", err)
				wait(ctx, time.Second)
			}
		case <-ctx.Done():
			return
		}
	}
}
