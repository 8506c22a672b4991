package main

import (
	"strings"
	"testing"
)

func TestResultFailsOutsideItsBounds(t *testing.T) {
	memory := func(values ...float64) figure {
		return figure{what: peakMemory, values: values, print: mebibytes}.upTo(128)
	}
	latency := compared("latency", millis, 0.012, "alone", 0.010)
	for name, tc := range map[string]struct {
		result result
		broken string
	}{
		"within":            {result{figures: []figure{memory(100, 127.9)}}, ""},
		"one run above":     {result{figures: []figure{memory(100, 128.1)}}, "peak resident memory is 128 MiB, want at most 128 MiB"},
		"no bound":          {result{figures: []figure{latency}}, ""},
		"ratio within":      {result{figures: []figure{compared("latency", millis, 0.012, "alone", 0.010).atMost(1.25)}}, ""},
		"ratio above":       {result{figures: []figure{compared("latency", millis, 0.013, "alone", 0.010).atMost(1.25)}}, "ratio at most 1.25"},
		"ratio below":       {result{figures: []figure{compared("rate", perSecond, 90, "written", 100).atLeast(1)}}, "ratio at least 1"},
		"lost":              {result{counts: counts{expected: 9, lost: 1}}, "1 were lost"},
		"repeated":          {result{counts: counts{expected: 9, repeated: 2}}, "2 repeated"},
		"repeated, and may": {result{counts: counts{expected: 9, repeated: 2}, mayRepeat: true}, ""},
		"disordered":        {result{counts: counts{expected: 9, disordered: 3}, mayRepeat: true}, "3 out of order"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.result.err()
			if (err != nil) != (tc.broken != "") {
				t.Fatalf("error %v, want one: %q", err, tc.broken)
			}
			if err != nil && !strings.Contains(err.Error(), tc.broken) {
				t.Errorf("error %q does not say %q", err, tc.broken)
			}
			var section strings.Builder
			tc.result.section(&section, "it")
			if says := strings.Contains(section.String(), "**no**"); says != (tc.broken != "") {
				t.Errorf("broken %q, but the section says\n%s", tc.broken, &section)
			}
		})
	}
}
