package main

import (
	"slices"
	"testing"
)

func TestParseBenchmark(t *testing.T) {
	const out = `goos: linux
BenchmarkRow-2   	  505554	      2352 ns/op	 321.90 MB/s	      16 B/op	       1 allocs/op
BenchmarkRow-2   	  505554	      1500.5 ns/op	 321.90 MB/s	       0 B/op	       0 allocs/op
BenchmarkRowOfAnother-2   	  1	      1 ns/op	       0 B/op	       9 allocs/op
PASS
`
	times, allocations, err := parseBenchmark([]byte(out), "BenchmarkRow")
	if err != nil || !slices.Equal(times, sample{2352e-9, 1500.5e-9}) ||
		!slices.Equal(allocations, sample{1, 0}) {
		t.Errorf("%v, %v, %v", times, allocations, err)
	}
	for name, out := range map[string]string{
		"none": "PASS\n", "no allocations": "BenchmarkRow-2 10 5 ns/op\n",
		"no number": "BenchmarkRow-2 10 five ns/op 0 B/op 0 allocs/op\n",
	} {
		if _, _, err := parseBenchmark([]byte(out), "BenchmarkRow"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
