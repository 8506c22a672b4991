//go:build race

package sender

// The race detector has a life of torture take six times as long.
const seedsByDefault = 1
