package e2e

import (
	"fmt"
	"strings"
	"testing"
)

func TestHungProcessesAreReported(t *testing.T) {
	t.Parallel()
	sut := start(t, newCRM(t)).until("active")
	var report strings.Builder
	reportProcesses(&report)
	for _, want := range []string{
		t.Name() + " waits for hookline run, process " + fmt.Sprint(sut.cmd.Process.Pid), "/readyz: 200 active", "replication stream started",
	} {
		if !strings.Contains(report.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, report.String())
		}
	}
	sut.stop()
	report.Reset()
	reportProcesses(&report)
	if strings.Contains(report.String(), t.Name()+" waits") {
		t.Errorf("a process that has ended is reported:\n%s", report.String())
	}
}
