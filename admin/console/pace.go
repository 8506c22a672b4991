package console

import "hookline/admin/api"

// paceOf reads how a webhook is to be sent to. said returns what a form says of a field, nil when
// that stays as it is.
func paceOf(said func(name string) *string, s *api.PaceSettings) error {
	s.Timeout = said("timeout")
	return nil
}
