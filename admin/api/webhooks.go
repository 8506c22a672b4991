package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// WebhookFilter picks webhooks: those that have all that it names.
type WebhookFilter struct {
	Search string `query:"search" json:"-" doc:"words that key, URL, events, tenant, description or reason have, each of them"`
	State  string `query:"state"  json:"-" doc:"active, skipped, disabled; failing: the receiver accepts nothing; paused: it answered 410; waiting, dead: with deliveries of that kind"`
	After  string `query:"after"  json:"-" doc:"those alone whose keys come after this one"`
	Limit  int    `query:"limit"  json:"-" doc:"at most so many, 1 to 10000; default all"`
}

// WebhookStates are those that a WebhookFilter picks by.
func WebhookStates() []string {
	return []string{"active", "skipped", "disabled", "failing", "paused", "waiting", "dead"}
}

// Check returns a Wrong when the filter makes no sense.
func (f *WebhookFilter) Check() error {
	if all := WebhookStates(); f.State != "" && !slices.Contains(all, f.State) {
		return Wrong{fmt.Sprintf("state %q: want one of %s", f.State, strings.Join(all, ", "))}
	}
	if f.Limit < 0 || f.Limit > 10_000 {
		return Wrong{fmt.Sprintf("limit %d: want 1 to 10000", f.Limit)}
	}
	return nil
}

// Pick returns those of the webhooks that the filter picks, by their keys.
func (f *WebhookFilter) Pick(all []Webhook) (list []Webhook) {
	words := strings.Fields(strings.ToLower(f.Search))
	for _, h := range all {
		if h.Key > f.After && f.inState(&h) && h.has(words) {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, func(a, b Webhook) int { return cmp.Compare(a.Key, b.Key) })
	if f.Limit > 0 && len(list) > f.Limit {
		list = list[:f.Limit]
	}
	return list
}

func (f *WebhookFilter) inState(h *Webhook) bool {
	switch f.State {
	case "":
		return true
	case "failing":
		return h.Breaker == "open"
	case "paused":
		return h.Breaker == "paused"
	case "waiting":
		return h.Waiting > 0
	case "dead":
		return h.Dead > 0
	}
	return h.State == f.State
}

// has reports whether each of the words is in what an operator may know the webhook by.
func (w *Webhook) has(words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := strings.ToLower(strings.Join([]string{
		w.Key, w.URL, w.Host, strings.Join(w.Operations, " "), w.Workspace, w.Description, w.Reason,
		w.LastError,
	}, "\n"))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}
