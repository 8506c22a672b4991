package run

import "hookline/webhook"

// tellHeld has a sender hold the webhooks whose rows have a mistake, of those that are its own: it
// would know of the others only once something comes for them.
func tellHeld(webhooks *webhook.Registry, recheck func(key string), own func(key string) bool) {
	for _, h := range webhooks.List() {
		if h.State == webhook.Skipped && own(h.Key) {
			recheck(h.Key)
		}
	}
}
