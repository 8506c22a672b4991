package doctor

import (
	"context"
	"fmt"
	"time"

	"hookline/cdc"
	"hookline/webhook"
)

// expiresSoon is how long before its end a certificate is told of.
const expiresSoon = 21 * 24 * time.Hour

// certificates tells of those of webhooks that are past their time, or soon will be.
func (x *checkup) certificates(context.Context) (found []cdc.Finding, err error) {
	for _, status := range x.db.Webhooks.List() {
		if sub := x.db.Webhooks.Get(status.Key); sub != nil && sub.TLS != nil {
			found = append(found, checkCertificates(sub, time.Now())...)
		}
	}
	return found, nil
}

// checkCertificates tells of those of a webhook. Of several authorities one that is valid may be
// enough.
func checkCertificates(sub *webhook.Subscription, now time.Time) (found []cdc.Finding) {
	for _, c := range sub.TLS.Certificates() {
		var what string
		switch {
		case now.Before(c.NotBefore):
			what = "is not valid before " + c.NotBefore.UTC().Format(time.RFC3339)
		case !now.Before(c.NotAfter):
			what = "has been valid until " + c.NotAfter.UTC().Format(time.RFC3339)
		case now.Add(expiresSoon).After(c.NotAfter):
			what = fmt.Sprintf("is valid for %d more days, until %s",
				int(c.NotAfter.Sub(now)/(24*time.Hour)), c.NotAfter.UTC().Format(time.RFC3339))
		default:
			continue
		}
		found = append(found, cdc.Finding{
			Level: cdc.Warning, Check: "certificates",
			Found: fmt.Sprintf("webhook %s to %s: %s %q %s", sub.Key, sub.Host, c.Column,
				c.Subject.String(), what),
			Hint: "replace it: hookline webhooks edit " + sub.Key + " " + certificateFlags[c.Column],
		})
	}
	return found
}

// certificateFlags are what a command takes for a column.
var certificateFlags = map[string]string{
	"ca":                 "--ca FILE",
	"client_certificate": "--client-certificate FILE --client-key FILE",
}
