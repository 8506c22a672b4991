package webhook

import (
	"errors"
	"fmt"
	"slices"

	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/webhook/filter"
)

// What of events a webhook gets, and which of them: columns of Hookline's own table.

// view reads what of events the webhook gets.
func (r *reading) view() {
	previous := mapper.PreviousNone
	if given := r.row.fields[roleBefore]; !given.IsNull() {
		var known bool
		previous, known = mapper.ParsePrevious(given.String())
		switch {
		case !known:
			r.fail(roleBefore, fmt.Errorf("%.64q: want changed or all, or null for nothing",
				given.String()))
		case r.sub.Format == mapper.FormatTwenty:
			r.fail(roleBefore, errors.New("format twenty has no room for it; want event or standard"))
		}
	}
	fields, mask := r.names(roleFields), r.names(roleMask)
	if len(mask) == 0 {
		mask = nil
	}
	r.sub.View = mapper.NewView(previous, fields, mask)
	r.thin(mask)
}

// names reads a list of fields, nil for null.
func (r *reading) names(f columnRole) []string {
	given := r.row.fields[f]
	if given.IsNull() {
		return nil
	}
	names, err := parseNames(given.String())
	if err != nil {
		r.fail(f, err)
	}
	return names
}

// parseNames reads a text[] as Postgres prints it. An empty one is not nil.
func parseNames(text string) ([]string, error) {
	names, err := pg.ParseArray(text)
	switch {
	case errors.Is(err, pg.ErrNull):
		return nil, errors.New("has a null in it; want names alone")
	case err != nil:
		return nil, errors.New("is not a list of names, such as {id,stage}")
	}
	if slices.Contains(names, "") {
		return nil, errors.New("has an empty name")
	}
	return append([]string{}, names...), nil
}

// filter reads the expression that decides which events the webhook gets.
func (r *reading) filter() {
	given := r.row.fields[roleFilter]
	if given.IsNull() {
		return
	}
	var err error
	if r.sub.Filter, err = filter.Compile(given.String()); err != nil {
		r.fail(roleFilter, err)
	}
}

// keepFilter has a version of a subscription use the filter of the one before where both are the
// same expression.
func (s *Subscription) keepFilter(before *Subscription) {
	if s != nil && before != nil && s.Filter != nil && s.Filter.String() == before.Filter.String() {
		s.Filter = before.Filter
	}
}

// choices fills in what a row says of it.
func (row *Row) choices(v *values) {
	row.Previous, row.Filter = v.fields[roleBefore].String(), v.fields[roleFilter].String()
	row.Settle = intervalText(v.fields[roleSettle].String())
	row.SettleMax = intervalText(v.fields[roleSettleMax].String())
	row.CatchUp = v.fields[roleCatchUp].String()
	for f, names := range map[columnRole]*[]string{roleFields: &row.Fields, roleMask: &row.Mask} {
		if !v.fields[f].IsNull() {
			*names, _ = parseNames(v.fields[f].String())
		}
	}
}
