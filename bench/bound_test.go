package main

import (
	"errors"
	"strings"
	"testing"
)

func TestResultFailsOutsideItsBounds(t *testing.T) {
	memory := func(values ...float64) figure {
		return figure{what: peakMemory, values: values, print: megabytes}.neverAbove(64)
	}
	cpu := func(values ...float64) figure {
		return figure{what: cpuTime, values: values, print: millis}.upTo(0.060)
	}
	rates := func(values ...float64) figure {
		return figure{
			what: eventRate, values: values, print: perSecond,
			against: []comparison{{limit: limitPost, values: sample{100, 100, 100}}},
		}
	}
	latency := compared("latency", millis, 0.012, "alone", 0.010)
	for name, tc := range map[string]struct {
		result result
		broken string
	}{
		"within": {result{figures: []figure{memory(50, 63.9)}}, ""},
		"one run above": {
			result{figures: []figure{memory(50, 40, 64.2)}},
			"peak resident memory is 64.2 MB, want always at most 64.0 MB",
		},
		"median within": {result{figures: []figure{cpu(0.03, 0.06, 0.09)}}, ""},
		"median above": {
			result{figures: []figure{cpu(0.03, 0.061, 0.09)}},
			"CPU per 1,000 events is 61 ms, want at most 60 ms",
		},
		"ratios' median": {result{figures: []figure{rates(80, 90, 100).atLeast(0.9)}}, ""},
		"and below": {
			result{figures: []figure{rates(80, 89, 100).atLeast(0.9)}},
			"ratio at least 0.9",
		},
		"no bound": {result{figures: []figure{latency}}, ""},
		"ratio within": {result{figures: []figure{
			compared("latency", millis, 0.012, "alone", 0.010).atMost(1.25),
		}}, ""},
		"ratio above": {result{figures: []figure{
			compared("latency", millis, 0.013, "alone", 0.010).atMost(1.25),
		}}, "ratio at most 1.25"},
		"ratio below": {result{figures: []figure{
			compared("rate", perSecond, 90, "written", 100).atLeast(1),
		}}, "ratio at least 1"},
		"not measured":      {*failure(errors.New("no Postgres")), "no Postgres"},
		"lost":              {result{counts: counts{expected: 9, lost: 1}}, "1 were lost"},
		"repeated":          {result{counts: counts{expected: 9, repeated: 2}}, "2 repeated"},
		"repeated, and may": {result{counts: counts{expected: 9, repeated: 2}, mayRepeat: true}, ""},
		"disordered": {
			result{counts: counts{expected: 9, disordered: 3}, mayRepeat: true},
			"3 out of order",
		},
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
			if says := strings.Contains(section.String(), "**no**"); says != (tc.broken != "") &&
				tc.result.failure == nil {
				t.Errorf("broken %q, but the section says\n%s", tc.broken, &section)
			}
			var promises strings.Builder
			(&report{names: []string{"it"}, results: []*result{&tc.result}}).promised(&promises)
			if says := strings.Contains(promises.String(), "**no**"); says != (tc.broken != "") {
				t.Errorf("broken %q, but the table of promises says\n%s", tc.broken, &promises)
			}
		})
	}
}

func TestPromises(t *testing.T) {
	rate := figure{
		what: eventRate, values: sample{60, 72, 80}, print: perSecond,
		against: []comparison{
			{limit: limitPost, values: sample{100, 100, 100}, least: 0.7},
			{limit: limitParse, values: sample{50}},
		},
	}
	r := &report{names: []string{"a", "b"}, results: []*result{
		{figures: []figure{rate, figure{
			what: peakMemory, values: sample{30},
			print: megabytes,
		}.neverAbove(64), {what: cpuTime, values: sample{1}, print: millis}}},
		{counts: counts{expected: 10, lost: 1, repeated: 2}, mayRepeat: true},
	}}
	var b strings.Builder
	r.promised(&b)
	const want = `
## What is promised, and what was measured

| Scenario    | Figure                                                           | Median  | Lowest to highest | Bound              | Holds  |
| ----------- | ---------------------------------------------------------------- | ------- | ----------------- | ------------------ | ------ |
| a           | events/s, against plain POST                                            | 0.72    | 0.6 to 0.8        | ratio at least 0.7 | yes    |
| a           | peak resident memory                                             | 30.0 MB | one run           | at most 64.0 MB    | yes    |
| all of them | events lost, repeated, out of order, not ours or wrongly signed | 1       |                   | none               | **no** |
`
	squeeze := func(s string) string {
		return strings.Join(strings.Fields(strings.ReplaceAll(s, "-", "")), " ")
	}
	if squeeze(b.String()) != squeeze(want) {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}
