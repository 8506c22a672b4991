// Package sender delivers events to webhooks over HTTP.
//
// Send takes a Delivery: an event, a webhook, and a promise. It is kept when the receiver has
// accepted the event, when that is safe in the spool, or when the webhook is gone. The stream is
// held until then. So the package must bound the memory that deliveries take, and the time for
// which one that fails is held. It does not know where a Delivery came from.
//
// Each webhook has a queue. The state machine in sender/queue decides what is attempted when, what
// waits for a retry, and what goes to the spool and comes back. A webhookQueue drives it, with a
// lock, a clock and goroutines.
//
// An attempt is one POST (attempt.go). A requestBuilder puts it together and signs it (header.go,
// sign.go). A transport sends it through the dial guard (dial_guard.go), and verdict.go says what
// the answer means. Policy says when to try again. A request that a broken connection has lost is
// sent again within the attempt (resend.go).
//
// The buffer bounds the memory of deliveries over all webhooks: Send waits while it is full. A
// receiver that keeps others from it has to go through the spool (backpressure.go). The
// concurrencyLimit bounds attempts over all webhooks.
//
// The Spool is an interface; package spool implements it in Postgres. The spoolWriter alone writes
// to it. Whatever the spool cannot take holds the stream until it can.
//
// Deliveries of one record reach a webhook in the order in which they were sent here, retries
// included. Different records, and different webhooks, do not wait for each other.
package sender

import (
	"hookline/mapper"
	"hookline/webhook"
)

// Delivery is an event, a webhook and a promise.
type Delivery struct {
	Event   *mapper.Event
	To      *webhook.Subscription
	Settled func() // called once, when the receiver has accepted, or the webhook is gone
}
