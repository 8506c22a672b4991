package console

import (
	"fmt"
	"strconv"

	"hookline/admin/api"
)

// paceOf reads how a webhook is to be sent to. said returns what a form says of a field, nil when
// that stays as it is.
func paceOf(said func(name string) *string, s *api.PaceSettings) error {
	s.Timeout = said("timeout")
	if text := said("thin"); text != nil {
		s.Thin = new(*text == "true")
	}
	var err error
	if s.Rate, err = numberOf(said, "rate"); err != nil {
		return err
	}
	s.BatchWait = said("batch_wait")
	batch, err := numberOf(said, "batch")
	if batch != nil {
		s.Batch = new(int(*batch))
	}
	return err
}

// numberOf reads a number, 0 where the field is empty, nil when it stays as it is.
func numberOf(said func(name string) *string, name string) (*float64, error) {
	text := said(name)
	if text == nil {
		return nil, nil
	}
	if *text == "" {
		return new(0.0), nil
	}
	n, err := strconv.ParseFloat(*text, 64)
	if err != nil {
		return nil, api.Wrong{Why: fmt.Sprintf("%s: %.64q is no number", name, *text)}
	}
	return &n, nil
}
