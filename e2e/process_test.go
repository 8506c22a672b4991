package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// confidential is part of every password, every signing secret and every row: it must never be printed.
const confidential = "confidential"

// process is one run of the binary.
type process struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, log output // what it prints, and what it prints to standard error
	ended    chan struct{}
	mayEnd   atomic.Bool
}

// output is what a process has printed so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start starts `hookline run` on the database. Its end counts as a failure until the test asks for it.
func start(t *testing.T, db *database, settings ...string) *process {
	t.Helper()
	p := command(t, db.env(settings...), "run")
	p.mayEnd.Store(false)
	return p.launch()
}

// run runs a command to its end.
func run(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := command(t, env, args...).launch()
	p.wait()
	return p
}

// command returns a process that is yet to be launched. It will see nothing of this one's environment but PATH.
func command(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(binary(t, args[0]), args...), ended: make(chan struct{})}
	p.mayEnd.Store(true)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"}, env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.log
	p.cmd.WaitDelay = 5 * time.Second // for the pipes of a child that it has left behind
	return p
}

// launch starts the process. Whatever happens, it has ended when the test ends.
func (p *process) launch() *process {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.noteLaunch()
	go func() {
		_ = p.cmd.Wait()
		p.noteEnd()
		if !p.mayEnd.Load() {
			p.t.Errorf("hookline has ended by itself, with code %d", p.cmd.ProcessState.ExitCode())
		}
		close(p.ended)
	}()
	p.t.Cleanup(p.cleanUp)
	return p
}

func (p *process) cleanUp() {
	p.kill()
	for _, text := range []string{"DATA RACE", "panic:", "fatal error:", confidential} {
		if strings.Contains(p.log.String(), text) {
			p.t.Errorf("%v has printed %q", p.cmd.Args[1:], text)
		}
	}
	if p.t.Failed() {
		p.t.Logf("%v, process %d, has printed:\n%s%s", p.cmd.Args[1:], p.cmd.Process.Pid, tail(p.out.String()), tail(p.log.String()))
	}
}

func tail(log string) string {
	const lines = 60
	all := strings.SplitAfter(log, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "")
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("signal %s to hookline: %v", s, err)
	}
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	p.mayEnd.Store(true)
	_ = p.cmd.Process.Kill() // fails when it has ended already
	<-p.ended
}

// stop ends the process with SIGTERM, and expects it to call that a success.
func (p *process) stop() { p.interrupt(syscall.SIGTERM) }

// stopInTheMiddle is stop while the gate of an inbox keeps deliveries under way. It opens once the process takes nothing more
// from the stream.
func (p *process) stopInTheMiddle(b *inbox) {
	p.t.Helper()
	b.untilClosed()
	p.mayEnd.Store(true)
	p.signal(syscall.SIGTERM)
	p.untilPrinted("stopping: finishing what is in hand")
	b.openGate()
	if code := p.wait(); code != 0 {
		p.t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
}

func (p *process) interrupt(s syscall.Signal) {
	p.t.Helper()
	p.mayEnd.Store(true)
	p.signal(s)
	if code := p.wait(); code != 0 {
		p.t.Errorf("exit code %d after %s, want 0", code, s)
	}
}

// wait returns the exit code of a process that ends by itself.
func (p *process) wait() (code int) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("%v has not ended within %s", p.cmd.Args[1:], patience)
	}
	return p.cmd.ProcessState.ExitCode()
}

var healthAddr = regexp.MustCompile(`/metrics" addr=(\S+)`)

// get returns what the process answers to a probe: the status and the text.
func (p *process) get(path string) string {
	found := healthAddr.FindStringSubmatch(p.log.String())
	if found == nil {
		return "nothing listens yet"
	}
	client := http.Client{Timeout: 10 * time.Second} // one that is stopped accepts connections all the same
	resp, err := client.Get("http://" + found[1] + path)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, bytes.TrimSpace(text))
}

// until waits for the state: active, standby or connecting.
func (p *process) until(state string) *process {
	p.t.Helper()
	want := "200 " + state
	if state == "connecting" {
		want = "503 " + state
	}
	eventually(p.t, func() error {
		if got := p.get("/readyz"); got != want {
			return fmt.Errorf("/readyz answers %q, want %q", got, want)
		}
		return nil
	})
	return p
}

// untilPrinted waits for a text on standard output or standard error.
func (p *process) untilPrinted(text string) {
	p.t.Helper()
	eventually(p.t, func() error {
		if !strings.Contains(p.out.String(), text) && !strings.Contains(p.log.String(), text) {
			return fmt.Errorf("%v has not printed %q", p.cmd.Args[1:], text)
		}
		return nil
	})
}

// often is a schedule that ends long after a test does.
var often = "HOOKLINE_RETRY_SCHEDULE=100ms,200ms" + strings.Repeat(",500ms", 500)

// roles is rolesOf two.
func roles(t *testing.T, a, b *process) (active, standby *process) {
	t.Helper()
	active, others := rolesOf(t, a, b)
	return active, others[0]
}

// rolesOf waits until one of the processes is active and all others stand by.
func rolesOf(t *testing.T, processes ...*process) (active *process, others []*process) {
	t.Helper()
	eventually(t, func() error {
		active, others = nil, nil
		var states []string
		for _, p := range processes {
			state := p.get("/readyz")
			states = append(states, state)
			switch {
			case state == "200 active" && active == nil:
				active = p
			case state == "200 standby":
				others = append(others, p)
			}
		}
		if active == nil || len(others) != len(processes)-1 {
			return fmt.Errorf("the processes are %q, want one active and all others standby", states)
		}
		return nil
	})
	return active, others
}
