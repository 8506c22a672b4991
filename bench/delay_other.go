//go:build !linux

package main

import "time"

// sleepUntil may be late by a millisecond.
func sleepUntil(at time.Time) { time.Sleep(time.Until(at)) }
