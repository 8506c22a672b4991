package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Confidential is part of every password, every signing secret and every row: it must never be
// printed.
const Confidential = "confidential"

// Process is one run of the binary.
type Process struct {
	T        *testing.T
	Cmd      *exec.Cmd
	Out, Log output // what it prints, and what it prints to standard error
	ended    chan struct{}
	mayEnd   atomic.Bool
	probes   atomic.Value // string: the address that answers probes, once it is known
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

// Start starts `hookline run` on the database. Its end counts as a failure until the test asks for
// it.
func Start(t *testing.T, db *Database, settings ...string) *Process {
	t.Helper()
	which := programOf("run")
	if db.Plain && !raceEverywhere {
		which = &plain
	}
	p := command(t, which, db.Env(settings...), "run")
	p.mayEnd.Store(false)
	return p.Launch()
}

// StartRole is Start of a process that has a part of the work: reader or sender.
func StartRole(t *testing.T, db *Database, role string, settings ...string) *Process {
	t.Helper()
	which := programOf("run")
	if db.Plain && !raceEverywhere {
		which = &plain
	}
	p := command(t, which, db.Env(settings...), "run", "--role", role)
	p.mayEnd.Store(false)
	return p.Launch()
}

// Run runs a command to its end, without the race detector.
func Run(t *testing.T, env []string, args ...string) *Process {
	t.Helper()
	p := command(t, &plain, env, args...).Launch()
	p.Wait()
	return p
}

// Command returns a process that is yet to be launched. It will see nothing of this one's
// environment but PATH.
func Command(t *testing.T, env []string, args ...string) *Process {
	t.Helper()
	return command(t, programOf(args[0]), env, args...)
}

func command(t *testing.T, which *program, env []string, args ...string) *Process {
	t.Helper()
	p := &Process{T: t, Cmd: exec.Command(which.binary(t), args...), ended: make(chan struct{})}
	p.mayEnd.Store(true)
	p.Cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	if which.race { // most of its start is the garbage collector's
		p.Cmd.Env = append(p.Cmd.Env, "GORACE=atexit_sleep_ms=0", "GOGC=200")
	}
	p.Cmd.Env = append(p.Cmd.Env, env...)
	p.Cmd.Stdout, p.Cmd.Stderr = &p.Out, &p.Log
	p.Cmd.WaitDelay = 5 * time.Second // for the pipes of a child that it has left behind
	return p
}

// Launch starts the process. Whatever happens, it has ended when the test ends.
func (p *Process) Launch() *Process {
	p.T.Helper()
	if err := p.Cmd.Start(); err != nil {
		p.T.Fatal(err)
	}
	p.noteLaunch()
	go func() {
		_ = p.Cmd.Wait()
		p.noteEnd()
		if !p.mayEnd.Load() {
			p.T.Errorf("hookline has ended by itself, with code %d", p.Cmd.ProcessState.ExitCode())
		}
		close(p.ended)
	}()
	p.T.Cleanup(p.cleanUp)
	return p
}

func (p *Process) cleanUp() {
	p.Kill()
	for _, text := range []string{"DATA RACE", "panic:", "fatal error:", Confidential} {
		if strings.Contains(p.Log.String(), text) {
			p.T.Errorf("%v has printed %q", p.Cmd.Args[1:], text)
		}
	}
	if dir := os.Getenv("E2E_LOGS"); dir != "" && p.T.Failed() {
		name := fmt.Sprintf("%s.%d.log", strings.ReplaceAll(p.T.Name(), "/", "_"), p.Cmd.Process.Pid)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(p.Log.String()), 0o600); err != nil {
			p.T.Log(err)
		}
	}
	if p.T.Failed() {
		p.T.Logf("%v, process %d, has printed:\n%s%s", p.Cmd.Args[1:], p.Cmd.Process.Pid,
			tail(p.Out.String()), tail(p.Log.String()))
	}
}

func tail(log string) string {
	const lines = 60
	all := strings.SplitAfter(log, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "")
}

// Signal sends a signal to the process, which must run.
func (p *Process) Signal(s syscall.Signal) {
	p.T.Helper()
	if err := p.Cmd.Process.Signal(s); err != nil {
		p.T.Fatalf("signal %s to hookline: %v", s, err)
	}
}

// Kill ends the process as kill -9 does.
func (p *Process) Kill() { KillAll(p) }

