package run

import (
	"context"
	"errors"
	"log/slog"
	"slices"
)

// part is something that a life cycle starts, and stops in the end.
type part struct {
	name  string
	start func(context.Context) error // nil: nothing is started
	stop  func(context.Context) error // nil: nothing is stopped
}

// parts is a life cycle in order: each part stands on those before it.
type parts []part

// run starts the parts from first to last, works, and stops what was started from last to first.
// When a part cannot be started the work is left out, and that part is not stopped. A start that
// fails because ctx has ended is no error. What stops has a context that does not end with ctx, and
// must bound its own time. The error joins those of the start or the work with those of all stops.
func (l parts) run(ctx context.Context, log *slog.Logger, work func(context.Context) error) (
	err error,
) {
	started := 0
	defer func() {
		for _, p := range slices.Backward(l[:started]) {
			if p.stop == nil {
				continue
			}
			err = errors.Join(err, p.stop(context.WithoutCancel(ctx)))
			log.Debug("stopped", "part", p.name)
		}
	}()
	for _, p := range l {
		if p.start != nil {
			if err := p.start(ctx); err != nil {
				return UnlessEnded(ctx, err)
			}
			log.Debug("started", "part", p.name)
		}
		started++
	}
	return work(ctx)
}

// background is a part that goes on beside the work until it is stopped. The stop does not wait for
// its end: whatever it uses is closed later, and waits for it.
func background(name string, f func(context.Context)) part {
	var end context.CancelFunc
	return part{
		name: name,
		start: func(ctx context.Context) error {
			ctx, end = context.WithCancel(ctx)
			go f(ctx)
			return nil
		},
		stop: func(context.Context) error { end(); return nil },
	}
}

// UnlessEnded returns nil in place of an error when ctx has ended: who asked for the end does not
// want to hear of it.
func UnlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // see above
	}
	return err
}
