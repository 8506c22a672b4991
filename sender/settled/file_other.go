//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package settled

import (
	"errors"
	"log/slog"
)

// Prepare cannot keep a record here.
func Prepare(string, string) error {
	return errors.New("HOOKLINE_STATE_DIR is set: on this system nothing can be kept there")
}

// Open cannot keep a record here.
func Open(dir string, of Origin, _ *slog.Logger) (*Record, error) {
	return nil, Prepare(dir, of.Slot)
}
