package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// sample is values of one kind.
type sample []float64

func (s sample) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// spread tells the lowest and the highest.
func (s sample) spread(unit format) string {
	if len(s) == 1 {
		return "one run"
	}
	return unit(slices.Min(s)) + " to " + unit(slices.Max(s))
}

// percentile returns the smallest value that at least a share p of all are not above.
func (s sample) percentile(p float64) float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
}

// ratios returns s, value by value, as shares of limit; a limit of one value is that of all.
func (s sample) ratios(limit sample) sample {
	shares := make(sample, len(s))
	for i := range s {
		shares[i] = s[i] / limit[i%len(limit)]
	}
	return shares
}

// format prints a value with its unit.
type format func(float64) string

func perSecond(v float64) string { return whole(v) }
func mebibytes(v float64) string { return fmt.Sprintf("%.0f MiB", v) }
func megabytes(v float64) string { return fmt.Sprintf("%.1f MB", v) }
func seconds(v float64) string   { return fmt.Sprintf("%.1f s", v) }
func percent(v float64) string   { return fmt.Sprintf("%.1f %%", 100*v) }
func millis(v float64) string    { return fmt.Sprintf("%.3g ms", 1000*v) }
func micros(v float64) string    { return fmt.Sprintf("%.3g µs", 1e6*v) }

// ratio prints a share: 0.041, 0.68, 12; – of nothing.
func ratio(v float64) string { return digits(v, 2) }

// share prints one more exactly, beside the bound that it has to keep to.
func share(v float64) string { return digits(v, 3) }

func digits(v float64, n int) string {
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return "–"
	case v >= 10:
		return whole(v)
	}
	return strconv.FormatFloat(v, 'g', n, 64)
}

// whole prints a number without decimals, its thousands apart.
func whole(v float64) string {
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
