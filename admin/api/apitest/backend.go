// Package apitest has an api.Backend without a Hookline behind it, for tests of what is in front of
// it.
package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"time"

	"hookline/admin/api"
	"hookline/cdc"
)

// Backend answers with what is in its fields, and notes what it is asked to change.
type Backend struct {
	Over     api.Overview
	Hooks    []api.Webhook
	List     []api.Delivery
	Details  []api.Detail
	Tables   []api.Object
	Lost     api.Gaps
	Findings api.Diagnosis
	Set      []api.Setting
	Points   []api.Point
	Dead     api.Count
	Left     api.Count
	Result   api.TestResult
	Err      error // of everything, where it is not nil

	mu   sync.Mutex
	done []string
}

var _ api.Backend = (*Backend)(nil)

// Done returns what was changed, in order.
// Done is that of api.Backend.
func (b *Backend) Done() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done
}

func (b *Backend) note(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = append(b.done, fmt.Sprintf(format, args...))
}

// Overview is that of api.Backend.
func (b *Backend) Overview(context.Context) (api.Overview, error) { return b.Over, b.Err }

// Webhooks is that of api.Backend.
func (b *Backend) Webhooks(context.Context) ([]api.Webhook, error) { return b.Hooks, b.Err }

// Objects is that of api.Backend.
func (b *Backend) Objects(context.Context) ([]api.Object, error) { return b.Tables, b.Err }

// Gaps is that of api.Backend.
func (b *Backend) Gaps(context.Context) (api.Gaps, error) { return b.Lost, b.Err }

// Diagnosis is that of api.Backend.
func (b *Backend) Diagnosis(context.Context) (api.Diagnosis, error) { return b.Findings, b.Err }

// Settings is that of api.Backend.
func (b *Backend) Settings() []api.Setting { return b.Set }

// Series is that of api.Backend.
func (b *Backend) Series() []api.Point { return b.Points }

// Remaining is that of api.Backend.
func (b *Backend) Remaining(context.Context, string) (api.Count, error) { return b.Left, b.Err }

// Deliveries is that of api.Backend.
func (b *Backend) Deliveries(_ context.Context, f api.Filter) (p api.Page, err error) {
	for _, d := range b.List {
		switch after := f.Place(); {
		case after != (api.Place{}) && d.Place().Compare(after) <= 0:
		case len(p.List) == f.Limit:
			p.More = p.List[f.Limit-1].Place()
			return p, b.Err
		default:
			p.List = append(p.List, d)
		}
	}
	return p, b.Err
}

// Delivery is that of api.Backend.
func (b *Backend) Delivery(_ context.Context, event, _ string) ([]api.Detail, error) {
	if b.Err == nil && event == "evt_none" {
		return nil, api.NotFound{
			What: "no delivery of event evt_none waits or is dead, and none is remembered",
		}
	}
	return b.Details, b.Err
}

// Live tells of as many deliveries as are asked for, oldest first, and of 1,234 more, and then
// waits for ever.
func (b *Backend) Live(
	ctx context.Context,
	f api.Filter,
	after uint64,
) (api.News, bool) {
	if after == 0 {
		list := slices.Clone(b.List[:min(len(b.List), f.Limit)])
		slices.Reverse(list)
		return api.News{List: list, More: 1234, Last: 1}, true
	}
	<-ctx.Done()
	return api.News{Last: after}, false
}

// CountDead is that of api.Backend.
func (b *Backend) CountDead(context.Context, api.Filter) (api.Count, error) { return b.Dead, b.Err }

// Replay is that of api.Backend.
func (b *Backend) Replay(_ context.Context, f api.Filter) (api.Count, error) {
	b.note("replay %s", f.Webhook)
	return b.Dead, b.Err
}

// AddWebhook is that of api.Backend.
func (b *Backend) AddWebhook(_ context.Context, s api.WebhookSettings) (api.WebhookChanged, error) {
	text, _ := json.Marshal(s) // never fails
	b.note("add %s", text)
	return api.WebhookChanged{Key: "hookline.webhook/new", Secret: "told once"}, b.Err
}

