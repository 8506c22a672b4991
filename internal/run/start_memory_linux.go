package run

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// releaseProgram unmaps the code and the constants of the program, which are pages of its file.
// What runs on maps the part of them again that it needs, without a read as long as the file is
// cached.
func releaseProgram() {
	name, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	for _, m := range unchanged(text, name) {
		// Pages of a file that nothing was written to are the same when they are mapped again.
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.start, m.end-m.start, syscall.MADV_DONTNEED)
	}
}

// mapping is a range of addresses.
type mapping struct{ start, end uintptr }

// unchanged returns the mappings of a file that cannot be written to, and in which no page differs
// from the file: one may that was relocated, or has a breakpoint. smaps is that of proc(5).
func unchanged(smaps []byte, file string) (list []mapping) {
	var m mapping
	candidate := false
	for lines := bufio.NewScanner(bytes.NewReader(smaps)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) >= 5 && !strings.HasSuffix(fields[0], ":"):
			_, err := fmt.Sscanf(fields[0], "%x-%x", &m.start, &m.end)
			candidate = err == nil && len(fields) == 6 && fields[5] == file &&
				strings.HasPrefix(fields[1], "r-")
		case candidate && len(fields) == 3 && fields[0] == "Anonymous:" && fields[1] == "0":
			list = append(list, m)
		}
	}
	return list
}
