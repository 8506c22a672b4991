package run

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Only what cannot have changed since it was read from the program's file is unmapped.
func TestUnchanged(t *testing.T) {
	const smaps = `00400000-011f0000 r-xp 00000000 fe:00 10028320        /bin/hookline
Rss:               11388 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
011f0000-0225a000 r--p 00df0000 fe:00 10028320        /bin/hookline
Anonymous:             4 kB
VmFlags: rd mr mw me
0225a000-0231a000 rw-p 01e5a000 fe:00 10028320        /bin/hookline
Anonymous:             0 kB
0231a000-04367000 r--p 00000000 00:00 0
Anonymous:             0 kB
05000000-05001000 r--p 00000000 fe:00 77              /lib/libc.so
Anonymous:             0 kB
05001000-05002000 r--p 00000000 fe:00 10028320        /bin/hookline
Anonymous:             0 kB
`
	want := []mapping{{0x400000, 0x11f0000}, {0x5001000, 0x5002000}}
	if got := unchanged([]byte(smaps), "/bin/hookline"); !slices.Equal(got, want) {
		t.Errorf("unchanged: %x, want %x", got, want)
	}
}

// What is unmapped of the running program is resident no longer, but for what runs on.
func TestReleaseProgram(t *testing.T) {
	before := residentProgram(t)
	releaseProgram()
	if after := residentProgram(t); after >= before {
		t.Errorf("%d kB of the program are resident, before that %d", after, before)
	}
}

// residentProgram returns how much of this program's code and constants is resident, in KiB.
func residentProgram(t *testing.T) (kib int) {
	t.Helper()
	name, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range unchanged(text, name) {
		_, rest, _ := strings.Cut(string(text), fmt.Sprintf("%08x-%08x ", m.start, m.end))
		_, rest, _ = strings.Cut(rest, "\nRss:")
		n, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			t.Fatal(err)
		}
		kib += n
	}
	if kib == 0 {
		t.Fatalf("nothing of %s would be unmapped of:\n%s", name, text)
	}
	return kib
}
