package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hookline/internal/postgres"
)

// hookline is the program that is measured: its binary, and how it is started.
type hookline struct {
	binary   string
	profiler profiler
}

// build compiles Hookline into dir, as `make build` does, and returns its binary.
func build(ctx context.Context, dir string) (binary string, err error) {
	binary = filepath.Join(dir, "hookline")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary,
		"hookline/cmd/hookline")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build hookline: %w\n%s", err, out)
	}
	return binary, nil
}

func (h *hookline) command(
	ctx context.Context, name string, d *database, slot, addr string, env ...string,
) *exec.Cmd {
	cmd := exec.CommandContext(ctx, h.binary, name)
	cmd.Env = append([]string{
		"HOOKLINE_DATABASE_URL=" + d.url, "HOOKLINE_SLOT=" + slot, "HOOKLINE_ALLOW_ADDRESSES=127.0.0.0/8",
		"HOOKLINE_HEALTH_ADDR=" + addr, "HOOKLINE_LOG_LEVEL=warn",
	}, env...)
	cmd.Stderr = os.Stderr
	return cmd
}

// setup prepares the database and makes the slot: what is written from now on is a backlog.
func (h *hookline) setup(ctx context.Context, d *database, slot string) error {
	began := time.Now()
	if err := h.command(ctx, "setup", d, slot, "127.0.0.1:0").Run(); err != nil {
		return fmt.Errorf("hookline setup: %w", err)
	}
	d.setups = append(d.setups, time.Since(began).Seconds())
	return nil
}

// run starts Hookline on the slot, with further settings.
func (h *hookline) run(
	ctx context.Context, d *database, slot string, env ...string,
) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	admin := ""
	for _, setting := range env {
		if set, ok := strings.CutPrefix(setting, "HOOKLINE_ADMIN_ADDR="); ok {
			admin = set
		}
	}
	if h.profiler.dir == "" || admin == "off" {
		return start(ctx, h.command(ctx, "run", d, slot, addr, env...), addr)
	}
	if admin == "" {
		if admin, err = freeAddr(); err != nil {
			return nil, err
		}
		env = append(env, "HOOKLINE_ADMIN_ADDR="+admin)
	}
	p, err := start(ctx, h.command(ctx, "run", d, slot, addr, env...), addr)
	if err == nil {
		h.profiler.watch(p, admin)
	}
	return p, err
}

func freeAddr() (string, error) {
	port, err := postgres.FreePort()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
}

// process is a running program whose use of the machine is measured.
type process struct {
	cmd     *exec.Cmd
	addr    string // of Hookline's probes
	started time.Time
	before  time.Duration   // CPU time that it had taken when it was ready
	alive   context.Context // ends with the process; its cause says how
	ended   chan struct{}   // closed when err is set
	err     error
}

func start(ctx context.Context, cmd *exec.Cmd, addr string) (*process, error) {
	p := &process{cmd: cmd, addr: addr, started: time.Now(), ended: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var end context.CancelCauseFunc
	p.alive, end = context.WithCancelCause(ctx)
	go func() {
		p.err = cmd.Wait()
		end(fmt.Errorf("%s has ended: %w", cmd, p.err))
		close(p.ended)
	}()
	return p, nil
}

// ready returns when Hookline reads its slot. What it takes of the cores from then on is told
// apart.
func (p *process) ready() error {
	err := p.reads()
	if err != nil {
		return err
	}
	p.before, err = p.cpu()
	return err
}

func (p *process) reads() error {
	return until(p.alive, 10*time.Millisecond, func() (bool, error) {
		resp, err := p.get("/readyz")
		if err != nil {
			return false, nil //nolint:nilerr // it does not listen yet
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK, nil
	})
}

func (p *process) get(path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(p.alive, http.MethodGet, "http://"+p.addr+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}

// until asks again and again, so often, until the answer is yes. The error is the cause of ctx, or
// what ask returned.
func until(ctx context.Context, every time.Duration, ask func() (bool, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if yes, err := ask(); yes || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// usage is what a process has taken of the machine in its life.
type usage struct {
	cpu    time.Duration // user and system, from its start to its end
	active time.Duration // the same from when it was ready until it was asked to end
	memory memory        // then
}

// stop asks the process to end, which finishes what it has in hand, and tells what it took.
func (p *process) stop() (usage, error) {
	m, err := p.memory()
	if err != nil {
		return usage{}, err
	}
	cpu, err := p.cpu()
	if err != nil {
		return usage{}, err
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return usage{}, err
	}
	u, err := p.wait()
	u.active, u.memory = cpu-p.before, m
	return u, err
}

// wait returns when the process has ended by itself.
func (p *process) wait() (usage, error) {
	<-p.ended
	if p.err != nil {
		return usage{}, fmt.Errorf("%s: %w", p.cmd, p.err)
	}
	return usage{cpu: p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()}, nil
}

// kill ends the process if it still runs.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}
