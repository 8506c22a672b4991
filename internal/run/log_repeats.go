package run

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	foldWindow  = 10 * time.Second // in which lines that say the same are counted together
	foldAfter   = 5                // of them that are written before the rest is only counted
	mostRepeats = 1000             // that are told apart; lines of further ones are all written
)

// distinguishing are the keys whose values make two lines say something else. All others, such as
// the event's ID, the attempt or the time, differ from line to line of one failure.
var distinguishing = []string{
	"webhook", "host", "status", "error", "reason", "verdict", "table", "object",
	"setting", "dead_letter", "doing",
}

// folding is a slog.Handler that keeps repeated warnings readable: of those that say the same, the
// first few within 10 s are written. Then comes the last one for all others; its attribute repeated
// says how many it stands for. At level debug it is not used. Safe for concurrent use.
type folding struct {
	slog.Handler
	repeats *repeats
}

// repeats are the warnings of late, by what they say.
type repeats struct {
	mu sync.Mutex
	of map[string]*repeat
}

// repeat is one of them.
type repeat struct {
	lines   int         // within the window
	omitted int         // that were not written
	last    slog.Record // of them
	handler slog.Handler
}

func newFolding(h slog.Handler) *folding {
	return &folding{h, &repeats{of: map[string]*repeat{}}}
}

func (f *folding) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &folding{f.Handler.WithAttrs(attrs), f.repeats}
}

func (f *folding) WithGroup(name string) slog.Handler {
	return &folding{f.Handler.WithGroup(name), f.repeats}
}

func (f *folding) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn || !f.repeats.folds(f.Handler, r) {
		return f.Handler.Handle(ctx, r)
	}
	return nil
}

// folds takes a line, and reports whether it need not be written now.
func (s *repeats) folds(h slog.Handler, r slog.Record) bool {
	key := textOf(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.of[key]
	if one == nil {
		if len(s.of) < mostRepeats {
			s.of[key] = &repeat{lines: 1}
			time.AfterFunc(foldWindow, func() { s.endWindow(key) })
		}
		return false
	}
	if one.lines++; one.lines <= foldAfter {
		return false
	}
	one.omitted++
	one.last, one.handler = r.Clone(), h
	return true
}

// endWindow ends a window: it tells of the lines that were left out in it, and forgets the line
// when there were none.
func (s *repeats) endWindow(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.of[key]
	if one.omitted == 0 {
		delete(s.of, key)
		return
	}
	one.write()
	time.AfterFunc(foldWindow, func() { s.endWindow(key) })
}

// flush tells of all lines that were left out.
func (f *folding) flush() {
	f.repeats.mu.Lock()
	defer f.repeats.mu.Unlock()
	for _, one := range f.repeats.of {
		if one.omitted > 0 {
			one.write()
		}
	}
}

// write writes the last of the lines that were left out. The lock is held.
func (s *repeat) write() {
	if s.omitted > 1 {
		s.last.AddAttrs(slog.Int("repeated", s.omitted))
	}
	_ = s.handler.Handle(context.Background(), s.last) // as slog does
	s.omitted, s.last = 0, slog.Record{}
}

// textOf returns what a line says.
func textOf(r slog.Record) string {
	var b strings.Builder
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		if slices.Contains(distinguishing, a.Key) {
			b.WriteString("\x00" + a.Key + "\x00" + a.Value.String())
		}
		return true
	})
	return b.String()
}
