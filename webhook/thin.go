package webhook

import (
	"errors"
	"fmt"

	"hookline/mapper"
)

// thin reads whether the webhook gets keys in place of records. It is called when what else there
// is of its view was read.
func (r *reading) thin(mask []string) {
	switch given := r.row.fields[roleThin]; {
	case given.IsNull(), given.String() == "f":
		return
	case given.String() != "t": // which a boolean cannot be
		r.fail(roleThin, fmt.Errorf("%.64q: want true or false, or null", given.String()))
		return
	}
	for _, other := range []columnRole{roleFields, roleBefore} {
		if !r.row.fields[other].IsNull() {
			r.fail(roleThin, errors.New("true: nothing but the key is sent then; want false, or null for "+
				roleNames[other][0]))
			return
		}
	}
	r.sub.View = mapper.NewThinView(mask)
}
