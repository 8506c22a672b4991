package run

import (
	"errors"
	"log/slog"
	"math"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

func TestMemoryLimit(t *testing.T) {
	for _, test := range []struct {
		name      string
		byHand    string // GOMEMLIMIT
		container memlimit.Provider
		want      int64
		says      string
	}{
		{
			"container", "", memlimit.Limit(1000 << 20), 900 << 20,
			`msg="memory limit" bytes=943718400 source=cgroup`,
		},
		{
			"by hand", "500MiB", memlimit.Limit(1000 << 20), 500 << 20,
			`msg="memory limit" bytes=524288000 source=GOMEMLIMIT`,
		},
		{
			"container without a limit", "", func() (uint64, error) { return 0, memlimit.ErrNoLimit },
			math.MaxInt64, `msg="no memory limit"`,
		},
		{
			"nobody can tell", "", func() (uint64, error) { return 0, errors.New("no /proc") },
			math.MaxInt64, `no /proc`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := debug.SetMemoryLimit(math.MaxInt64)
			t.Cleanup(func() { debug.SetMemoryLimit(before) })
			t.Setenv("AUTOMEMLIMIT", "0.9") // the library's own variable
			t.Setenv("GOMEMLIMIT", test.byHand)
			if test.byHand == "" {
				if err := os.Unsetenv("GOMEMLIMIT"); err != nil {
					t.Fatal(err)
				}
			} else {
				debug.SetMemoryLimit(test.want) // as the runtime does at its start
			}
			var out strings.Builder
			limitMemory(slog.New(slog.NewTextHandler(&out, nil)), test.container)
			if got := debug.SetMemoryLimit(-1); got != test.want {
				t.Errorf("the limit is %d, want %d", got, test.want)
			}
			if log := out.String(); !strings.Contains(log, test.says) || strings.Count(log, "\n") != 1 {
				t.Errorf("logged %q, want %q", log, test.says)
			}
		})
	}
}

// A large row has garbage collected sooner for a while, unless a lower limit is set already.
func TestTightens(t *testing.T) {
	for name, test := range map[string]struct{ before, tight int64 }{
		"no limit":      {math.MaxInt64, 96 << 20},
		"a lower limit": {50 << 20, 50 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				was := debug.SetMemoryLimit(test.before)
				defer debug.SetMemoryLimit(was)
				large := tightenFor(16 << 20)
				for _, step := range []struct {
					row  bool
					wait time.Duration
					want int64
				}{
					{true, 0, test.tight},
					{false, 20 * time.Second, test.tight},
					{true, 20 * time.Second, test.tight},
					{false, 11 * time.Second, test.before},
					{true, 0, test.tight},
					{false, 31 * time.Second, test.before},
				} {
					if step.row {
						large()
					}
					time.Sleep(step.wait)
					synctest.Wait()
					if got := debug.SetMemoryLimit(-1); got != step.want {
						t.Errorf("the limit is %d, want %d", got, step.want)
					}
				}
			})
		})
	}
}
