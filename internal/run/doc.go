// Package run is the life of the process `hookline run`.
//
// [Run] goes through sessions, one after the other. A session prepares the database, waits for the
// slot, takes up what was left, and moves the stream until it cannot go on; then it finishes what
// it has in hand and gives the slot back. Process and session are lists of parts (parts.go): they
// are started from the top, and stopped from the bottom. Where to find what:
//
//   - run.go: the parts of the process, and what follows on the end of a session
//   - session.go: the parts of a session
//   - pump.go: change → event → deliveries
//   - new_tables.go: the publication, while tables come, go and change
//   - process.go: how the process stands, for probes, metrics and operators
//   - gap.go: the wait in a gap, until an operator has seen to it
//   - settled.go: what processes before this one have settled
//   - backpressure.go: when what waits is moved to the spool, so that WAL can go
//   - memory.go, processors.go: what of the machine is used
//   - log.go, fold.go: the log, and what becomes of lines that repeat
//   - upgrade.go: through pg_upgrade
//
// A context that ends calls for a stop. What stops has one that does not end with it, and bounds
// its own time: HOOKLINE_DRAIN_TIMEOUT for what is in hand, 10 s for the slot, 1 s for what
// listens.
package run
