package run

import (
	"errors"
	"fmt"

	"hookline/config"
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
	case r != All && cfg.StateDir != "":
		return fmt.Errorf("HOOKLINE_STATE_DIR is set, to %s, and --role %s keeps nothing there: the "+
			"stream knows what was accepted. Unset it", cfg.StateDir, r)
	}
	return nil
}
