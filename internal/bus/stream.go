package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hookline/cdc"
)

// Memo is what the database remembers of its stream.
type Memo struct {
	Stream      string // its name
	Incarnation string // that the stream bears, too: another one of that name is not this one
	Partitions  int
	Made        bool   // the stream was there once
	Last        uint64 // sequence that the stream has had at least, once it was there
}

// Memory keeps the Memo of the database's slot.
type Memory interface {
	LoadMemo(ctx context.Context) (*Memo, error) // nil when there is none
	SaveMemo(ctx context.Context, m Memo) error  // durable on return
}

// Keys of the stream's metadata.
const (
	metaPartitions  = "hookline-partitions"
	metaIncarnation = "hookline-incarnation"
)

const duplicates = 2 * time.Minute // for which the stream knows a message's id

func (c Config) stream(memo *Memo) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: c.Stream(), Subjects: []string{c.subjects()},
		Description: "Deliveries of Hookline. Made and checked by hookline run --role reader.",
		Retention:   jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage,
		Discard: jetstream.DiscardNew, MaxBytes: c.MaxBytes, Replicas: c.Replicas,
		Duplicates: duplicates, AllowRollup: true, AllowAtomicPublish: c.Replicas > 1,
		Metadata: map[string]string{
			metaPartitions: strconv.Itoa(memo.Partitions), metaIncarnation: memo.Incarnation,
		},
	}
}

// MakeStream returns the stream of the database, which it makes where none was made yet. It is for
// who holds the slot. The error is a *cdc.Gap when the stream is gone, or has lost something; a
// *cdc.Blocked when it must not be written to as it is; and wraps ErrAway when it cannot be asked.
func (b *Bus) MakeStream(ctx context.Context, memory Memory) (jetstream.Stream, *Memo, error) {
	memo, err := memory.LoadMemo(ctx)
	if err != nil {
		return nil, nil, err
	}
	if memo == nil {
		memo = &Memo{Stream: b.cfg.Stream(), Incarnation: rand.Text(), Partitions: b.cfg.Partitions}
		if err := memory.SaveMemo(ctx, *memo); err != nil {
			return nil, nil, err
		}
	}
	if memo.Stream == b.cfg.Stream() && !memo.Made {
		_, err := b.js.CreateStream(ctx, b.cfg.stream(memo))
		if err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return nil, nil, refusedStream(b.cfg, err)
		}
	}
	stream, err := b.Stream(ctx, memo)
	if err != nil {
		return nil, nil, err
	}
	if !memo.Made {
		memo.Made = true
		if err := memory.SaveMemo(ctx, *memo); err != nil {
			return nil, nil, err
		}
	}
	return stream, memo, nil
}

// refusedStream says why a stream cannot be made.
func refusedStream(cfg Config, err error) error {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		return &cdc.Blocked{Problem: cdc.Problem{
			What: fmt.Sprintf("NATS does not make stream %s: %s (%d)", cfg.Stream(), api.Description,
				api.ErrorCode),
			Hint: "see HOOKLINE_BUS_REPLICAS and HOOKLINE_BUS_MAX_BYTES, and what the account may have",
		}}
	}
	return away(fmt.Errorf("make stream %s: %w", cfg.Stream(), err))
}

// Stream returns the stream that a memo is of, as MakeStream does, and makes none.
func (b *Bus) Stream(ctx context.Context, memo *Memo) (jetstream.Stream, error) {
	if memo.Stream != b.cfg.Stream() {
		return nil, blocked(fmt.Sprintf("what is announced goes to stream %s, and HOOKLINE_NAME asks "+
			"for %s", memo.Stream, b.cfg.Stream()), "set HOOKLINE_NAME as it was")
	}
	stream, err := b.js.Stream(ctx, memo.Stream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound) && !memo.Made:
		return nil, away(errors.New("the stream was not made yet: hookline run --role reader makes it"))
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, gone(memo.Stream)
	case err != nil:
		return nil, away(fmt.Errorf("look for stream %s: %w", memo.Stream, err))
	}
	if err := b.examine(stream.CachedInfo(), memo); err != nil {
		return nil, err
	}
	return stream, b.checkEmptied(ctx, stream, memo)
}

