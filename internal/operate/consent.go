package operate

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/internal/crm"
	"hookline/sender"
	"hookline/webhook"
)

// Consent asks the receiver of a webhook that is to get CloudEvents whether it takes them, before
// the webhook of that name is changed as s says, or added, with "" for its name: where the URL is
// another, or the format is. s gets the rate that the receiver allows, where it says none, or more.
// The error is a *webhook.InvalidError when the receiver does not consent.
func Consent(
	ctx context.Context, db *crm.Database, conn *pgx.Conn, name string, s *webhook.Settings,
) error {
	now := &webhook.Subscription{Format: db.Config.Webhook.Format}
	format := now.Format
	if name != "" {
		sub, _, err := db.Webhooks.Subscription(ctx, conn, name)
		if _, ok := errors.AsType[*webhook.InvalidError](err); err != nil && !ok {
			return err
		}
		if sub != nil {
			now, format = sub, sub.Format
		}
	}
	if s.Format != nil {
		format = db.Config.Webhook.Format
		_ = format.UnmarshalText([]byte(*s.Format)) // what is none is refused when it is kept
	}
	target := now.URL
	if s.URL != nil {
		target = *s.URL
	}
	if !format.IsCloudEvents() || target == now.URL && now.Format.IsCloudEvents() {
		return nil
	}
	headers, rate := now.Headers, now.Pace.Rate
	if s.Headers != nil {
		headers = http.Header{}
		for name, value := range *s.Headers {
			headers.Set(name, value)
		}
	}
	if s.Rate != nil {
		rate = *s.Rate
	}
	by := s.TLSSettings.Over(now.TLS)
	allowed, err := sender.AskConsent(ctx, db.Config.Sender, target, headers, by, rate)
	if err != nil {
		return &webhook.InvalidError{Reason: fmt.Sprintf(
			"format: %s needs the consent of the receiver, and there is none: %v; want an answer to "+
				"OPTIONS with WebHook-Allowed-Origin", format, err)}
	}
	if allowed > 0 && (rate == 0 || rate > allowed) {
		s.Rate = new(min(allowed, webhook.RateMost))
	}
	return nil
}

// consent is Consent for the console.
func (d *Backend) consent(ctx context.Context, name string, s *webhook.Settings) error {
	return d.view.conn(ctx, func(ctx context.Context, db *crm.Database, conn *pgxpool.Conn) error {
		if err := Consent(ctx, db, conn.Conn(), name, s); err != nil {
			return answerable(err)
		}
		return nil
	})
}
