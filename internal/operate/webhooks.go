package operate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/admin/api"
	"hookline/cdc"
	"hookline/internal/crm"
	"hookline/sender"
	"hookline/spool"
	"hookline/webhook"
)

// DefaultGrace is how long the secret of before a rotation signs, too.
const DefaultGrace = 24 * time.Hour

// webhookChange is something that is done to a webhook. It returns a secret that is to be told.
type webhookChange func(context.Context, *webhook.Registry, *pgx.Conn,
) (webhook.Row, webhook.Secret, error)

// change does something to webhooks, and tells what is wrong with that so that it can be answered.
func (d *Backend) change(
	ctx context.Context,
	f webhookChange,
) (c api.WebhookChanged, err error) {
	return c, d.view.conn(ctx, func(ctx context.Context, db *crm.Database, conn *pgxpool.Conn) error {
		row, secret, err := f(ctx, db.Webhooks, conn.Conn())
		if err != nil {
			return answerable(err)
		}
		c.Key, c.Secret = row.Key, string(secret)
		return nil
	})
}

// answerable returns an error of the webhook package as one of the API.
func answerable(err error) error {
	if _, ok := errors.AsType[*webhook.NotFoundError](err); ok {
		return api.NotFound{What: err.Error()}
	}
	if _, ok := errors.AsType[*webhook.InvalidError](err); ok {
		return api.Wrong{Why: err.Error()}
	}
	if _, ok := errors.AsType[*cdc.Problem](err); ok || errors.Is(err, webhook.ErrNotOwn) {
		return api.Refused{Why: err.Error()}
	}
	return err
}

func settingsOf(s api.WebhookSettings) webhook.Settings {
	settings := webhook.Settings{
		URL:         s.URL,
		Operations:  s.Operations,
		Workspace:   s.Workspace,
		Format:      s.Format,
		Per:         s.Per,
		Previous:    s.Previous,
		Filter:      s.Filter,
		Fields:      s.Fields,
		Mask:        s.Mask,
		Ignore:      s.Ignore,
		Settle:      s.Settle,
		SettleMax:   s.SettleMax,
		CatchUp:     s.CatchUp,
		Rekey:       s.Rekey,
		Description: s.Description,
		Secret:      (*webhook.Secret)(s.Secret),

		PaceSettings: webhook.PaceSettings(s.PaceSettings),
		TLSSettings: webhook.TLSSettings{
			CA: s.CA, ClientCertificate: s.ClientCertificate, ClientKey: (*webhook.Secret)(s.ClientKey),
		},
	}
	if s.Headers != nil {
		settings.Headers = &s.Headers
	}
	return settings
}

// lookUpTime is how long the name of a receiver is looked up.
const lookUpTime = 2 * time.Second

// Refused says why deliveries to the URL that a webhook is given would be refused for their
// address, as far as that can be told from here: see sender.Refused.
func Refused(ctx context.Context, cfg sender.Config, s *webhook.Settings) (why string, err error) {
	if s.URL == nil {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	return sender.Refused(ctx, cfg, *s.URL)
}

// AddWebhook tells the secret unless it was given.
func (d *Backend) AddWebhook(ctx context.Context, s api.WebhookSettings) (
	api.WebhookChanged, error,
) {
	settings := settingsOf(s)
	if err := d.consent(ctx, "", &settings); err != nil {
		return api.WebhookChanged{}, err
	}
	changed, err := d.change(
		ctx,
		func(ctx context.Context, r *webhook.Registry, conn *pgx.Conn,
		) (webhook.Row, webhook.Secret, error) {
			row, secret, err := r.Add(ctx, conn, settings)
			if s.Secret != nil {
				secret = ""
			}
			return row, secret, err
		},
	)
	return d.told(ctx, changed, err, &settings)
}

// told adds to a webhook that was changed why it will not be delivered to, and what it names that
// is not there.
func (d *Backend) told(
	ctx context.Context, changed api.WebhookChanged, err error, s *webhook.Settings,
) (api.WebhookChanged, error) {
	if err != nil {
		return changed, err
	}
	if changed.Refused, err = Refused(ctx, d.cfg.Sender, s); err != nil {
		return changed, err
	}
	err = d.view.use(ctx, func(ctx context.Context, db *crm.Database, _ *spool.Spool) error {
		d.view.reading.Lock()
		defer d.view.reading.Unlock()
		return db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
			changed.Warnings = Warnings(ctx, db, conn.Conn(), changed.Key)
			return nil
		})
	})
	return changed, err
}

// EditWebhook is that of api.Backend.
func (d *Backend) EditWebhook(ctx context.Context, s api.WebhookSettings) (
	api.WebhookChanged, error,
) {
	settings := settingsOf(s)
	if err := d.consent(ctx, s.Name, &settings); err != nil {
		return api.WebhookChanged{}, err
	}
	changed, err := d.change(
		ctx,
		func(ctx context.Context, r *webhook.Registry, conn *pgx.Conn,
		) (webhook.Row, webhook.Secret, error) {
			row, err := r.Edit(ctx, conn, s.Name, settings)
			return row, "", err
		},
	)
	return d.told(ctx, changed, err, &settings)
}

