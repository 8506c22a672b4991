//go:build race

package sender

// raced says that the tests run under the race detector, where they take ten times as long.
const raced = true
