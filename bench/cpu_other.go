//go:build !linux

package main

import (
	"errors"
	"time"
)

// cpu cannot be told here.
func (*process) cpu() (time.Duration, error) {
	return 0, errors.New("the CPU time of another process: not on this system")
}