// PauseWebhook is that of api.Backend.
func (d *Backend) PauseWebhook(ctx context.Context, name string) (api.WebhookChanged, error) {
	return d.change(
		ctx,
		func(ctx context.Context, r *webhook.Registry, conn *pgx.Conn,
		) (webhook.Row, webhook.Secret, error) {
			row, err := r.Pause(ctx, conn, name)
			return row, "", err
		},
	)
}

// ResumeWebhook is that of api.Backend.
func (d *Backend) ResumeWebhook(ctx context.Context, name string) (api.WebhookChanged, error) {
	return d.change(
		ctx,
		func(ctx context.Context, r *webhook.Registry, conn *pgx.Conn,
		) (webhook.Row, webhook.Secret, error) {
			row, err := r.Resume(ctx, conn, name)
			return row, "", err
		},
	)
}

// RotateWebhook is that of api.Backend.
func (d *Backend) RotateWebhook(ctx context.Context, to api.Rotation) (api.WebhookChanged, error) {
	grace, err := graceOf(to)
	if err != nil {
		return api.WebhookChanged{}, err
	}
	return d.change(
		ctx,
		func(ctx context.Context, r *webhook.Registry, conn *pgx.Conn,
		) (webhook.Row, webhook.Secret, error) {
			return r.Rotate(ctx, conn, to.Name, "", grace)
		},
	)
}

// FinishRotation has the secret of before a rotation sign no more.
func (d *Backend) FinishRotation(ctx context.Context, name string) (api.WebhookChanged, error) {
	return d.change(
		ctx,
		func(ctx context.Context, r *webhook.Registry, conn *pgx.Conn,
		) (webhook.Row, webhook.Secret, error) {
			row, err := r.EndRotation(ctx, conn, name)
			return row, "", err
		},
	)
}

// RemoveWebhook removes one from Hookline's own table.
func (d *Backend) RemoveWebhook(ctx context.Context, name string) (api.WebhookChanged, error) {
	return d.change(
		ctx,
		func(ctx context.Context, r *webhook.Registry, conn *pgx.Conn,
		) (webhook.Row, webhook.Secret, error) {
			row, err := r.Remove(ctx, conn, name)
			return row, "", err
		},
	)
}

// graceOf returns for how long the secret of before a rotation signs, too.
func graceOf(to api.Rotation) (time.Duration, error) {
	const most = int(math.MaxInt64 / time.Second)
	switch {
	case to.GraceSeconds == nil:
		return DefaultGrace, nil
	case *to.GraceSeconds < 0 || *to.GraceSeconds > most:
		return 0, api.Wrong{Why: fmt.Sprintf("graceSeconds %d: want 0 to %d", *to.GraceSeconds, most)}
	}
	return time.Duration(*to.GraceSeconds) * time.Second, nil
}

// TestWebhook is that of api.Backend.
func (d *Backend) TestWebhook(ctx context.Context, name string) (result api.TestResult, err error) {
	var to *webhook.Subscription
	err = d.view.conn(ctx, func(ctx context.Context, db *crm.Database, conn *pgxpool.Conn) error {
		to, _, err = db.Webhooks.Subscription(ctx, conn.Conn(), name)
		return answerable(err)
	})
	if err != nil {
		return result, err
	}
	_, answer, err := sendTest(ctx, d.cfg.Sender, to)
	if err != nil {
		return result, err
	}
	return api.TestResult{
		Delivered: answer.Outcome == sender.Delivered, Status: answer.Status, Reason: answer.Reason,
		Answer: sender.Showable(to, answer.Body), TookSeconds: answer.Took.Seconds(),
	}, nil
}

// WebhookStatus is a webhook with its queue in the spool.
type WebhookStatus struct {
	webhook.Row
	Queue sender.Queue // zero where nothing waits and is dead
}

// ListWebhooks lists all webhooks.
func ListWebhooks(ctx context.Context, db *crm.Database, conn *pgx.Conn, store *spool.Spool) (
	[]WebhookStatus, error,
) {
	rows, err := db.Webhooks.Rows(ctx, conn)
	if err != nil {
		return nil, err
	}
	queues, err := Queues(ctx, store)
	list := make([]WebhookStatus, len(rows))
	for i, row := range rows {
		list[i] = WebhookStatus{row, queues[row.Key]}
	}
	return list, err
}

// Queues returns the queues of the spool by webhook; none when there is no spool yet.
func Queues(ctx context.Context, store *spool.Spool) (map[string]sender.Queue, error) {
	// Gaps knows whether there is a spool, and of this version.
	if _, err := store.Overflows(ctx); errors.Is(err, spool.ErrNotSetUp) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	list, err := store.Queues(ctx)
	queues := make(map[string]sender.Queue, len(list))
	for _, q := range list {
		queues[q.Webhook] = q
	}
	return queues, err
}
