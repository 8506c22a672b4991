package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"hookline/cdc"
	"hookline/internal/amount"
	"hookline/internal/doctor"
)

type doctorCommand struct{ jsonFlag }

func (c doctorCommand) Run(ctx context.Context) error {
	cfg, err := load()
	if err != nil {
		return err
	}
	d, unfinished := doctor.CheckAll(ctx, cfg)
	if c.JSON {
		err = printJSON(os.Stdout, d)
	} else {
		err = printDiagnosis(os.Stdout, &d)
	}
	if err = errors.Join(unfinished, err); err == nil && !d.Healthy {
		err = errUnhealthy
	}
	return err
}

var levelColours = map[cdc.Level]colour{cdc.Fine: green, cdc.Warning: yellow, cdc.Wrong: red}

// printDiagnosis prints what was found, and how it is mended.
func printDiagnosis(out io.Writer, d *doctor.Diagnosis) error {
	s := screenOf(out)
	width := 0
	for _, f := range d.Findings {
		width = max(width, len(f.Check))
	}
	var b strings.Builder
	for _, f := range d.Findings {
		level := s.paint(levelColours[f.Level], fmt.Sprintf("%-7s", f.Level))
		fmt.Fprintf(&b, "%s  %-*s  %s\n", level, width, f.Check, strings.ReplaceAll(f.Found, "\n", " "))
		if f.Hint != "" {
			fmt.Fprintf(&b, "           %s\n", strings.ReplaceAll(f.Hint, "\n", "\n           "))
		}
		for _, sql := range f.SQL {
			fmt.Fprintf(&b, "             %s;\n", sql)
		}
	}
	fmt.Fprintf(&b, "%s, %s\n", amount.Of(d.Problems, "problem"), amount.Of(d.Warnings, "warning"))
	_, err := io.WriteString(out, b.String())
	return err
}
