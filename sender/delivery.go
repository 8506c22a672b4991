// Package sender delivers events: it keeps the order per record, signs, attempts, judges the answer and tries again.
// It does not know where a Delivery came from.
package sender

import (
	"hookline/mapper"
	"hookline/webhook"
)

// Delivery is an event, an addressee and a promise.
type Delivery struct {
	Event   *mapper.Event
	To      *webhook.Subscription
	Settled func() // called once, when the receiver has accepted, or the webhook is gone
}
