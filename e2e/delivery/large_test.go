package delivery

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"hookline/e2e"
)

// Receivers that never answer do not keep a healthy one from rows of 12 MB, nor does memory grow
// with them.
func TestLargeRowsAndHungReceivers(t *testing.T) {
	for name, settings := range map[string][]string{
		"as shipped":        nil,
		"attempts of hours": {"HOOKLINE_REQUEST_TIMEOUT=10m"}, // none ends while the test waits
	} {
		t.Run(name, func(t *testing.T) {
			const rows = 6
			// Of memory it is how far the garbage collector gets beside other tests: 150 MB is held where
			// this runs alone, and what would come without the limit for large rows, 260 MB, everywhere.
			size, most := 12_000_000, 200_000_000/1024 // kB, as Linux has them
			alone := os.Getenv("HOOKLINE_LARGE_TESTS") != ""
			if alone {
				most = 150_000_000 / 1024
			}
			if e2e.RaceDetector() { // which takes half a minute for each of these: all is an eighth then
				size /= 8
				settings = append(settings, "HOOKLINE_MAX_BUFFER=2MiB")
			}
			db, healthy := e2e.NewDatabase(t), e2e.NewInbox(t)
			db.Exec(e2e.WebhooksSQL)
			db.Exec(`CREATE TABLE documents (id text PRIMARY KEY, body text, version int DEFAULT 1)`)
			var hung [3]*e2e.Inbox
			for i := range hung {
				hung[i] = e2e.NewInbox(t)
				hung[i].CloseAfter(0)
				db.AddWebhook(hung[i], "*.*")
			}
			db.AddWebhook(healthy, "*.*")
			sut := e2e.Start(t, db, settings...).Until("active")
			var slowest time.Duration
			for i := range rows {
				db.Exec(`INSERT INTO documents (id, body) VALUES ($1, repeat(md5($1), $2))`, fmt.Sprint("d", i),
					size/32)
				committed := time.Now()
				healthy.UntilAccepted(i + 1)
				took := time.Since(committed).Round(time.Millisecond)
				t.Logf("row %d came %s after its commit", i, took)
				slowest = max(slowest, took)
			}
			peak := peakMemory(t, sut.Cmd.Process.Pid)
			t.Logf("peak memory %d kB", peak)
			if alone && slowest > 2*time.Second {
				t.Errorf("a row came %s after its commit, want at most 2s where this runs alone", slowest)
			}
			if peak > most && !e2e.RaceDetector() {
				t.Errorf("peak memory is %d kB, want at most %d", peak, most)
			}
			sut.Kill()
		})
	}
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakMemory returns the most memory that a process has had, in kB; 0 where the system does not
// tell.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := highWater.FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	kB, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kB
}