// EditWebhook is that of api.Backend.
func (b *Backend) EditWebhook(
	_ context.Context,
	s api.WebhookSettings,
) (api.WebhookChanged, error) {
	text, _ := json.Marshal(s) // never fails
	b.note("edit %s %s", s.Name, text)
	return api.WebhookChanged{Key: s.Name}, b.Err
}

// PauseWebhook is that of api.Backend.
func (b *Backend) PauseWebhook(_ context.Context, name string) (api.WebhookChanged, error) {
	b.note("pause %s", name)
	return api.WebhookChanged{Key: name}, b.Err
}

// ResumeWebhook is that of api.Backend.
func (b *Backend) ResumeWebhook(_ context.Context, name string) (api.WebhookChanged, error) {
	b.note("resume %s", name)
	return api.WebhookChanged{Key: name}, b.Err
}

// RotateWebhook is that of api.Backend.
func (b *Backend) RotateWebhook(_ context.Context, r api.Rotation) (api.WebhookChanged, error) {
	b.note("rotate %s", r.Name)
	return api.WebhookChanged{Key: r.Name, Secret: "told once"}, b.Err
}

// FinishRotation is that of api.Backend.
func (b *Backend) FinishRotation(_ context.Context, name string) (api.WebhookChanged, error) {
	b.note("finish %s", name)
	return api.WebhookChanged{Key: name}, b.Err
}

// RemoveWebhook is that of api.Backend.
func (b *Backend) RemoveWebhook(_ context.Context, name string) (api.WebhookChanged, error) {
	b.note("remove %s", name)
	return api.WebhookChanged{Key: name}, b.Err
}

// TestWebhook is that of api.Backend.
func (b *Backend) TestWebhook(_ context.Context, name string) (api.TestResult, error) {
	b.note("test %s", name)
	return b.Result, b.Err
}

// Decisions is that of api.Backend.
func (b *Backend) Decisions(_ context.Context, name string) ([]api.Decision, error) {
	return []api.Decision{{
		Time: time.Now().UTC(), Event: "person.updated", ID: name, Verdict: "withheld",
		Reason: "data.city == 'Bonn' is false", Filter: "data.city == 'Bonn'",
	}}, b.Err
}

