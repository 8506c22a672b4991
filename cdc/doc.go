// Package cdc reads the changes of a Postgres database from a logical replication slot, in the
// order of their commits. It acknowledges a position once everything before it is settled.
//
// A newcomer reads these types first:
//
//   - [Source] owns the replication connection. [Open] makes one, [Source.Acquire] takes the slot,
//     or waits as a standby while another process has it, and [Source.Changes] is the stream.
//   - [Change] is one change of one row, with the [Tx] that made it. (Commit, Index) identifies it:
//     the pair is the same each time the server sends the change.
//   - The ledger (ledger.go) knows which changes are not settled. [Tx.Hold] keeps the acknowledged
//     position below a change until its release is called.
//   - [Checkpoint] is how far the stream is settled, as it is saved apart from the slot. The slot
//     is never acknowledged beyond it. [FindGap] compares the two.
//   - [Plan] is what has to be done to a database before it can be streamed: publication, replica
//     identities, slot. [NewPlan] scans the catalogs, [Plan.Apply] runs the steps, one by one.
//
// The files, by subject:
//
//   - the stream: source.go (life cycle), connect.go, reader.go (one connection), decode.go
//     (pgoutput), partition_identity.go and partition_tree.go (what the stream does not tell of
//     partitions), lookahead.go;
//   - what is settled: ledger.go, checkpoint.go, gap.go, timeline.go, unreadable.go, upgrade.go;
//   - the plan: plan.go, plan_scan.go and plan_tables.go (what there is), step.go, plan_apply.go,
//     skipped.go, known_tables.go (what Hookline remembers of tables), fingerprint.go;
//   - rows from before a table was published: backfill.go, backfill_decode.go, backfill_window.go,
//     partition_attach.go, table_replace.go, table_rename.go, published_since.go;
//   - the server: system.go, preflight.go, platform.go, monitor.go, synchronous.go,
//     standby_slots.go, row_security.go, blocker.go, lock_holders.go;
//   - the way back: teardown.go, replica_identity.go.
//
// Errors that an operator can do something about are a [Problem], which has the SQL or the setting
// that fixes it; a [Gap] is one that has cost changes.
//
// https://www.postgresql.org/docs/current/protocol-logical-replication.html
package cdc
