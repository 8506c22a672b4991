package command

import (
	"fmt"
	"strings"
	"testing"

	"hookline/e2e"
)

func TestHungProcessesAreReported(t *testing.T) {
	t.Parallel()
	sut := e2e.Start(t, e2e.NewCRM(t)).Until("active")
	var report strings.Builder
	e2e.ReportProcesses(&report)
	for _, want := range []string{
		t.Name() + " waits for hookline run, process " + fmt.Sprint(sut.Cmd.Process.Pid),
		"/readyz: 200 active", "replication stream started",
	} {
		if !strings.Contains(report.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, report.String())
		}
	}
	sut.Stop()
	report.Reset()
	e2e.ReportProcesses(&report)
	if strings.Contains(report.String(), t.Name()+" waits") {
		t.Errorf("a process that has ended is reported:\n%s", report.String())
	}
}
