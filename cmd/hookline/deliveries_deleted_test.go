package main

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"hookline/admin/api"
	"hookline/internal/crm"
	"hookline/internal/operate"
	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/sender"
)

// Of many dead deliveries those to a webhook that was deleted are left out, and told apart; the
// rest is sent again.
func TestReplayLeavesOutDeletedWebhooks(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	query(t, url, contacts+hooks)
	cfg := configOf(t, url)
	s, err := crm.OpenSpool(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := errors.Join(s.Migrate(t.Context(), discard), s.Claim(t.Context())); err != nil {
		t.Fatal(err)
	}
	event := mapper.NewEvent(mapper.Parts{
		ID: "evt_1", Object: "contact", Action: mapper.Created, Time: committed, Data: []byte(`{"id":1}`),
	})
	const there, gone = "public.webhooks/1", "public.webhooks/2"
	_, err = s.Put(t.Context(), []sender.Spooled{
		{Webhook: there, Event: event, Dead: true, Attempts: 12, Status: 500},
		{Webhook: gone, Event: event, Dead: true, Attempts: 12, Status: 500},
	})
	if err != nil {
		t.Fatal(err)
	}
	wanted := func() (keys []string) {
		t.Helper()
		queues, err := s.Queues(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range queues {
			if q.Wanted > 0 {
				keys = append(keys, q.Webhook)
			}
		}
		return keys
	}
	d := operate.New(cfg, starting{})
	defer d.Close()

	known, err := operate.ReadKnownWebhooks(t.Context(), cfg, s)
	if err != nil || known.Unread != nil || !slices.Equal(known.Deleted(), []string{gone}) {
		t.Fatalf("deleted: %q, %v, %v", known.Deleted(), known.Unread, err)
	}
	both := []api.WebhookCount{{Webhook: gone, Deliveries: 1}}
	for name, do := range map[string]func() (api.Count, error){
		"of all":      func() (api.Count, error) { return d.CountDead(t.Context(), api.Filter{State: "dead"}) },
		"of an event": func() (api.Count, error) { return d.CountDead(t.Context(), api.Filter{Event: "evt_1"}) },
	} {
		if c, err := do(); err != nil || c.Deliveries != 1 || !slices.Equal(c.Deleted, both) {
			t.Errorf("%s: %+v, %v, want one, and one that is left out", name, c, err)
		}
	}
	c, err := command(t, "replay", "--all", "--dry-run")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := c.Replay.replay(t.Context(), s, known, &out, later); err != nil {
		t.Fatal(err)
	}
	wantLines(t, out.String(), `1 dead to webhook `+gone+` cannot be sent again: it was deleted\.`,
		` +1 to webhook `+there, `1 dead delivery would be sent again\.`)
	if keys := wanted(); keys != nil {
		t.Errorf("looking has marked those to %q", keys)
	}
	if code := execute([]string{"deliveries", "replay", "--webhook", "2"}, io.Discard); code != exitFailed {
		t.Errorf("replay to the deleted one ends with %d, want %d", code, exitFailed)
	}
	if _, err := d.Replay(t.Context(), api.Filter{Webhook: gone}); err == nil ||
		!strings.Contains(err.Error(), gone) {
		t.Errorf("replay to the deleted one: %v", err)
	}
	if keys := wanted(); keys != nil {
		t.Errorf("a refusal has marked those to %q", keys)
	}
	if code := execute([]string{"deliveries", "replay", "--all"}, io.Discard); code != exitFine {
		t.Errorf("replay of all ends with %d, want %d", code, exitFine)
	}
	if keys := wanted(); !slices.Equal(keys, []string{there}) {
		t.Errorf("marked are those to %q, want %s alone", keys, there)
	}
}
