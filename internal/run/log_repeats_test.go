package run

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookline/config"
)

// lines is what was logged.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(p))
	return len(p), nil
}

// take returns what has come since the last time.
func (l *lines) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

// remembered is how many repeated lines are remembered.
func (f *folding) remembered() int {
	f.repeats.mu.Lock()
	defer f.repeats.mu.Unlock()
	return len(f.repeats.of)
}

// A run of warnings that say the same is a few lines and a count; what says something else is not
// in it, and nothing is lost.
func TestFolding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lines
		fold := newFolding(slog.NewTextHandler(&out, nil))
		log := slog.New(fold)
		for i := range 100 {
			log.Warn("attempt failed", "event", i, "webhook", "a", "status", 503)
		}
		log.Warn("attempt failed", "event", 0, "webhook", "a", "status", 500)
		log.Warn("attempt failed", "event", 0, "webhook", "b", "status", 503)
		log.Error("attempt failed", "webhook", "a", "reason", "another")
		for range 10 {
			log.Info("delivered")
		}
		if got := out.take(); len(got) != foldAfter+3+10 {
			t.Errorf("at first %d lines are written, want %d: %q", len(got), foldAfter+3+10, got)
		}
		time.Sleep(foldWindow + time.Second)
		got := out.take()
		if len(got) != 1 || !strings.Contains(got[0],
			fmt.Sprintf("event=99 webhook=a status=503 repeated=%d\n", 100-foldAfter)) {
			t.Errorf("then %q, want the last one with a count", got)
		}
		for range 3 {
			log.Warn("attempt failed", "webhook", "a", "status", 503)
		}
		time.Sleep(foldWindow)
		synctest.Wait()
		if got := out.take(); len(got) != 1 || !strings.Contains(got[0], "repeated=3") {
			t.Errorf("of a run that goes on: %q, want a count alone", got)
		}
		log.Warn("attempt failed", "webhook", "a", "status", 503)
		time.Sleep(foldWindow)
		synctest.Wait()
		if got := out.take(); len(got) != 1 || strings.Contains(got[0], "repeated") {
			t.Errorf("of one line: %q, want it", got)
		}
		time.Sleep(2 * foldWindow)
		synctest.Wait()
		if n := fold.remembered(); n > 0 {
			t.Errorf("%d lines are remembered when they are over", n)
		}
		log.Warn("attempt failed", "webhook", "a", "status", 503)
		if got := out.take(); len(got) != 1 || strings.Contains(got[0], "repeated") {
			t.Errorf("after the run: %q, want one line", got)
		}
		for range foldAfter + 2 {
			log.Warn("the end")
		}
		out.take()
		fold.flush()
		if got := out.take(); len(got) != 1 || !strings.Contains(got[0], `msg="the end" repeated=2`) {
			t.Errorf("at the end: %q, want the count", got)
		}
		for i := range 2 * mostRepeats {
			log.Warn("of its own", "table", i)
			log.Warn("of its own", "table", i)
		}
		if got := out.take(); len(got) != 4*mostRepeats || fold.remembered() > mostRepeats {
			t.Errorf("%d lines, and %d remembered", len(got), fold.remembered())
		}
		time.Sleep(time.Hour) // the timers go
	})
}

// That it has stopped is the last line: what was left out before comes before it.
func TestHasStoppedIsLast(t *testing.T) {
	out := &lines{} // as what runs beside it logs, too
	log := slog.New(newFolding(slog.NewTextHandler(out, nil)))
	for range foldAfter + 2 {
		log.Warn("attempt failed")
	}
	if err := Run(t.Context(), config.Config{HealthAddr: "nowhere:-1"}, All, log); err == nil {
		t.Error("it runs without an address")
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	if n := len(out.all); !strings.Contains(out.all[n-1], "hookline has stopped") ||
		!strings.Contains(out.all[n-2], "repeated=2") {
		t.Errorf("the log ends with\n%s", strings.Join(out.all[n-3:], ""))
	}
}
