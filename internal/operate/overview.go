package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/admin/api"
	"hookline/admin/recent"
	"hookline/cdc"
	"hookline/config"
	"hookline/internal/crm"
	"hookline/sender"
	"hookline/spool"
	"hookline/webhook"
)

// Overview implements api.Backend, as do the other methods of Backend.
func (d *Backend) Overview(ctx context.Context) (api.Overview, error) {
	o := api.Overview{
		Version: d.cfg.Sender.Version, State: d.process.State().String(),
		ReadOnly: d.cfg.Admin.ReadOnly, ShowData: d.cfg.Admin.ShowData,
	}
	source, out := d.present()
	if source != nil {
		o.LagSeconds = source.Lag().Seconds()
	}
	if out != nil {
		o.InMemory, _ = out.Backlog()
	}
	hooks, err := d.Webhooks(ctx)
	o.Attention, o.Examined = d.attention(ctx, hooks)
	o.Examining = o.Examined.IsZero()
	if err != nil && (len(o.Attention) == 0 || o.Attention[0].Level != cdc.Wrong) {
		o.Attention = slices.Insert(o.Attention, 0, cdc.Finding{ // the doctor has looked before
			Level: cdc.Wrong, Check: "database", Found: err.Error(), Hint: "hookline doctor tells more",
		})
	}
	o.Healthy = healthy(o.Attention, o.Examining)
	if err != nil { // the doctor has told why
		return o, nil //nolint:nilerr // see above
	}
	for _, h := range hooks {
		switch webhook.RowState(h.State) {
		case webhook.Active:
			o.Active++
		case webhook.Skipped:
			o.Skipped++
		case webhook.Disabled:
			o.Disabled++
		}
		if h.Breaker == breakerOpen || h.Breaker == breakerPaused {
			o.Failing++
		}
		o.Waiting, o.Dead, o.SpoolBytes = o.Waiting+h.Waiting, o.Dead+h.Dead, o.SpoolBytes+h.Bytes
	}
	return o, d.view.use(ctx, func(_ context.Context, db *crm.Database, _ *spool.Spool) error {
		o.Profile = db.Catalog.Profile()
		return nil
	})
}

// healthy tells whether nothing needs attention, and nil while that is not known.
func healthy(attention []cdc.Finding, examining bool) *bool {
	if examining && len(attention) == 0 {
		return nil
	}
	return new(len(attention) == 0)
}

// patience is how long a page waits for the doctor that can do without.
const patience = 100 * time.Millisecond

// attention returns what is not fine: what the doctor has found lately, and receivers that accept
// nothing. examined is when the doctor has looked; zero when it has not yet.
func (d *Backend) attention(
	ctx context.Context,
	hooks []api.Webhook,
) (list []cdc.Finding, examined time.Time) {
	list = []cdc.Finding{}
	diagnosis, _ := d.diagnosis.latest(ctx, d.cfg, lookEvery, patience) // zero while there is none
	for _, f := range diagnosis.Findings {
		if f.Level != cdc.Fine {
			list = append(list, f)
		}
	}
	for _, h := range hooks {
		if h.Breaker == breakerOpen {
			list = append(list, cdc.Finding{
				Level: cdc.Warning,
				Check: "webhook",
				Found: fmt.Sprintf("%s at %s accepts nothing: %s", h.Key, h.Host, lastAnswer(h)),
				Hint:  "mend its receiver; what waits is sent by itself, in order, once it accepts again",
			})
		}
		if h.Undecided > 0 {
			list = append(list, unclearFilter(&h))
		}
	}
	slices.SortStableFunc(list, func(a, b cdc.Finding) int { // problems first
		return rank(a.Level) - rank(b.Level)
	})
	return list, diagnosis.Examined
}

func rank(l cdc.Level) int {
	if l == cdc.Wrong {
		return 0
	}
	return 1
}

func lastAnswer(h api.Webhook) string {
	if h.LastStatus != 0 {
		return fmt.Sprintf("the last answer was %d", h.LastStatus)
	}
	return h.LastError
}

// Objects tells what hookline objects does.
func (d *Backend) Objects(ctx context.Context) (list []api.Object, err error) {
	return list, d.view.use(ctx, func(ctx context.Context, db *crm.Database, _ *spool.Spool) error {
		d.view.reading.Lock()
		defer d.view.reading.Unlock()
		found, err := db.Objects(ctx)
		for _, o := range found {
			list = append(list, api.Object(o))
		}
		return err
	})
}