// KillAll is Kill of several processes at once.
func KillAll(list ...*Process) {
	for _, p := range list {
		p.mayEnd.Store(true)
		_ = p.Cmd.Process.Kill() // fails when it has ended already
	}
	for _, p := range list {
		<-p.ended
	}
}

// Stop ends the process with SIGTERM, and expects it to call that a success.
func (p *Process) Stop() { p.Interrupt(syscall.SIGTERM) }

// inHand is more than a process with a buffer of 64 KiB has taken and not delivered: of a commit
// that it has begun to tell, all goes out.
const inHand = 2000

// StopInTheMiddle is Stop while the gate of an inbox keeps deliveries under way. From then on the
// gate lets through what the process has in hand, and not what it would still take from the stream.
func (p *Process) StopInTheMiddle(b *Inbox) {
	p.T.Helper()
	b.UntilClosed()
	p.interrupt(syscall.SIGTERM, func() { b.CloseAfter(inHand) })
	b.OpenGate()
}

// Interrupt is Stop with another signal.
func (p *Process) Interrupt(s syscall.Signal) {
	p.T.Helper()
	p.interrupt(s, func() {})
}

// interrupt ends the process with the signal, and calls then once that is sent.
func (p *Process) interrupt(s syscall.Signal, then func()) {
	p.T.Helper()
	if p.Cmd.Args[1] == "run" {
		p.UntilPrinted("hookline starts") // before, a signal kills it as it does any program
	}
	p.mayEnd.Store(true)
	p.Signal(s)
	then()
	if code := p.Wait(); code != 0 {
		p.T.Errorf("exit code %d after %s, want 0", code, s)
	}
}

// Wait returns the exit code of a process that ends by itself.
func (p *Process) Wait() (code int) {
	p.T.Helper()
	select {
	case <-p.ended:
	case <-time.After(Patience):
		p.T.Fatalf("%v has not ended within %s", p.Cmd.Args[1:], Patience)
	}
	return p.Cmd.ProcessState.ExitCode()
}

var healthAddr = regexp.MustCompile(`/metrics" addr=(\S+)`)

// Get returns what the process answers to a probe: the status and the text.
func (p *Process) Get(path string) string {
	addr, known := p.probes.Load().(string)
	if !known {
		found := healthAddr.FindStringSubmatch(p.Log.String())
		if found == nil {
			return "nothing listens yet"
		}
		addr = found[1] // it keeps it when it starts over
		p.probes.Store(addr)
	}
	// one that is stopped accepts connections all the same
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get("http://" + addr + path)
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

// Metric returns the value of a metric without labels, NaN while there is none.
func (p *Process) Metric(name string) float64 {
	for line := range strings.Lines(p.Get("/metrics")) {
		if text, found := strings.CutPrefix(line, name+" "); found {
			if value, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
				return value
			}
		}
	}
	return math.NaN()
}

// Until waits for the state: active, standby or connecting.
func (p *Process) Until(state string) *Process {
	p.T.Helper()
	want := "200 " + state
	if state == "connecting" {
		want = "503 " + state
	}
	Eventually(p.T, func() error {
		if got := p.Get("/readyz"); got != want {
			return fmt.Errorf("/readyz answers %q, want %q", got, want)
		}
		return nil
	})
	return p
}

// UntilPrinted waits for a text on standard output or standard error.
func (p *Process) UntilPrinted(text string) {
	p.T.Helper()
	Eventually(p.T, func() error {
		if !strings.Contains(p.Out.String(), text) && !strings.Contains(p.Log.String(), text) {
			return fmt.Errorf("%v has not printed %q", p.Cmd.Args[1:], text)
		}
		return nil
	})
}

// Often is a schedule that ends long after a test does.
var Often = "HOOKLINE_RETRY_SCHEDULE=100ms,200ms" + strings.Repeat(",500ms", 500)

// Roles is RolesOf two.
func Roles(t *testing.T, a, b *Process) (active, standby *Process) {
	t.Helper()
	active, others := RolesOf(t, a, b)
	return active, others[0]
}

// RolesOf waits until one of the processes is active and all others stand by.
func RolesOf(t *testing.T, processes ...*Process) (active *Process, others []*Process) {
	t.Helper()
	Eventually(t, func() error {
		active, others = nil, nil
		var states []string
		for _, p := range processes {
			state := p.Get("/readyz")
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
