package bus

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Left is what a database has in the bus.
type Left struct {
	Stream   string // and the bucket of that name
	Messages uint64 // that are not settled; each has up to 16 deliveries
	Foreign  bool   // another database has made what is there by now
	Kept     bool   // the stream is there that the database has made
}

// FindLeft looks for what a memo is of; nil when nothing of it is there. The error wraps ErrAway,
// or is a *cdc.Blocked, as those of Connect.
func FindLeft(ctx context.Context, cfg Config, memo *Memo, log *slog.Logger) (*Left, error) {
	var left *Left
	err := withStream(ctx, cfg, memo, log, func(b *Bus, stream jetstream.Stream) error {
		left = &Left{Stream: memo.Stream}
		if stream == nil {
			_, err := b.js.KeyValue(ctx, memo.Stream)
			if errors.Is(err, jetstream.ErrBucketNotFound) {
				left = nil
				return nil
			}
			if err != nil {
				return away(err)
			}
			return nil
		}
		info, err := stream.Info(ctx, jetstream.WithSubjectFilter(">"))
		if err != nil {
			return away(err)
		}
		left.Kept = info.Config.Metadata[metaIncarnation] == memo.Incarnation
		left.Foreign = !left.Kept
		for subject, n := range info.State.Subjects {
			if !strings.HasSuffix(subject, positionSuffix) && !strings.HasSuffix(subject, markSuffix) {
				left.Messages += n
			}
		}
		return nil
	})
	return left, err
}

// Unreferenced returns which of the deliveries of a list no message of a memo's stream refers to:
// their data are of no use in the database. It reads all messages of their partitions.
func Unreferenced(
	ctx context.Context, cfg Config, memo *Memo, list []Key, log *slog.Logger,
) (left []Key, err error) {
	subjects, referenced := map[string]bool{}, map[Key]bool{}
	for _, k := range list {
		subjects[cfg.subject(PartitionOf(k.Webhook, memo.Partitions))] = true
	}
	err = withStream(ctx, cfg, memo, log, func(_ *Bus, stream jetstream.Stream) error {
		for subject := range subjects {
			for next := uint64(1); stream != nil; {
				m, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject))
				if errors.Is(err, jetstream.ErrMsgNotFound) {
					break
				}
				if err != nil {
					return away(err)
				}
				event, webhook, _ := strings.Cut(m.Header.Get(referenceHeader), " ")
				referenced[Key{event, webhook}] = true
				next = m.Sequence + 1
			}
		}
		return nil
	})
	for _, k := range list {
		if !referenced[k] {
			left = append(left, k)
		}
	}
	return left, err
}

// Remove removes the stream that a memo is of, and its leases. One of that name which another
// database has made stays.
func Remove(ctx context.Context, cfg Config, memo *Memo, log *slog.Logger) error {
	return withStream(ctx, cfg, memo, log, func(b *Bus, stream jetstream.Stream) error {
		if stream != nil && stream.CachedInfo().Config.Metadata[metaIncarnation] != memo.Incarnation {
			log.Warn("the stream was made by another database: it stays", "stream", memo.Stream)
			return nil
		}
		err := b.js.DeleteStream(ctx, memo.Stream)
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return away(err)
		}
		err = b.js.DeleteKeyValue(ctx, memo.Stream)
		if err != nil && !errors.Is(err, jetstream.ErrBucketNotFound) {
			return away(err)
		}
		return nil
	})
}

// withStream calls f with the stream that has the name that a memo tells, nil when there is none.
func withStream(ctx context.Context, cfg Config, memo *Memo, log *slog.Logger,
	f func(*Bus, jetstream.Stream) error,
) error {
	b, err := Connect(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer b.Close()
	stream, err := b.js.Stream(ctx, memo.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = nil, nil
	}
	if err != nil {
		return away(err)
	}
	return f(b, stream)
}
