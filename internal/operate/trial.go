package operate

import (
	"context"
	"strings"
	"time"

	"hookline/mapper"
	"hookline/sender"
	"hookline/webhook"
)

// Tried is what came of a test event.
type Tried struct {
	Webhook   string            `json:"webhook"`
	Event     string            `json:"event"` // its id
	Delivered bool              `json:"delivered"`
	Outcome   string            `json:"outcome"` // as in metrics and logs
	Status    int               `json:"status,omitempty"`
	Reason    string            `json:"reason,omitempty"` // why there was no answer
	Took      float64           `json:"milliseconds"`
	Protocol  string            `json:"protocol,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"` // of the answer
	Body      string            `json:"body,omitempty"`    // its first KiB
}

// sendTest sends one test event, and returns its ID.
func sendTest(ctx context.Context, cfg sender.Config, to *webhook.Subscription) (
	id string, answer sender.Answer, err error,
) {
	event := mapper.NewTrial(to.Workspace, time.Now())
	answer, err = sender.Try(ctx, cfg, to, event)
	return event.ID, answer, err
}

// Try sends one test event.
func Try(ctx context.Context, cfg sender.Config, to *webhook.Subscription) (Tried, error) {
	id, a, err := sendTest(ctx, cfg, to)
	if err != nil {
		return Tried{}, err
	}
	result := Tried{
		Webhook: to.Key, Event: id, Delivered: a.Outcome == sender.Delivered,
		Outcome: a.Outcome.String(), Status: a.Status, Reason: a.Reason,
		Took: float64(a.Took.Microseconds()) / 1000, Protocol: a.Proto, Body: string(a.Body),
	}
	if a.Header != nil {
		result.Headers = map[string]string{}
	}
	for name, values := range a.Header {
		result.Headers[name] = strings.Join(values, ", ")
	}
	return result, nil
}
