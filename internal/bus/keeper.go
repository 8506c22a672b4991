package bus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
)

// Keeper takes leases of partitions: as many as are this process's share of those that live. One
// goroutine calls Run.
//
// A lease is a key of the bucket. Its holder writes it anew all the time, and each write names the
// revision before. Whoever has seen one not change for longer than a lease lasts takes it in the
// same way. No clock is compared with another one.
type Keeper struct {
	bus        *Bus
	partitions int
	id         string
	log        *slog.Logger
	taken      prometheus.Counter
	lapsed     prometheus.Counter
	onWebhooks func(xid uint32)

	kv   jetstream.KeyValue
	seen map[string]*sighting // by key
	held map[int]*Lease
	over chan *Lease // of which the work is over
	mu   sync.Mutex  // guards count
	n    int         // leases held
}

// sighting is a key as it was seen last.
type sighting struct {
	holder
	revision uint64
	at       time.Time // when it became what it is
}

// NewKeeper returns a Keeper. onWebhooks is called whenever webhooks have changed, and must not
// wait.
func NewKeeper(
	b *Bus, partitions int, onWebhooks func(xid uint32), registerer prometheus.Registerer,
) *Keeper {
	host, _ := os.Hostname() // "" will do: it is for people
	k := &Keeper{
		bus: b, partitions: partitions, log: b.log, onWebhooks: onWebhooks,
		id: strings.Map(keyRune, host) + "-" + rand.Text()[:8], held: map[int]*Lease{},
		over: make(chan *Lease, partitions),
		taken: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hookline_bus_takeovers_total", Help: "Partitions that this process has taken.",
		}),
		lapsed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hookline_bus_lapsed_total",
			Help: "Partitions that this process had to give up, as it could not renew their leases.",
		}),
	}
	registerer.MustRegister(k.taken, k.lapsed, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hookline_bus_held_partitions", Help: "Partitions that this process has.",
	}, func() float64 { return float64(k.Held()) }))
	return k
}

// keyRune leaves of a host's name what a key can have.
func keyRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
		return r
	}
	return '-'
}

// Held returns how many partitions this process has. Safe for concurrent use.
func (k *Keeper) Held() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.n
}

// Run takes partitions, and calls work for each in a goroutine of its own. The context of work ends
// when the partition is to be given up, or has lapsed; it is free for others once work returns.
// When ctx ends, Run waits for all of them.
func (k *Keeper) Run(ctx context.Context, work func(ctx context.Context, l *Lease)) {
	lease := k.bus.cfg.Lease
	tick := time.NewTicker(lease / 5)
	defer tick.Stop()
	// What is held is renewed until it is given up, also when ctx has ended.
	always, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var watch jetstream.KeyWatcher
	var updates <-chan jetstream.KeyValueEntry
	var heard time.Time
	stopping := ctx.Done()
	for {
		if watch == nil || time.Since(heard) > lease {
			if watch != nil {
				_ = watch.Stop()
			}
			if watch, updates = k.open(always), nil; watch != nil {
				updates = watch.Updates()
			}
			heard = time.Now()
		}
		select {
		case entry, open := <-updates:
			if !open {
				updates = nil
				continue
			}
			if entry != nil { // else all that was there has been seen
				heard = time.Now()
				k.see(entry)
				if len(updates) > 0 || !k.isFree(entry.Key()) {
					continue
				}
			}
		case l := <-k.over:
			k.giveBack(always, l)
		case <-stopping:
			stopping = nil
			for _, l := range k.held {
				l.stop()
			}
		case <-tick.C:
			k.renew(always, ctx.Err() == nil)
		}
		if ctx.Err() != nil && len(k.held) == 0 {
			break
		}
		if ctx.Err() == nil && k.kv != nil {
			k.balance(ctx, work)
		}
	}
	if watch != nil {
		_ = watch.Stop()
	}
	if k.kv != nil {
		bye, end := context.WithTimeout(always, time.Second)
		defer end()
		_ = k.kv.Delete(bye, memberPrefix+k.id) // else it is missed soon
	}
}

