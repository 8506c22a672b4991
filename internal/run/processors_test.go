package run

import (
	"runtime"
	"slices"
	"testing"
)

func TestProcessors(t *testing.T) {
	quiet := slices.Repeat([]float64{0.1}, quietFor)
	for name, test := range map[string]struct {
		used []float64
		want bool // all processors, after the last measurement
	}{
		"at the start":                  {nil, true},
		"not quiet for long":            {quiet[1:], true},
		"quiet":                         {quiet, false},
		"quiet, and between":            {append(slices.Clone(quiet), 0.6), false},
		"quiet, then busy":              {append(slices.Clone(quiet), 0.9), true},
		"busy, then quiet again":        {slices.Concat(quiet, []float64{0.9}, quiet), false},
		"busy, then not quiet for long": {slices.Concat(quiet, []float64{0.9}, quiet[1:]), true},
		"now and then more":             {slices.Concat(quiet[1:], []float64{0.6}, quiet[1:]), true},
		"more than one":                 {slices.Concat(quiet, []float64{3.5}), true},
	} {
		t.Run(name, func(t *testing.T) {
			g := processors{all: true}
			for _, used := range test.used {
				g.next(used)
			}
			if g.all != test.want {
				t.Errorf("all: %t, want %t", g.all, test.want)
			}
		})
	}
}

func TestProcessorTime(t *testing.T) {
	before, ok := processorTime()
	if !ok {
		t.Skipf("not known on %s", runtime.GOOS)
	}
	for {
		if after, _ := processorTime(); after > before {
			return
		}
	}
}
