package e2e

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// launched are the processes that run now. When tests hang, their state tells more than the
// goroutines that wait for them.
var launched struct {
	mu        sync.Mutex
	processes map[*Process]bool
}

func (p *Process) noteLaunch() {
	launched.mu.Lock()
	defer launched.mu.Unlock()
	if launched.processes == nil {
		launched.processes = map[*Process]bool{}
	}
	launched.processes[p] = true
}

func (p *Process) noteEnd() {
	launched.mu.Lock()
	defer launched.mu.Unlock()
	delete(launched.processes, p)
}

// watchdog reports the state of all processes shortly before go test gives up on this package.
func watchdog(m *testing.M) (code int) {
	flag.Parse()
	if timeout := flag.Lookup("test.timeout").Value.(flag.Getter).Get().(time.Duration); timeout > 0 {
		defer time.AfterFunc(timeout-timeout/20, func() { ReportProcesses(os.Stderr) }).Stop()
	}
	return m.Run()
}

// ReportProcesses writes which test waits for which process, and what that is at.
func ReportProcesses(w io.Writer) {
	launched.mu.Lock()
	defer launched.mu.Unlock()
	fmt.Fprintf(w, "the tests are about to time out; %d processes run:\n", len(launched.processes))
	for p := range launched.processes {
		pid := p.Cmd.Process.Pid
		fmt.Fprintf(w, "\n%s waits for hookline %s, process %d, %s, /readyz: %s\n%s%s", p.T.Name(),
			strings.Join(p.Cmd.Args[1:], " "),
			pid, processState(pid), p.Get("/readyz"), tail(p.Out.String()), tail(p.Log.String()))
	}
}

// processState is what the kernel says of a process: running, sleeping, stopped, ….
func processState(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "state unknown"
	}
	_, state, _ := strings.Cut(string(text), "State:")
	state, _, _ = strings.Cut(state, "\n")
	return strings.TrimSpace(state)
}
