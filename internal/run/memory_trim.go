package run

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"hookline/internal/poll"
)

// trimmer decides when memory is given back that a burst of work has taken. Go does so by itself,
// but only when garbage has been collected, which it puts off for two minutes where nothing more is
// allocated, and a page at a time.
type trimmer struct {
	last, trimmed uint64 // bytes that were allocated until the last look, and until the last time
}

const (
	trimEvery = time.Second
	trimQuiet = 1 << 20 // bytes allocated since the last look: less than that is little
	trimAfter = 8 << 20 // allocated since the last time: for less it is not worth it
)

// next takes how many bytes were ever allocated, and reports whether memory is to be given back.
func (t *trimmer) next(allocated uint64) bool {
	quiet := allocated-t.last < trimQuiet
	t.last = allocated
	if !quiet || allocated-t.trimmed < trimAfter {
		return false
	}
	t.trimmed = allocated
	return true
}

// trimMemory gives memory back, whenever a burst of work is over, until ctx ends.
func trimMemory(ctx context.Context, schedule *poll.Schedule) {
	allocated := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(allocated)
	t := trimmer{last: allocated[0].Value.Uint64(), trimmed: allocated[0].Value.Uint64()}
	tick := schedule.Every(trimEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if metrics.Read(allocated); t.next(allocated[0].Value.Uint64()) {
			debug.FreeOSMemory()
		}
	}
}
