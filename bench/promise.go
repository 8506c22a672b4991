package main

import "strings"

// promised prints every bound of all scenarios, and whether it holds.
func (r *report) promised(b *strings.Builder) {
	var rows [][]string
	var all counts
	for i, result := range r.results {
		if result.failure != nil {
			rows = append(rows, append([]string{r.names[i], "whether it could be measured", "", ""},
				bound{"yes", false}.cells()...))
		}
		for _, f := range result.figures {
			rows = append(rows, f.promises(r.names[i])...)
		}
		of := result.counts
		if result.mayRepeat {
			of.repeated = 0
		}
		all.add(of)
	}
	wrong := all.lost + all.repeated + all.disordered + all.stray + all.unsigned
	row := []string{
		"all of them", "events lost, repeated, out of order, not ours or wrongly signed",
		whole(float64(wrong)), "",
	}
	rows = append(rows, append(row, bound{"none", wrong == 0}.cells()...))
	b.WriteString("\n## What is promised, and what was measured\n\n")
	table(b, []string{"Scenario", "Figure", "Median", "Lowest to highest", "Bound", "Holds"}, rows)
}

// promises returns a row for the bound of the figure, and one for each bound of its ratio to
// something else.
func (f figure) promises(scenario string) (rows [][]string) {
	if b := f.bound(); b.text != "" {
		rows = append(rows, append(f.cells(scenario), b.cells()...))
	}
	for _, c := range f.against {
		if b := c.bound(f.values); b.text != "" {
			of := figure{
				what: f.what + ", against " + c.limit, values: f.values.ratios(c.values),
				print: share,
			}
			rows = append(rows, append(of.cells(scenario), b.cells()...))
		}
	}
	return rows
}