// open opens the bucket, and watches it.
func (k *Keeper) open(ctx context.Context) jetstream.KeyWatcher {
	limit, end := context.WithTimeout(ctx, k.bus.cfg.Lease/5)
	defer end()
	kv, err := k.bus.bucket(limit)
	if err != nil {
		k.log.Debug("the leases cannot be looked at", "error", err)
		return nil
	}
	watch, err := kv.WatchAll(ctx)
	if err != nil {
		k.log.Debug("the leases cannot be looked at", "error", err)
		return nil
	}
	k.kv, k.seen = kv, map[string]*sighting{}
	return watch
}

// see takes note of a key.
func (k *Keeper) see(entry jetstream.KeyValueEntry) {
	if entry.Operation() != jetstream.KeyValuePut {
		if _, lease := partitionOfKey(entry.Key()); lease {
			k.seen[entry.Key()] = &sighting{revision: entry.Revision(), at: time.Now()}
		} else {
			delete(k.seen, entry.Key())
		}
		return
	}
	if entry.Key() == webhooksKey {
		if xid, err := strconv.ParseUint(string(entry.Value()), 10, 32); err == nil {
			k.onWebhooks(uint32(xid))
		}
		return
	}
	s := &sighting{revision: entry.Revision(), at: time.Now()}
	if before := k.seen[entry.Key()]; before != nil && before.revision > s.revision {
		return
	}
	if err := json.Unmarshal(entry.Value(), &s.holder); err != nil {
		s.Owner = "?" // it is left alone for the length of a lease
	}
	k.seen[entry.Key()] = s
}

// isFree reports whether a key is that of a lease that nobody holds.
func (k *Keeper) isFree(key string) bool {
	_, lease := partitionOfKey(key)
	s := k.seen[key]
	return lease && s != nil && s.Owner == ""
}

// margin is how much longer than it lasts a lease is left alone: clocks need not be equally quick.
func (k *Keeper) margin() time.Duration { return k.bus.cfg.Lease / 5 }

// renew gives a sign of life, and renews what is held.
func (k *Keeper) renew(ctx context.Context, member bool) {
	if k.kv == nil {
		return
	}
	ctx, end := context.WithTimeout(ctx, k.bus.cfg.Lease/5)
	defer end()
	began := time.Now()
	var writes sync.WaitGroup
	if member {
		writes.Go(func() { _, _ = k.kv.Put(ctx, memberPrefix+k.id, holder{Owner: k.id}.encode()) })
	}
	for partition, l := range k.held {
		if l.ctx.Err() != nil {
			continue
		}
		writes.Go(func() {
			value := holder{k.id, l.Epoch}.encode()
			revision, err := k.kv.Update(ctx, leaseKey(partition), value, l.revision)
			switch {
			case err == nil:
				l.renewed(revision, began.Add(k.bus.cfg.Lease))
			case wrongSequence(err):
				k.confirm(ctx, l, began)
			}
		})
	}
	writes.Wait()
}

// confirm looks whether a lease is this process's still: a renewal may have been told as failed,
// and done.
func (k *Keeper) confirm(ctx context.Context, l *Lease, began time.Time) {
	entry, err := k.kv.Get(ctx, leaseKey(l.Partition))
	var now holder
	if err == nil {
		err = json.Unmarshal(entry.Value(), &now)
	}
	switch {
	case err == nil && now == holder{k.id, l.Epoch}:
		l.renewed(entry.Revision(), began.Add(k.bus.cfg.Lease))
	case err == nil, errors.Is(err, jetstream.ErrKeyNotFound):
		l.lapse(ErrLapsed)
	}
}

