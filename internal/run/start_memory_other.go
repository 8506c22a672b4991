//go:build !linux

package run

// releaseProgram does nothing here.
func releaseProgram() {}
