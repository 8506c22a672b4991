package main

import (
	"syscall"
	"time"
)

// sleepUntil blocks the thread, which the kernel wakes some 50 µs after the moment. A signal may
// wake it before: then it sleeps on.
func sleepUntil(at time.Time) {
	for left := time.Until(at); left > 0; left = time.Until(at) {
		span := syscall.NsecToTimespec(left.Nanoseconds())
		_ = syscall.Nanosleep(&span, nil)
	}
}
