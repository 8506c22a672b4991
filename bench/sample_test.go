package main

import (
	"slices"
	"testing"
)

func TestSample(t *testing.T) {
	hundred := make(sample, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	for name, tc := range map[string]struct{ got, want float64 }{
		"median of one":       {sample{3}.median(), 3},
		"median of odd":       {sample{9, 1, 4}.median(), 4},
		"median of even":      {sample{9, 1, 4, 6}.median(), 5},
		"p50":                 {hundred.percentile(0.50), 50},
		"p99":                 {hundred.percentile(0.99), 99},
		"p90":                 {hundred.percentile(0.90), 90},
		"p100 is the highest": {hundred.percentile(1), 100},
		"p99 of one":          {sample{7}.percentile(0.99), 7},
		"ratios, run by run":  {sample{1, 8}.ratios(sample{2, 4})[1], 2},
		"ratios to one limit": {sample{1, 8}.ratios(sample{4})[1], 2},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %g, want %g", name, tc.got, tc.want)
		}
	}
}

func TestFormats(t *testing.T) {
	got := []string{
		whole(0), whole(999), whole(1000), whole(1234567.4),
		ratio(0.0412), ratio(0.678), ratio(9.71), ratio(12.3),
		millis(0.00107), mebibytes(95.6), megabytes(63.96),
		share(0.8964), ratio(sample{1}.ratios(sample{0})[0]), sample{3}.spread(whole),
		sample{3, 1000, 2}.spread(whole),
	}
	want := []string{
		"0", "999", "1,000", "1,234,567", "0.041", "0.68", "9.7", "12", "1.07 ms",
		"96 MiB", "64.0 MB", "0.896", "–", "one run", "2 to 1,000",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
