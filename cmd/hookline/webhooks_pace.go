package main

import "hookline/webhook"

// webhookPace are the flags that say how a webhook is sent to.
type webhookPace struct {
	Timeout *string `clears:"" placeholder:"30s" help:"The time that one attempt has."`
}

// pace fills in what is said of it.
func (c *webhookPace) pace(s *webhook.Settings) {
	s.PaceSettings = webhook.PaceSettings{Timeout: c.Timeout}
}
