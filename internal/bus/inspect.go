package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"hookline/cdc"
	"hookline/internal/amount"
)

// Inspect returns what is wrong with the bus for who wants to write it: nil for nothing, and also
// before the stream is made. The errors are those of Connect and MakeStream.
func Inspect(ctx context.Context, cfg Config, memory Memory, log *slog.Logger) error {
	memo, err := memory.LoadMemo(ctx)
	if err != nil {
		return err
	}
	b, err := Connect(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer b.Close()
	if memo == nil || !memo.Made {
		return nil
	}
	_, err = b.Stream(ctx, memo)
	return err
}

// Report is how the bus stands.
type Report struct {
	Stream     string   `json:"stream"`
	Partitions int      `json:"partitions"`
	Messages   uint64   `json:"messages"` // not settled as a whole; of up to 16 deliveries each
	Bytes      uint64   `json:"bytes"`
	MaxBytes   int64    `json:"maxBytes"` // -1 for no limit
	Replicas   int      `json:"replicas"`
	Batches    bool     `json:"batches"`            // the stream takes atomic ones
	Waiting    uint64   `json:"waiting"`            // of the messages, those that nobody has in hand
	InHand     int      `json:"inHand"`             // of them, those that a sender has
	Parts      []Part   `json:"parts"`              // the same of each partition
	Stranded   []int    `json:"stranded,omitempty"` // partitions with messages that no consumer brings
	Unheld     []int    `json:"unheld,omitempty"`   // partitions that no sender has
	Holders    []string `json:"holders"`            // of each partition; "" for nobody
}

// Part is how a partition stands.
type Part struct {
	Waiting uint64 `json:"waiting"`
	InHand  int    `json:"inHand"`
}

// ReadReport looks how the bus stands. It returns nil before the stream is made; the errors are
// those of Inspect.
func ReadReport(ctx context.Context, cfg Config, memory Memory, log *slog.Logger) (*Report, error) {
	memo, err := memory.LoadMemo(ctx)
	if err != nil {
		return nil, err
	}
	b, err := Connect(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if memo == nil || !memo.Made {
		return nil, nil
	}
	stream, err := b.Stream(ctx, memo)
	if err != nil {
		return nil, err
	}
	r := &Report{Stream: memo.Stream, Partitions: memo.Partitions}
	if r.Holders, err = b.Holders(ctx, memo.Partitions); err != nil {
		return nil, err
	}
	r.Parts = make([]Part, memo.Partitions)
	counted := make([]uint64, memo.Partitions)
	consumers := stream.ListConsumers(ctx)
	for info := range consumers.Info() {
		for partition := range counted {
			if info.Config.FilterSubject == cfg.subject(partition) {
				counted[partition] += brought(info)
				r.Parts[partition].InHand += max(0, info.NumAckPending)
			}
		}
	}
	if err := consumers.Err(); err != nil {
		return nil, away(err)
	}
	// Read after the consumers, some of this may have come since; what stays counts.
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(cfg.subjects()))
	if err != nil {
		return nil, away(err)
	}
	r.Bytes, r.MaxBytes = info.State.Bytes, info.Config.MaxBytes
	r.Replicas, r.Batches = max(1, info.Config.Replicas), info.Config.AllowAtomicPublish
	for partition, brought := range counted {
		subject := cfg.subject(partition)
		messages := info.State.Subjects[subject]
		r.Messages += messages
		part := &r.Parts[partition]
		if r.Holders[partition] == "" {
			part.InHand = 0 // who had it is dead
		}
		part.InHand = min(part.InHand, int(messages)) //nolint:gosec // some may have left since
		part.Waiting = messages - uint64(part.InHand) //nolint:gosec // no more than messages
		r.Waiting += part.Waiting
		r.InHand += part.InHand
		switch {
		case r.Holders[partition] == "":
			r.Unheld = append(r.Unheld, partition)
		case messages > brought && !moving(ctx, stream, subject, brought):
			r.Stranded = append(r.Stranded, partition)
		}
	}
	return r, nil
}

// brought is how many messages a consumer has brought or will bring, of those that are there.
func brought(c *jetstream.ConsumerInfo) uint64 {
	return c.NumPending + uint64(max(0, c.NumAckPending)) //nolint:gosec // not below 0
}

// moving reports whether what a subject has beyond a number of messages has only come meanwhile.
func moving(ctx context.Context, stream jetstream.Stream, subject string, counted uint64) bool {
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(subject))
	if err != nil || info.State.Subjects[subject] <= counted {
		return true
	}
	consumers := stream.ListConsumers(ctx)
	for c := range consumers.Info() {
		if c.Config.FilterSubject == subject {
			return brought(c) >= info.State.Subjects[subject]
		}
	}
	return consumers.Err() != nil
}

// Problems returns what is wrong.
func (r *Report) Problems() (list cdc.Problems) {
	if n := len(r.Unheld); n > 0 {
		list = append(list, &cdc.Problem{
			What: fmt.Sprintf("no sender has %s of stream %s: what comes there waits",
				amount.Of(n, "partition"), r.Stream),
			Hint: "start hookline run --role sender, and look at its log",
		})
	}
	if len(r.Stranded) > 0 {
		list = append(list, &cdc.Problem{
			What: fmt.Sprintf("stream %s has messages in partitions %v that no consumer brings", r.Stream,
				r.Stranded),
			Hint: "restart the senders: each makes its consumers anew",
		})
	}
	if r.MaxBytes > 0 && r.Bytes >= uint64(r.MaxBytes)/10*9 {
		list = append(list, &cdc.Problem{
			What: fmt.Sprintf("stream %s is full to nine tenths: %s of %s; once it is full, the slot "+
				"waits", r.Stream, size(r.Bytes), amount.Bytes(r.MaxBytes)),
			Hint: "more senders, or nats stream edit " + r.Stream + " --max-bytes=…",
		})
	}
	return list
}

// Fullest returns the partitions in which most waits, at most n, the fullest first.
func (r *Report) Fullest(n int) (list []int) {
	for partition, part := range r.Parts {
		if part.Waiting > 0 {
			list = append(list, partition)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int {
		return cmp.Compare(r.Parts[b].Waiting, r.Parts[a].Waiting)
	})
	return list[:min(n, len(list))]
}

// String tells how it stands, on one line.
func (r *Report) String() string {
	senders := map[string]bool{}
	for _, holder := range r.Holders {
		if holder != "" {
			senders[holder] = true
		}
	}
	limit := "no limit"
	if r.MaxBytes > 0 {
		limit = amount.Bytes(r.MaxBytes)
	}
	return fmt.Sprintf("stream %s: %d messages waiting, %d in hand, %s of %s; %s at %s, %s", r.Stream,
		r.Waiting, r.InHand, size(r.Bytes), limit, amount.Of(r.Partitions, "partition"),
		amount.Of(len(senders), "sender"), amount.Of(r.Replicas, "replica"))
}

func size(bytes uint64) string {
	return amount.Bytes(int64(bytes)) //nolint:gosec // of a disk
}

// IsAway reports whether an error says that the bus cannot be asked now.
func IsAway(err error) bool { return errors.Is(err, ErrAway) }
