package doctor

import (
	"context"
	"fmt"
	"time"

	"hookline/cdc"
	"hookline/sender"
)

// lookUps is how long the names of receivers are looked up, all together.
const lookUps = 3 * time.Second

// addresses tells of webhooks whose address is refused, so that each of their deliveries becomes a
// dead letter at once. Of a name that is not known in time it says nothing.
func (x *checkup) addresses(ctx context.Context) (found []cdc.Finding, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookUps)
	defer cancel()
	refused := map[string]string{} // by host
	for _, h := range x.db.Webhooks.List() {
		sub := x.db.Webhooks.Get(h.Key)
		if sub == nil {
			continue
		}
		why, asked := refused[sub.Host]
		if !asked {
			if why, err = sender.Refused(ctx, x.cfg.Sender, sub.URL); err != nil {
				return nil, err
			}
			refused[sub.Host] = why
		}
		if why != "" {
			found = append(found, cdc.Finding{
				Level: cdc.Warning, Check: "webhook",
				Found: fmt.Sprintf("%s at %s gets nothing, as seen from here: %s", h.Key, h.Host, why),
				Hint: "name the address in HOOKLINE_ALLOW_ADDRESSES where `hookline run` reads it, or " +
					"correct the URL; then replay what are dead letters",
			})
		}
	}
	return found, nil
}
