package main

import (
	"os"
	"os/exec"
	"testing"
)

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
	before, err := p.cpu()
	if err != nil || before <= 0 {
		t.Errorf("CPU time %s, error %v", before, err)
	}
	if after, err := p.cpu(); err != nil || after <= before { // asking takes some
		t.Errorf("CPU time %s and then %s, error %v", before, after, err)
	}
}
