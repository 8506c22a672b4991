package crm

import (
	"context"
	"fmt"

	"hookline/cdc"
	"hookline/spool"
)

// LeftBus returns a *cdc.Blocked when deliveries of the slot go through a bus. A process without
// one must not deliver then: what is in the bus has to be delivered before.
func LeftBus(ctx context.Context, store *spool.Spool) error {
	memo, err := store.LoadMemo(ctx)
	if err != nil || memo == nil {
		return err
	}
	return &cdc.Blocked{Problem: cdc.Problem{
		What: fmt.Sprintf("deliveries of this slot go through stream %s of NATS, and HOOKLINE_NATS_URL "+
			"is not set", memo.Stream),
		Hint: "set it, and start with --role reader. To do without from now on: set it, stop readers " +
			"and senders, and hookline setup --leave-bus",
	}}
}