// New returns one in front of which all kinds of things have happened.
func New() *Backend {
	now := time.Now().UTC()
	key := func(n int) string {
		return fmt.Sprintf("hookline.webhook/%08x-8f4b-4f0e-9c50-2c1d7a3b9e11", 0x3fa1c2d0+n*0x01f3a7)
	}
	hook := func(n int, host string, operations ...string) api.Webhook {
		return api.Webhook{
			Key:         key(n),
			URL:         "https://" + host + "/hooks",
			Host:        host,
			State:       "active",
			Operations:  operations,
			Format:      "event",
			Signed:      true,
			Own:         true,
			Breaker:     "closed",
			Delivered:   4211 - 900*n,
			MeanSeconds: 0.038 + 0.021*float64(n),
			LastOK:      now.Add(-time.Duration(n+1) * 3 * time.Second),
		}
	}
	failing := hook(1, "billing.example.com", "company.*", "opportunity.*")
	failing.Breaker, failing.Failed, failing.Waiting, failing.Dead, failing.Bytes = "open", 37, 1284,
		12, 2<<20
	failing.Oldest, failing.LastFailed, failing.LastStatus = now.Add(-14*time.Minute),
		now.Add(-4*time.Second), 503
	failing.LastOK = now.Add(-14 * time.Minute)
	skipped := hook(3, "", "person.*")
	skipped.State, skipped.Reason, skipped.URL, skipped.Breaker, skipped.Delivered = "skipped",
		"column url: the scheme is ftp, want http or https", "", "idle", 0
	skipped.LastOK, skipped.MeanSeconds = time.Time{}, 0
	b := &Backend{
		Hooks: []api.Webhook{
			hook(0, "automation.example.com", "*.*"),
			failing,
			hook(2, "search.example.com", "person.created", "person.updated"),
			skipped,
		},
		Set: []api.Setting{
			{
				Name:  "HOOKLINE_DATABASE_URL",
				Value: "role crm, database crm at db:5432",
				Takes: "a Postgres connection string such as postgres://user:password@host:5432/database",
			},
			{
				Name:    "HOOKLINE_SLOT",
				Value:   "hookline",
				Default: true,
				Takes:   "1 to 63 lower-case letters, digits and underscores",
			},
			{
				Name:  "HOOKLINE_ADMIN_TOKEN",
				Value: "[secret]",
				Takes: "16 to 256 letters, digits and signs without spaces",
			},
			{Name: "HOOKLINE_SPOOL_DATABASE_URL", Default: true, Takes: "a Postgres connection string"},
		},
		Tables: []api.Object{
			{
				Table:   "public.people",
				Object:  "person",
				Events:  []string{"person.created", "person.updated", "person.deleted"},
				Key:     []string{"id"},
				LeftOut: []string{"password_hash"},
			},
			{
				Table:  "public.companies",
				Object: "company",
				Events: []string{"company.created", "company.updated", "company.deleted"},
				Key:    []string{"id"},
			},
			{Table: "public.imports", Reason: "it has no primary key"},
		},
		Lost: api.Gaps{GaveUp: []api.GaveUp{
			{
				Webhook: key(1),
				First:   "evt_5cad7dd0_0000000001993210_0",
				Last:    "evt_5cad7dd0_00000000019947b8_2",
				Events:  214,
				Began:   now.Add(-30 * time.Hour),
				Ended:   now.Add(-29 * time.Hour),
			},
		}},
		Dead: api.Count{
			Deliveries: 12,
			Webhooks:   []api.WebhookCount{{Webhook: key(1), Deliveries: 12}},
		},
		Left: api.Count{
			Deliveries: 1284,
			Webhooks:   []api.WebhookCount{{Webhook: key(1), Deliveries: 1284}},
		},
		Result: api.TestResult{Status: 503, Answer: "the database is being upgraded", TookSeconds: 0.084},
	}
	b.Findings = api.Diagnosis{Healthy: true, Warnings: 2, Examined: now, Findings: []cdc.Finding{
		cdc.OK("connection", "role crm, database crm at db:5432"),
		cdc.OK("version", "Postgres 18"),
		cdc.OK("wal_level", "logical"),
		{
			Level: cdc.Warning,
			Check: "max_slot_wal_keep_size",
			Found: "no limit: while Hookline does not run, Postgres keeps all WAL, until the disk is " +
				"full and the CRM stops",
			Hint: "as a superuser",
			SQL:  []string{"ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'", "SELECT pg_reload_conf()"},
		},
		{
			Level: cdc.Warning,
			Check: "spool",
			Found: "reachable; 1284 waiting, 12 dead, 2.0 MiB, the first since 14 minutes ago",
			Hint: "hookline deliveries list tells which are dead; deliveries replay sends them again, " +
				"deliveries discard forgets them",
		},
		cdc.OK("slot", `"hookline" is active, 0 B behind, keeps 56 kB of WAL (reserved)`),
		cdc.OK("gap", "none"),
	}}
	b.Over = api.Overview{
		Healthy:    new(bool),
		Examined:   now.Add(-40 * time.Second),
		Version:    "0.1.0",
		Profile:    "generic",
		State:      "active",
		LagSeconds: 0.021,
		InMemory:   6,
		Waiting:    1284,
		Dead:       12,
		SpoolBytes: 2 << 20,
		Active:     3,
		Skipped:    1,
		Failing:    1,
		Attention: append([]cdc.Finding{
			{
				Level: cdc.Warning,
				Check: "webhook",
				Found: failing.Key + " at billing.example.com accepts nothing: the last answer was 503",
				Hint:  "mend its receiver; what waits is sent by itself, in order, once it accepts again",
			},
		}, b.Findings.Findings[3:5]...),
	}
	events := []string{
		"person.updated",
		"company.created",
		"opportunity.updated",
		"person.created",
		"note.created",
		"company.updated",
	}
	for i := range 24 {
		d := api.Delivery{
			ID:          fmt.Sprintf("evt_5cad7dd0_%016x_0", 0x1993a40-i*0x1b8),
			Event:       events[i*7%len(events)],
			Webhook:     key(i * 5 % 3),
			State:       "delivered",
			Attempts:    1,
			Status:      200,
			Committed:   now.Add(-time.Duration(i*i+2) * time.Second),
			LastAttempt: now.Add(-time.Duration(i*i+1) * time.Second),
		}
		if d.Webhook == failing.Key {
			d.State, d.Status, d.Attempts, d.Next = "waiting", 503, 3, now.Add(90*time.Second)
			if i > 12 {
				d.State, d.Attempts, d.Next = "dead", 12, time.Time{}
			}
		}
		b.List = append(b.List, d)
	}
	dead := b.List[14]
	for _, d := range b.List {
		if d.State == "dead" {
			dead = d
		}
	}
	header := []api.Line{
		{
			Name:  "Content-Type",
			Value: "application/json",
		},
		{Name: "User-Agent", Value: "hookline/0.1.0"},
		{Name: "Webhook-Id", Value: dead.ID},
		{
			Name:  "X-Hookline-Attempt",
			Value: "12",
		},
		{Name: "Webhook-Timestamp", Value: "1764445000"},
		{Name: "Webhook-Signature", Value: "[secret]"},
	}
	b.Details = []api.Detail{
		{
			Delivery: dead,
			Updated:  []string{"stage", "amount"},
			Bytes:    612,
			Tries: []api.Attempt{
				{
					Number:      12,
					Began:       dead.LastAttempt,
					TookSeconds: 0.084,
					Outcome:     "failed",
					Status:      503,
					Answer:      `{"error":"the database is being upgraded"}`,
					Header:      header,
				},
				{
					Number:      11,
					Began:       dead.LastAttempt.Add(-24 * time.Hour),
					TookSeconds: 10,
					Outcome:     "failed",
					Reason:      "no answer within 10s",
					Header:      header,
				},
			},
			Data: json.RawMessage(
				`{"id":"6f687b23-3329-48bd-af34-bd7857815943","name":"Analytical Engines","stage":"won","amount":42000}`),
		},
	}
	b.Points = points(now)
	return b
}