// giveBack makes a partition free for others, after the work at it is over.
func (k *Keeper) giveBack(ctx context.Context, l *Lease) {
	ctx, end := context.WithTimeout(ctx, k.bus.cfg.Lease/5)
	defer end()
	delete(k.held, l.Partition)
	k.tell()
	if err := l.Held(); err != nil {
		k.lapsed.Inc()
		k.log.Warn("a partition was given up: its lease was not renewed in time",
			"partition", l.Partition, "epoch", l.Epoch)
	} else {
		_, _ = k.kv.Update(ctx, leaseKey(l.Partition), holder{"", l.Epoch}.encode(), l.revision)
		k.log.Debug("partition given back", "partition", l.Partition, "epoch", l.Epoch)
	}
	l.timer.Stop()
	l.lapse(ErrLapsed)
}

// tell counts what is held for whoever asks.
func (k *Keeper) tell() {
	k.mu.Lock()
	k.n = len(k.held)
	k.mu.Unlock()
}

// balance gives up what is more than this process's share, and takes what is free of it.
func (k *Keeper) balance(ctx context.Context, work func(context.Context, *Lease)) {
	stale := k.bus.cfg.Lease + k.margin()
	members := 1 // this one
	for key, s := range k.seen {
		if strings.HasPrefix(key, memberPrefix) && key != memberPrefix+k.id && time.Since(s.at) < stale {
			members++
		}
	}
	share := (k.partitions + members - 1) / members
	keep := 0
	for _, partition := range slices.Sorted(maps.Keys(k.held)) {
		if l := k.held[partition]; !l.ended {
			if keep++; keep > share {
				l.ended = true
				l.stop()
			}
		}
	}
	offset := mathrand.IntN(k.partitions) // not all begin with the same one
	for n := range k.partitions {
		if len(k.held) >= share {
			return
		}
		partition := (n + offset) % k.partitions
		if k.held[partition] != nil {
			continue
		}
		s := k.seen[leaseKey(partition)]
		if s != nil && s.Owner != "" && time.Since(s.at) < stale {
			continue
		}
		if l := k.take(ctx, partition, s); l != nil {
			k.start(l, work)
		}
	}
}

// take takes a partition; nil when another one was quicker.
func (k *Keeper) take(ctx context.Context, partition int, s *sighting) *Lease {
	limit, end := context.WithTimeout(ctx, k.bus.cfg.Lease/5)
	defer end()
	if s == nil {
		s = &sighting{}
	}
	now := sighting{holder: holder{k.id, s.Epoch + 1}, at: time.Now()}
	var err error
	now.revision, err = k.kv.Update(limit, leaseKey(partition), now.encode(), s.revision)
	if err != nil {
		return nil
	}
	k.seen[leaseKey(partition)] = &now
	return newLease(context.WithoutCancel(ctx), partition, now.Epoch, now.revision,
		now.at.Add(k.bus.cfg.Lease))
}

// start works at a partition.
func (k *Keeper) start(l *Lease, work func(context.Context, *Lease)) {
	k.held[l.Partition] = l
	k.tell()
	k.taken.Inc()
	k.log.Debug("partition taken", "partition", l.Partition, "epoch", l.Epoch)
	var working context.Context
	working, l.stop = context.WithCancel(l.ctx)
	go func() {
		defer func() { k.over <- l }()
		work(working, l)
	}()
}

// Holders returns who holds each partition, "" for nobody: whoever has not been heard of for longer
// than a lease lasts, by the clock of the server, counts as nobody.
func (b *Bus) Holders(ctx context.Context, partitions int) ([]string, error) {
	holders := make([]string, partitions)
	kv, err := b.js.KeyValue(ctx, b.cfg.Stream())
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return holders, nil
	}
	if err != nil {
		return nil, away(err)
	}
	for partition := range holders {
		entry, err := kv.Get(ctx, leaseKey(partition))
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			return nil, away(err)
		}
		var h holder
		if err := json.Unmarshal(entry.Value(), &h); err != nil {
			return nil, fmt.Errorf("the lease of partition %d: %w", partition, err)
		}
		if time.Since(entry.Created()) < 2*b.cfg.Lease {
			holders[partition] = h.Owner
		}
	}
	return holders, nil
}
