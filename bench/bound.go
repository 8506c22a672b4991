package main

import (
	"fmt"
	"slices"
	"strings"
)

// bound is what a value has to keep to. The zero value says nothing.
type bound struct {
	text  string
	holds bool
}

// bound returns that of a figure.
func (f figure) bound() bound {
	switch {
	case f.most == 0:
		return bound{}
	case f.always && len(f.values) > 1:
		return bound{"always at most " + f.print(f.most), f.judged() <= f.most}
	}
	return bound{"at most " + f.print(f.most), f.judged() <= f.most}
}

// judged returns the value that has to keep to the bound.
func (f figure) judged() float64 {
	if f.always {
		return slices.Max(f.values)
	}
	return f.values.median()
}

// bound returns that of a figure compared.
func (c comparison) bound(values sample) bound {
	switch r := values.ratios(c.values).median(); {
	case c.most > 0:
		return bound{fmt.Sprintf("ratio at most %g", c.most), r <= c.most}
	case c.least > 0:
		return bound{fmt.Sprintf("ratio at least %g", c.least), r >= c.least}
	}
	return bound{}
}

// cells are what a table says of a bound.
func (b bound) cells() []string {
	switch {
	case b.text == "":
		return []string{"", ""}
	case b.holds:
		return []string{b.text, "yes"}
	}
	return []string{b.text, "**no**"}
}

// err returns an error that tells everything that is not as it must be.
func (r *result) err() error {
	if r.failure != nil {
		return r.failure
	}
	var broken []string
	counts := r.counts
	if r.mayRepeat {
		counts.repeated = 0
	}
	if err := counts.err(); err != nil {
		broken = append(broken, err.Error())
	}
	for _, f := range r.figures {
		if b := f.bound(); b.text != "" && !b.holds {
			broken = append(broken, fmt.Sprintf("%s is %s, want %s", f.what, f.print(f.judged()), b.text))
		}
		for _, c := range f.against {
			if b := c.bound(f.values); b.text != "" && !b.holds {
				broken = append(broken, fmt.Sprintf("%s is %s, against %s with %s: want a %s",
					f.what, f.print(f.values.median()), f.print(c.values.median()), c.limit, b.text))
			}
		}
	}
	if broken == nil {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(broken, "; "))
}

// section prints a result that has a section of its own.
func (r *result) section(b *strings.Builder, name string) {
	fmt.Fprintf(b, "\n## %s\n\n    go run ./bench -scenario %s\n\n%s\n\n", r.title, name, r.about)
	var rows [][]string
	for _, f := range r.figures {
		rows = append(rows, append([]string{f.what, f.print(f.values.median()), "", "", ""},
			f.bound().cells()...))
		for i, c := range f.against {
			if i > 0 || f.most > 0 {
				rows = append(rows, make([]string, 7))
			}
			row := rows[len(rows)-1]
			copy(row[2:], []string{
				c.limit, f.print(c.values.median()),
				ratio(f.values.ratios(c.values).median()),
			})
			copy(row[5:], c.bound(f.values).cells())
		}
	}
	for _, c := range r.counts.list() {
		row := append([]string{"events " + c.what, whole(float64(c.n)), "", "", ""}, bound{}.cells()...)
		if c.bad && (c.what != repeated || !r.mayRepeat) {
			copy(row[5:], bound{"none", c.n == 0}.cells())
		}
		rows = append(rows, row)
	}
	table(b, []string{"Figure", "Measured", "Compared with", "Its figure", "Ratio", "Bound", "Holds"},
		rows)
}
