package webhook

import (
	"errors"

	"hookline/internal/pg"
	"hookline/mapper"
)

// ignore reads which changes the webhook does not hear of.
func (r *reading) ignore() {
	given := r.row.fields[roleIgnore]
	if given.IsNull() {
		return
	}
	entries, err := pg.ParseArray(given.String())
	switch {
	case errors.Is(err, pg.ErrNull):
		err = errors.New("has a null in it; want entries alone")
	case err != nil:
		err = errors.New("is not a list of entries, such as {actor:API}")
	}
	if err == nil && len(entries) > 0 {
		r.entries = entries
		r.sub.ignore = entries
		r.sub.Ignore, err = mapper.ParseIgnore(entries)
	}
	if err != nil {
		r.fail(roleIgnore, err)
	}
}

// ignoring returns 1 for a subscription that does not hear of all changes, else 0.
func ignoring(s *Subscription) int {
	if s.Ignore != nil {
		return 1
	}
	return 0
}