// Gaps is that of api.Backend.
func (d *Backend) Gaps(ctx context.Context) (gaps api.Gaps, err error) {
	gaps.GaveUp = []api.GaveUp{}
	if gap := d.process.Gap(); gap != nil {
		gaps.Stream = &api.StreamGap{Reason: string(gap.Reason), What: gap.What, Hint: gap.Hint}
	}
	return gaps, d.view.use(ctx, func(ctx context.Context, _ *crm.Database, store *spool.Spool) error {
		list, err := store.Overflows(ctx)
		for _, g := range list {
			gaps.GaveUp = append(gaps.GaveUp, crm.GaveUp(g))
		}
		slices.Reverse(gaps.GaveUp)
		return unlessNew(err)
	})
}

// unlessNew returns nil for an error that says that there is no spool yet.
func unlessNew(err error) error {
	if errors.Is(err, spool.ErrNotSetUp) {
		return nil
	}
	return err
}

// Settings is that of api.Backend.
func (d *Backend) Settings() (list []api.Setting) {
	for _, s := range config.Settings() {
		list = append(list, api.Setting(s))
	}
	return list
}

// Series is that of api.Backend.
func (d *Backend) Series() (list []api.Point) {
	perSecond := recent.Step.Seconds()
	for _, p := range d.Recent.Series() {
		list = append(list, api.Point{
			Time:          p.Time.UTC(),
			Delivered:     float64(p.Delivered) / perSecond,
			Failed:        float64(p.Failed) / perSecond,
			MedianSeconds: p.Median.Seconds(),
			P99Seconds:    p.P99.Seconds(),
			LagSeconds:    p.Lag.Seconds(),
			Backlog:       p.Backlog,
		})
	}
	return list
}

// States of api.Webhook.Breaker.
const (
	breakerIdle   = "idle"
	breakerClosed = "closed"
	breakerOpen   = "open"
	breakerPaused = "paused"
)

// Webhooks is that of api.Backend.
func (d *Backend) Webhooks(ctx context.Context) (list []api.Webhook, err error) {
	var found []WebhookStatus
	err = d.view.use(ctx, func(ctx context.Context, db *crm.Database, store *spool.Spool) error {
		return db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) (err error) {
			found, err = ListWebhooks(ctx, db, conn.Conn(), store)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	statuses := map[string]sender.WebhookStatus{}
	if _, out := d.present(); out != nil {
		for _, s := range out.WebhookStatuses() {
			statuses[s.Webhook] = s
		}
	}
	for _, w := range found {
		h, q := ofRow(w.Row), w.Queue
		h.Waiting, h.Dead, h.Bytes, h.Full = q.Waiting, q.Dead, q.Bytes, q.Full
		h.Oldest = utc(q.Oldest)
		stand(&h, statuses[h.Key], q.Paused)
		d.unclear(&h)
		list = append(list, h)
	}
	return list, nil
}

func ofRow(row webhook.Row) api.Webhook {
	return api.Webhook{
		Key:    row.Key,
		URL:    row.URL,
		Host:   row.Host,
		State:  string(row.State),
		Reason: row.Reason,
		Operations: append(
			[]string{},
			row.Operations...),
		Workspace:   row.Workspace,
		Format:      row.Format,
		Per:         row.Per,
		WebhookPace: api.WebhookPace(row.PaceRow),
		PublicKey:   row.PublicKey,
		CA:          row.CA,
		ClientUntil: row.ClientUntil,
		Previous:    row.Previous,
		Filter:      row.Filter,
		Fields:      row.Fields,
		Mask:        row.Mask,
		Ignore:      row.Ignore,
		Settle:      row.Settle,
		SettleMax:   row.SettleMax,
		CatchUp:     row.CatchUp,
		Rekey:       row.Rekey,
		Description: row.Description,
		Headers:     row.Headers,
		Signed:      row.Signed,
		Own:         row.Own,
		Rotating:    row.PreviousUntil,
		Left:        row.PreviousLeft,

		ClientCertificate: row.ClientCertificate,
	}
}

// stand adds how a webhook stands with this process.
func stand(h *api.Webhook, s sender.WebhookStatus, paused string) {
	switch {
	case paused != "":
		h.Breaker, h.Reason = breakerPaused, paused
	case s.Failing:
		h.Breaker = breakerOpen
	case s.LastDelivered.IsZero() && s.LastFailed.IsZero():
		h.Breaker = breakerIdle
	default:
		h.Breaker = breakerClosed
	}
	h.InFlight, h.Delivered, h.Failed = s.InFlight, s.Delivered, s.Failed
	h.MeanSeconds = s.Mean.Seconds()
	h.LastFailed, h.LastOK = utc(s.LastFailed), utc(s.LastDelivered)
	h.LastStatus, h.LastError = s.LastStatus, s.LastReason
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}
