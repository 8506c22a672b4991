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
	s.BatchWait = said("batch_wait")
	var err error
	if s.Batch, err = numberOf(said, "batch", "a whole number", strconv.Atoi); err != nil {
		return err
	}
	s.Rate, err = numberOf(said, "rate", "a number", func(text string) (float64, error) {
		return strconv.ParseFloat(text, 64)
	})
	return err
}

// numberOf reads a number, 0 where the field is empty, nil when it stays as it is.
func numberOf[N int | float64](said func(name string) *string, name, what string,
	parse func(string) (N, error),
) (*N, error) {
	text := said(name)
	if text == nil {
		return nil, nil
	}
	if *text == "" {
		return new(N), nil
	}
	n, err := parse(*text)
	if err != nil {
		return nil, api.Wrong{Why: fmt.Sprintf("%s: %.64q: want %s", name, *text, what)}
	}
	return &n, nil
}
