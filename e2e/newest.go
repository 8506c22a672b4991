package e2e

import (
	"cmp"

	"hookline/mapper"
)

// Newest returns how each record is by what has arrived, to one who drops what is older, by its id,
// than what came of the record before. That is who is told of several changes in one event: after a
// kill one of them may come by itself, behind the event that stood for it.
func Newest(arrivals []Arrival) map[string]Entry {
	newest, at := map[string]Entry{}, map[string]mapper.ID{}
	for _, a := range arrivals {
		id, ok := mapper.ParseID(a.ID)
		before := at[a.Key()]
		if ok && cmp.Or(cmp.Compare(max(1, id.Timeline), max(1, before.Timeline)),
			cmp.Compare(id.Commit, before.Commit), cmp.Compare(id.Index, before.Index)) >= 0 {
			newest[a.Key()], at[a.Key()] = a.Entry, id
		}
	}
	return newest
}
