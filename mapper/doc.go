// Package mapper turns row changes into events.
//
// A Mapper is given the changes of a replication stream, one after the other, and returns a Draft
// for each event. A draft knows its subject alone: which object, what has happened to it, whose it
// is. Draft.Event puts the event together, once somebody wants to hear of it.
//
// What the tables of a database hold is the business of a Catalog. There is one for each profile,
// in packages of their own: mapper/twenty, and mapper/generic with mapper/preset. It gives a
// Description for each relation: names, keys, fields with their encoders. The mapper compiles that
// once; from there on everything is the same for every database:
//
//   - An update without a visible difference is no event. Columns that the stream left out are
//     taken from the row before, or read back by key.
//   - A DELETE waits for an INSERT of the same key, which makes both an update (fold.go). For
//     webhooks that hear of commits, so does every change until its transaction ends
//     (transaction.go).
//   - A record in two rows, a draft and what is published, is told as one (documents.go).
//   - A changed key is told as an update that names the one before, or as an end and a beginning
//     (rekeyed.go). A changed tenant is always both.
//   - Records that not everybody may read are judged in the state of their commit (readers.go).
//
// What is held back follows from the changes of the transaction alone, so nothing of it has to be
// saved: who is given the changes again has it again, and events have the same IDs.
//
// A Mapper belongs to one goroutine. Events are immutable and safe for concurrent use.
package mapper