// checkEmptied returns a *cdc.Gap when somebody has emptied a stream. What was in it cannot be told
// from what senders have acknowledged, but for the position and the mark: they are there always.
func (b *Bus) checkEmptied(ctx context.Context, stream jetstream.Stream, memo *Memo) error {
	if memo.Last == 0 { // perhaps nobody has written yet
		return nil
	}
	at, said, err := b.cfg.readSaid(ctx, stream)
	if err != nil {
		return away(err)
	}
	if said != 0 && at.Mark == 0 { // it is made at once, or was made by a version without one
		return nil
	}
	there, err := b.cfg.findMark(ctx, stream, at)
	if err != nil {
		return away(err)
	}
	if !there {
		return lost("stream " + memo.Stream + " was emptied, with the deliveries that were in it")
	}
	return nil
}

// examine tells what keeps a stream from being the one that a memo is of, and what Hookline needs.
func (b *Bus) examine(info *jetstream.StreamInfo, memo *Memo) error {
	if err := b.check(&info.Config, memo); err != nil {
		return err
	}
	if info.State.LastSeq < memo.Last {
		return lost(fmt.Sprintf("stream %s was set back: it ends at %d, and has had %d", memo.Stream,
			info.State.LastSeq, memo.Last))
	}
	return nil
}

func gone(stream string) error {
	return lost("stream " + stream + " is gone, with the deliveries that were in it")
}

func lost(what string) error {
	return &cdc.Gap{Reason: cdc.BusLost, Problem: cdc.Problem{
		What: what + "; they were acknowledged to Postgres, and cannot be read again",
		Hint: "hookline setup --accept-gap, to go on without them",
	}}
}

func blocked(what, hint string) error {
	return &cdc.Blocked{Problem: cdc.Problem{What: what, Hint: hint}}
}

// check tells what keeps the stream from being what Hookline needs.
func (b *Bus) check(c *jetstream.StreamConfig, memo *Memo) error {
	bears := c.Metadata[metaIncarnation]
	edit := func(change string) string { return "nats stream edit " + c.Name + " " + change }
	switch {
	case memo.Made && bears != "" && bears != memo.Incarnation:
		return lost(fmt.Sprintf("stream %s was removed and made anew, or another database has taken "+
			"its name", c.Name))
	case bears != memo.Incarnation:
		return blocked(fmt.Sprintf("there is a stream %s that this database has not made", c.Name),
			"set HOOKLINE_NAME to a name that no other database has")
	case c.Metadata[metaPartitions] != strconv.Itoa(memo.Partitions):
		return blocked(fmt.Sprintf("stream %s says that it has %s partitions, and has %d", c.Name,
			c.Metadata[metaPartitions], memo.Partitions),
			fmt.Sprintf("nats stream edit %s --metadata %s=%d", c.Name, metaPartitions, memo.Partitions))
	case memo.Partitions != b.cfg.Partitions:
		return blocked(fmt.Sprintf("HOOKLINE_BUS_PARTITIONS is %d, and stream %s has %d: that is for "+
			"life, or a webhook would be in two partitions", b.cfg.Partitions, c.Name, memo.Partitions),
			fmt.Sprintf("HOOKLINE_BUS_PARTITIONS=%d", memo.Partitions))
	case c.Discard != jetstream.DiscardNew:
		return blocked(fmt.Sprintf("stream %s throws the oldest away when it is full", c.Name),
			edit("--discard=new"))
	case c.Retention != jetstream.WorkQueuePolicy:
		return blocked(fmt.Sprintf("stream %s is no work queue, but of %s", c.Name, c.Retention),
			edit("--retention=work"))
	case c.Storage != jetstream.FileStorage:
		return blocked(fmt.Sprintf("stream %s is kept in memory", c.Name),
			"end the senders once it is empty, remove it, and hookline setup --accept-gap")
	case c.MaxAge > 0:
		return blocked(fmt.Sprintf("stream %s throws away what is older than %s", c.Name, c.MaxAge),
			edit("--max-age=0"))
	case c.MaxMsgsPerSubject > 0:
		return blocked(fmt.Sprintf("stream %s has a limit of %d messages for each subject", c.Name,
			c.MaxMsgsPerSubject), edit("--max-msgs-per-subject=-1"))
	case !slices.Contains(c.Subjects, b.cfg.subjects()):
		return blocked(fmt.Sprintf("stream %s does not take %s", c.Name, b.cfg.subjects()),
			edit("--subjects="+b.cfg.subjects()))
	case !c.AllowRollup:
		return blocked(fmt.Sprintf("stream %s allows no rollups", c.Name), edit("--allow-rollup"))
	}
	return nil
}