// points are those of an hour in which a receiver fails at last.
func points(now time.Time) (list []api.Point) {
	random := rand.New(rand.NewPCG(1, 2))
	load := 24.0
	for i := range 360 {
		load = max(2, load+random.NormFloat64()*1.6+(24-load)*0.04)
		p := api.Point{
			Time:          now.Add(-time.Duration(360-i)*10*time.Second - time.Second),
			Delivered:     load,
			MedianSeconds: 0.031 + load/3000 + 0.002*random.Float64(),
			P99Seconds:    0.09 + load/700 + 0.03*random.ExpFloat64(),
			LagSeconds:    0.02,
			Backlog:       3 + random.IntN(4),
		}
		if i > 276 {
			p.Delivered, p.Failed, p.Backlog = load*0.8, 0.2+0.2*random.Float64(), p.Backlog+(i-276)*15
		}
		list = append(list, p)
	}
	return list
}

// Poison replaces every text that somebody else than Hookline's operators can have written: those
// of CRM users, and of receivers.
// Poison is that of api.Backend.
func (b *Backend) Poison(text string) {
	for _, v := range []any{
		&b.Hooks, &b.List, &b.Details, &b.Tables, &b.Lost, &b.Findings,
		&b.Over.Attention, &b.Dead, &b.Left, &b.Result,
	} {
		poison(reflect.ValueOf(v).Elem(), text)
	}
	quoted, _ := json.Marshal(text) // of a string never fails
	b.Details[0].Data = json.RawMessage(`{` + string(quoted) + `:` + string(quoted) + `}`)
}

// spared are fields that hold words of Hookline's own, by which pages decide what they show.
var spared = map[string]bool{"State": true, "Breaker": true, "Outcome": true, "Level": true}

func poison(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			return
		}
		for i := range v.Len() {
			poison(v.Index(i), text)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !spared[f.Name] {
				poison(v.Field(i), text)
			}
		}
	default:
	}
}
