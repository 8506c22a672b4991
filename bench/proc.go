package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// What Linux tells of a process while it runs: see proc(5).

// proc reads one of the files of the process.
func (p *process) proc(name string) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name))
	if err != nil {
		return "", fmt.Errorf("read what Linux tells of the process: %w", err)
	}
	return string(text), nil
}

// memory is the resident set of a process, in MB of a million bytes.
type memory struct {
	now, peak float64
}

// memory asks Linux, since what wait4 tells of a child's peak has its parent's in it.
func (p *process) memory() (memory, error) {
	status, err := p.proc("status")
	if err != nil {
		return memory{}, err
	}
	return parseMemory(status)
}

var resident = regexp.MustCompile(`(?m)^(VmHWM|VmRSS):\s+(\d+) kB$`)

// parseMemory takes the text of /proc/<pid>/status, whose kB are KiB.
func parseMemory(status string) (m memory, err error) {
	found := resident.FindAllStringSubmatch(status, -1)
	if len(found) != 2 {
		return m, fmt.Errorf("/proc/<pid>/status has no VmHWM and VmRSS: %q", status)
	}
	for _, line := range found {
		kib, err := strconv.ParseFloat(line[2], 64)
		if err != nil {
			return m, err
		}
		if line[1] == "VmHWM" {
			m.peak = kib * 1024 / 1e6
		} else {
			m.now = kib * 1024 / 1e6
		}
	}
	return m, nil
}
