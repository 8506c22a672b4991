//go:build !unix

package run

import "time"

// processorTime cannot tell here.
func processorTime() (used time.Duration, ok bool) { return 0, false }
