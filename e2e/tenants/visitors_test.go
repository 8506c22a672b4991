package tenants

import (
	"fmt"
	"strings"

	"hookline/e2e"
)

// visitors are webhooks that come and go, of any tenant, each of which hears of something else.
// Those of a tenant have one inbox.
type visitors struct {
	*world
	inboxes map[string]*e2e.Inbox
	keys    []string
}

func newVisitors(w *world) *visitors {
	v := &visitors{world: w, inboxes: map[string]*e2e.Inbox{}}
	for _, tenant := range w.tenants {
		v.inboxes[tenant] = e2e.NewInbox(w.T)
	}
	return v
}

// step has one more come, or one go.
func (v *visitors) step() {
	v.T.Helper()
	if n := len(v.keys); n > 0 && v.random.IntN(3) == 0 {
		i := v.random.IntN(n)
		table, id, _ := strings.Cut(v.keys[i], "/")
		v.Exec(fmt.Sprintf("DELETE FROM %s WHERE id = $1", table), id)
		v.keys = append(v.keys[:i], v.keys[i+1:]...)
		return
	}
	object := v.tables[v.random.IntN(len(v.tables))].object
	operation := []string{"*.*", object + ".*", "*.updated", object + ".created"}[v.random.IntN(4)]
	tenant := v.tenants[v.random.IntN(len(v.tenants))]
	v.keys = append(v.keys, v.hook(v.inboxes[tenant], tenant, operation))
}

// inspect looks at every request that came.
func (v *visitors) inspect() {
	v.T.Helper()
	n := 0
	for tenant, box := range v.inboxes {
		v.world.inspect(box, tenant)
		n += len(box.All())
	}
	if n == 0 {
		v.T.Error("nothing has come to webhooks that come and go")
	}
}
