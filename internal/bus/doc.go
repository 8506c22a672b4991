// Package bus takes deliveries from the process that reads the slot to those that send, over NATS
// JetStream.
//
// A database has one stream, hookline-<name>. It is a work queue: a message is there until it is
// acknowledged. Its subjects are hookline.<name>.<partition>, and hookline.<name>.position. A
// message is a delivery, an event and a webhook, or several of one webhook: a pack. The webhook
// decides the partition, so all that holds of a webhook (order, requests at once, pace, breaker,
// spool) holds within one process.
//
// One Publisher writes. Each message names the sequence that it expects to be the last one, so the
// stream has what was published without a gap and in order, and refuses whoever was replaced. The
// message at position names the writer, and how far the stream of Postgres has been published: it
// lies ahead of packs, and tells what is in each.
//
// Partitions are taken by leases in a KV bucket of the stream's name (Keeper). Whoever takes one
// makes a consumer of its own for it (Intake), which begins with the first message that nobody has
// acknowledged; the consumer of the one before is deleted. So messages come in the order of the
// stream, and acknowledgements of whoever was replaced count for nothing.
//
// No secret is in the stream: senders read webhooks from the database. See docs/decisions/0086.
package bus
