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

// launched are the processes that run now. When tests hang, their state tells more than the goroutines that wait for them.
var launched struct {
	mu        sync.Mutex
	processes map[*process]bool
}

func (p *process) noteLaunch() {
	launched.mu.Lock()
	defer launched.mu.Unlock()
	if launched.processes == nil {
		launched.processes = map[*process]bool{}
	}
	launched.processes[p] = true
}

func (p *process) noteEnd() {
	launched.mu.Lock()
	defer launched.mu.Unlock()
	delete(launched.processes, p)
}

// watchdog reports the state of all processes shortly before go test gives up on this package.
func watchdog(m *testing.M) (code int) {
	flag.Parse()
	if timeout := flag.Lookup("test.timeout").Value.(flag.Getter).Get().(time.Duration); timeout > 0 {
		defer time.AfterFunc(timeout-timeout/20, func() { reportProcesses(os.Stderr) }).Stop()
	}
	return m.Run()
}

// reportProcesses writes which test waits for which process, and what that is at.
func reportProcesses(w io.Writer) {
	launched.mu.Lock()
	defer launched.mu.Unlock()
	fmt.Fprintf(w, "the tests are about to time out; %d processes run:\n", len(launched.processes))
	for p := range launched.processes {
		pid := p.cmd.Process.Pid
		fmt.Fprintf(w, "\n%s waits for hookline %s, process %d, %s, /readyz: %s\n%s%s", p.t.Name(), strings.Join(p.cmd.Args[1:], " "),
			pid, processState(pid), p.get("/readyz"), tail(p.out.String()), tail(p.log.String()))
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
