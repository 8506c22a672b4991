package main

import (
	"fmt"

	"hookline/webhook"
)

// webhookPace are the flags that say how a webhook is sent to.
type webhookPace struct {
	Timeout   *string `clears:"" placeholder:"30s" help:"The time that one attempt has, 1ms to 10m."`
	Rate      *string `placeholder:"10" help:"Requests in a second at most; 0 for no limit."`
	Thin      *bool   `negatable:"" help:"Of a record the key alone is sent; all updates are told."`
	Batch     *string `placeholder:"50" help:"Events in a request at most, 2 to 100, in an array; 0 for one, and no array."`
	BatchWait *string `clears:"" placeholder:"100ms" help:"How long the first event of a request waits for others (100ms)."`
}

// pace fills in what is said of it.
func (c *webhookPace) pace(s *webhook.Settings) error {
	s.PaceSettings = webhook.PaceSettings{
		Timeout: c.Timeout, Thin: c.Thin, BatchWait: c.BatchWait,
	}
	if c.Rate != nil {
		rate, err := webhook.ParseRate(*c.Rate)
		if err != nil {
			return fmt.Errorf("--%w", err)
		}
		s.Rate = &rate
	}
	if c.Batch != nil {
		batch, err := webhook.ParseBatch(*c.Batch)
		if err != nil {
			return fmt.Errorf("--%w", err)
		}
		s.Batch = &batch
	}
	return nil
}

// Validate refuses numbers that are none, or too large or small.
func (c webhookPace) Validate() error { return c.pace(new(webhook.Settings)) }

// publicKey tells what checks a webhook's signatures, "" where that is its secret.
func publicKey(row *webhook.Row) string {
	if row.PublicKey == "" {
		return ""
	}
	return "Its public key: " + row.PublicKey
}
