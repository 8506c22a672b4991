package doctor

import (
	"hookline/cdc"
)

// Diagnosis is what the doctor has found, in the order of the checks: each stands on those before
// it.
type Diagnosis struct {
	Healthy  bool          `json:"healthy"` // no problem; there may be warnings
	Problems int           `json:"problems"`
	Warnings int           `json:"warnings"`
	Findings []cdc.Finding `json:"findings"`
}

// Diagnose counts what is wrong among findings.
func Diagnose(findings []cdc.Finding) Diagnosis {
	d := Diagnosis{Findings: findings}
	for _, f := range findings {
		switch f.Level {
		case cdc.Wrong:
			d.Problems++
		case cdc.Warning:
			d.Warnings++
		}
	}
	d.Healthy = d.Problems == 0
	return d
}
