package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrLapsed says that a partition is, or may be, another's by now.
var ErrLapsed = errors.New("the lease of the partition has lapsed")

// Lease is a partition for a while. It holds as long as it is renewed in time, by the clock of
// who holds it: others take it only after longer without a sign. Safe for concurrent use.
type Lease struct {
	Partition int
	Epoch     uint64 // rises with each holder

	ctx   context.Context // ends when it lapses
	lapse context.CancelCauseFunc

	mu    sync.Mutex
	until time.Time
	timer *time.Timer

	// The rest belongs to the Keeper.
	revision uint64
	stop     context.CancelFunc
	ended    bool // the work is over
}

// Held returns ErrLapsed unless the partition is surely this process's now. It is to be asked
// before each request.
func (l *Lease) Held() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil || !time.Now().Before(l.until) {
		return ErrLapsed
	}
	return nil
}

// Context ends when the lease has lapsed.
func (l *Lease) Context() context.Context { return l.ctx }

func newLease(ctx context.Context, partition int, epoch, revision uint64, until time.Time) *Lease {
	l := &Lease{Partition: partition, Epoch: epoch, revision: revision, until: until}
	l.ctx, l.lapse = context.WithCancelCause(ctx)
	l.timer = time.AfterFunc(time.Until(until), func() {
		if l.Held() != nil {
			l.lapse(ErrLapsed)
		}
	})
	return l
}

// renewed has the lease hold until a time.
func (l *Lease) renewed(revision uint64, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revision, l.until = revision, until
	l.timer.Reset(time.Until(until))
}

// holder is the value of a lease's key.
type holder struct {
	Owner string `json:"owner"` // "" for nobody
	Epoch uint64 `json:"epoch"`
}

func (h holder) encode() []byte {
	data, err := json.Marshal(h)
	if err != nil {
		panic(err) // there is nothing in it that could fail
	}
	return data
}

// Keys of the bucket.
const (
	leasePrefix  = "partition."
	memberPrefix = "sender."
	webhooksKey  = "webhooks" // the transaction that was the last to change webhooks
)

func leaseKey(partition int) string { return leasePrefix + strconv.Itoa(partition) }

// partitionOfKey returns the partition that a key is the lease of.
func partitionOfKey(key string) (int, bool) {
	number, ok := strings.CutPrefix(key, leasePrefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(number)
	return n, err == nil
}

// bucket returns the bucket of leases, which it makes where it is missing.
func (b *Bus) bucket(ctx context.Context) (jetstream.KeyValue, error) {
	kv, err := b.js.KeyValue(ctx, b.cfg.Stream())
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = b.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: b.cfg.Stream(), Replicas: b.cfg.Replicas, Storage: jetstream.FileStorage,
			Description: "Which process of Hookline has which partition.",
		})
	}
	if err != nil {
		return nil, away(fmt.Errorf("open bucket %s: %w", b.cfg.Stream(), err))
	}
	return kv, nil
}

// TellWebhooks tells all senders that a transaction has changed webhooks.
func (b *Bus) TellWebhooks(ctx context.Context, xid uint32) error {
	kv, err := b.bucket(ctx)
	if err != nil {
		return err
	}
	if _, err = kv.Put(ctx, webhooksKey, strconv.AppendUint(nil, uint64(xid), 10)); err != nil {
		return away(err)
	}
	return nil
}
