package main

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestParseCPU(t *testing.T) {
	const rest = " S 1 4242 4242 0 -1 4194304 812 0 3 0 151 49 7 8 20 0 9 0 123456 1254000000 4321"
	for name, tc := range map[string]struct {
		stat string
		want time.Duration
	}{
		"a plain name":        {"4242 (hookline)" + rest, 2 * time.Second},
		"spaces and brackets": {"4242 (a b) c (d)" + rest, 2 * time.Second},
		"nothing used so far": {"1 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0", 0},
		"too few":             {"1 (x) S 1 1 1 0 -1 0 0 0 0 0 5", -1},
		"not a number":        {"1 (x) S 1 1 1 0 -1 0 0 0 0 0 5 y", -1},
		"the process is gone": {"", -1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseCPU(tc.stat)
			if err != nil {
				got = -1
			}
			if got != tc.want {
				t.Errorf("%s, error %v, want %s", got, err, tc.want)
			}
		})
	}
}

func TestParseMemory(t *testing.T) {
	const status = "Name:\thookline\nVmPeak:\t 1234567 kB\nVmHWM:\t   62500 kB\nVmRSS:\t   15625 kB\nRssAnon:\t 10000 kB\n"
	if got, err := parseMemory(status); got != (memory{now: 16, peak: 64}) || err != nil {
		t.Errorf("%+v, error %v, want 16 and 64 MB", got, err)
	}
	if got, err := parseMemory("Name:\tzombie\n"); err == nil {
		t.Errorf("%+v of a process that has none, want an error", got)
	}
}

func TestProcTellsOfThisProcess(t *testing.T) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: &exec.Cmd{Process: self}}
	if m, err := p.memory(); err != nil || m.now <= 0 || m.peak < m.now {
		t.Errorf("memory %+v, error %v", m, err)
	}
	if _, err := p.cpu(); err != nil {
		t.Error(err)
	}
}
