package run

import (
	"context"
	"errors"
	"fmt"

	"hookline/cdc"
	"hookline/config"
	"hookline/spool"
)

// Role is what a process does of the work.
type Role string

const (
	All   Role = ""       // all of it, without a bus
	Reads Role = "reader" // reads the slot, and puts deliveries into the bus
	Sends Role = "sender" // delivers from the bus
)

// Check returns an error unless role and settings fit together.
func (r Role) Check(cfg config.Config) error {
	switch {
	case r == All && cfg.Bus.On():
		return errors.New("HOOKLINE_NATS_URL is set: want --role reader or --role sender")
	case r != All && !cfg.Bus.On():
		return fmt.Errorf("--role %s goes with HOOKLINE_NATS_URL, which is not set", r)
	}
	return nil
}

// leftBus keeps a process without a bus from delivering while there may be something in one, which
// has to be delivered before.
func leftBus(ctx context.Context, store *spool.Spool) error {
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
