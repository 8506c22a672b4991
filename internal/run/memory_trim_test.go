package run

import "testing"

// Memory is given back once a burst of work is over, and not again before the next one.
func TestTrim(t *testing.T) {
	const MiB = 1 << 20
	var trim trimmer
	for i, step := range []struct {
		allocates uint64
		want      bool
	}{
		{0, false},                 // nothing was done
		{100 * MiB, false},         // a burst goes on
		{trimQuiet, false},         // and on
		{trimQuiet - 1, true},      // it is over
		{trimQuiet - 1, false},     // little since then
		{trimAfter, false},         // another one
		{0, true},                  // which is over
		{trimQuiet - 1, false},     // little by little:
		{trimQuiet - 1, false},     //
		{trimAfter - 3*MiB, false}, //
		{trimQuiet - 1, false},     //
		{3, true},                  // as much as a burst
	} {
		if got := trim.next(trim.last + step.allocates); got != step.want {
			t.Errorf("step %d, %d bytes more: give back: %t, want %t", i, step.allocates, got, step.want)
		}
	}
}
