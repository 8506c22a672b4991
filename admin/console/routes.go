package console

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"hookline/admin/api"
)

type nothing = *http.Request

func (c *Console) routes() {
	b := c.backend
	c.login()
	look(c, "/{$}", "overview", "Overview", "overview", func(context.Context, nothing) (any, error) {
		return nil, nil
	})
	part(c, "/part/overview", "overview", "figures",
		func(ctx context.Context, r *http.Request) (api.Overview, error) {
			if r.URL.Query().Get("examine") != "" {
				if _, err := b.Diagnosis(ctx); err != nil { // which the overview has, too
					return api.Overview{}, err
				}
			}
			return b.Overview(ctx)
		})

	look(c, "/webhooks", "webhooks", "Webhooks", "webhooks", c.webhooks)
	part(c, "/part/webhooks", "webhooks", "table", c.webhooks)
	look(c, "/webhook", "webhook", "Webhook", "webhooks", c.webhook)
	look(c, "/webhook/add", "webhook_form", "Add a webhook", "webhooks",
		func(context.Context, *http.Request) (hookForm, error) {
			return newHookForm(api.Webhook{Operations: []string{"*.*"}}, false), nil
		})
	look(
		c,
		"/webhook/edit",
		"webhook_form",
		"Change a webhook",
		"webhooks",
		func(ctx context.Context, r *http.Request) (hookForm, error) {
			h, err := c.webhook(ctx, r)
			return newHookForm(h, true), err
		},
	)
	look(
		c,
		"/webhook/confirm",
		"webhook_confirm",
		"Are you sure?",
		"webhooks",
		func(ctx context.Context, r *http.Request) (confirmation, error) {
			h, err := c.webhook(ctx, r)
			what := r.URL.Query().Get("do")
			if !slices.Contains([]string{"pause", "rotate", "finish", "remove"}, what) {
				return confirmation{}, api.Wrong{Why: "there is nothing of that name to be sure of"}
			}
			return confirmation{Webhook: h, Do: what}, err
		},
	)
	c.change("/webhook/save", c.saveWebhook)
	c.change("/webhook/pause", c.changeWebhook(b.PauseWebhook))
	c.change("/webhook/resume", c.changeWebhook(b.ResumeWebhook))
	c.change("/webhook/finish", c.changeWebhook(b.FinishRotation))
	c.change("/webhook/remove", func(w http.ResponseWriter, r *http.Request) error {
		_, err := b.RemoveWebhook(r.Context(), r.PostForm.Get("key"))
		if err == nil {
			http.Redirect(w, r, "/webhooks", http.StatusSeeOther)
		}
		return err
	})
	c.change("/webhook/rotate", func(w http.ResponseWriter, r *http.Request) error {
		changed, err := b.RotateWebhook(r.Context(), api.Rotation{Name: r.PostForm.Get("key")})
		return c.changed(w, changed, err)
	})
	c.change("/webhook/test", func(w http.ResponseWriter, r *http.Request) error {
		result, err := b.TestWebhook(r.Context(), r.PostForm.Get("key"))
		switch {
		case err != nil:
			return err
		case r.Header.Get("HX-Request") != "":
			c.render(w, http.StatusOK, "webhook_test", "result", result)
		default:
			c.show(w, http.StatusOK, "webhook_test", view{Title: "Test", At: "webhooks", Data: result})
		}
		return nil
	})

	look(c, "/deliveries", "deliveries", "Deliveries", "deliveries", c.deliveries)
	c.mux.HandleFunc("GET /deliveries/live", c.live)
	look(c, "/delivery", "delivery", "Delivery", "deliveries", c.delivery)
	part(c, "/part/delivery", "delivery", "details", c.delivery)
	look(
		c,
		"/replay",
		"replay",
		"Send again",
		"deliveries",
		func(ctx context.Context, r *http.Request) (replay, error) {
			f, err := filterOf(r.URL.Query())
			if err != nil {
				return replay{}, err
			}
			count, err := b.CountDead(ctx, f)
			return replay{Filter: f, Count: count}, err
		},
	)
	c.change("/replay", func(w http.ResponseWriter, r *http.Request) error {
		f, err := filterOf(r.PostForm)
		if err != nil {
			return err
		}
		count, err := b.Replay(r.Context(), f)
		if err == nil {
			c.show(w, http.StatusOK, "replay", view{
				Title: "Send again", At: "deliveries",
				Data: replay{Filter: f, Count: count, Done: true},
			})
		}
		return err
	})
	part(
		c,
		"/part/remaining",
		"replay",
		"remaining",
		func(ctx context.Context, r *http.Request) (api.Count, error) {
			return b.Remaining(ctx, r.URL.Query().Get("webhook"))
		},
	)

	look(c, "/objects", "objects", "Objects", "objects",
		func(ctx context.Context, _ nothing) ([]api.Object, error) {
			return b.Objects(ctx)
		})
	look(c, "/gaps", "gaps", "Gaps", "gaps", func(ctx context.Context, _ nothing) (api.Gaps, error) {
		return b.Gaps(ctx)
	})
	look(c, "/doctor", "doctor", "Doctor", "doctor",
		func(context.Context, nothing) (any, error) { return nil, nil })
	part(c, "/part/doctor", "doctor", "diagnosis",
		func(ctx context.Context, _ nothing) (api.Diagnosis, error) { return b.Diagnosis(ctx) })
	look(c, "/settings", "settings", "Settings", "settings",
		func(context.Context, nothing) ([]api.Setting, error) {
			return b.Settings(), nil
		})
	c.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		c.fail(w, r, api.NotFound{What: "there is no page " + r.URL.Path})
	})
}

// hookForm is the form in which a webhook is added or changed.
type hookForm struct {
	api.Webhook
	Edit    bool
	Formats []string
	Pers    []string
	Rekeys  []string

	Previouses []string
	CatchUps   []string
}

func newHookForm(h api.Webhook, edit bool) hookForm {
	return hookForm{
		Webhook: h, Edit: edit, Formats: formats, Pers: pers, Rekeys: rekeys,
		Previouses: previouses, CatchUps: catchUps,
	}
}

// formats are those of bodies; "" is what HOOKLINE_PAYLOAD_FORMAT says. pers are what there is an
// event of; "" is what the kind of database says. rekeys are how a changed key is told; "" stands
// for whole.
var (
	rekeys = []string{"", "split"}

	previouses = []string{"", "changed", "all"} // what is sent of the row before; "" is nothing
	catchUps   = []string{"", "latest"}         // what is sent of what has waited; "" stands for all
	formats    = []string{
		"", "event", "twenty", "standard", "cloudevents", "cloudevents-binary", "slack", "plain",
	}
	pers = []string{"", "commit", "change"}
)

// confirmation is what is asked before something is done that cannot be taken back.
type confirmation struct {
	api.Webhook
	Do string
}

// replay is what is sent again, or will be once that is confirmed.
type replay struct {
	api.Filter
	Count api.Count
	Done  bool
}

// webhook returns the one that the query names.
func (c *Console) webhook(ctx context.Context, r *http.Request) (api.Webhook, error) {
	key := r.URL.Query().Get("key")
	list, err := c.backend.Webhooks(ctx)
	if err != nil {
		return api.Webhook{}, err
	}
	i := slices.IndexFunc(list, func(h api.Webhook) bool { return h.Key == key })
	if i < 0 {
		return api.Webhook{}, api.NotFound{What: "there is no webhook " + key}
	}
	return list[i], nil
}

func (c *Console) changeWebhook(
	do func(context.Context, string) (api.WebhookChanged, error),
) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		changed, err := do(r.Context(), r.PostForm.Get("key"))
		return c.changed(w, changed, err)
	}
}

// changed answers after a change: with the webhook's page, or with the secret that is told once.
func (c *Console) changed(w http.ResponseWriter, changed api.WebhookChanged, err error) error {
	if err != nil {
		return err
	}
	if changed.Secret != "" {
		c.show(w, http.StatusOK, "secret", view{Title: "The secret", At: "webhooks", Data: changed})
		return nil
	}
	w.Header().Set("Location", "/webhook?key="+url.QueryEscape(changed.Key))
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// saveWebhook adds or changes a webhook. What the form had when it was shown, under was-, stays as
// it is; so do a URL and a secret, which are not shown whole, where they are left empty.
func (c *Console) saveWebhook(w http.ResponseWriter, r *http.Request) error {
	form := r.PostForm
	said := func(name string) *string {
		text := strings.TrimSpace(form.Get(name))
		if text == strings.TrimSpace(form.Get("was-"+name)) {
			return nil
		}
		return &text
	}
	s := api.WebhookSettings{
		Name: form.Get("key"), URL: said("url"), Secret: said("secret"), Workspace: said("workspace"),
		Format: said("format"), Per: said("per"), Rekey: said("rekey"),
		Description: said("description"), Previous: said("previous"), Filter: said("filter"),
		Settle: said("settle"), SettleMax: said("settle_max"), CatchUp: said("catch_up"),
	}
	if err := paceOf(said, &s.PaceSettings); err != nil {
		return err
	}
	if err := tlsOf(form, &s); err != nil {
		return err
	}
	if text := said("fields"); text != nil {
		s.Fields = append([]string{}, words(*text)...)
	}
	if text := said("mask"); text != nil {
		s.Mask = append([]string{}, words(*text)...)
	}
	var err error
	if s.Headers, err = headersOf(form); err != nil {
		return err
	}
	if text := said("operations"); text != nil || s.Name == "" {
		s.Operations = words(form.Get("operations"))
		if len(s.Operations) == 0 {
			return api.Wrong{Why: "say which events it is to hear of: *.* is all of them"}
		}
	}
	s.Ignore = ignoreOf(form)
	if s.Name == "" {
		changed, err := c.backend.AddWebhook(r.Context(), s)
		return c.changed(w, changed, err)
	}
	changed, err := c.backend.EditWebhook(r.Context(), s)
	return c.changed(w, changed, err)
}

// words returns what commas and blanks separate.
func words(text string) []string { return strings.Fields(strings.ReplaceAll(text, ",", " ")) }

// ignoreOf reads which changes the webhook is not to hear of: a line for each; nil when that stays
// as it is.
func ignoreOf(form url.Values) []string {
	lines := func(name string) []string {
		list := []string{}
		for line := range strings.Lines(form.Get(name)) {
			if line = strings.TrimSpace(line); line != "" {
				list = append(list, line)
			}
		}
		return list
	}
	list := lines("ignore")
	if slices.Equal(list, lines("was-ignore")) {
		return nil
	}
	return list
}

// headersOf reads the headers that a webhook is to add: a line for each, name and value; nil when
// nothing is said of them.
func headersOf(form url.Values) (map[string]string, error) {
	text := strings.TrimSpace(form.Get("headers"))
	if form.Get("no-headers") != "" {
		if text != "" {
			return nil, api.Wrong{Why: "headers are given, and there are to be none: one of both"}
		}
		return map[string]string{}, nil
	}
	var headers map[string]string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if _, twice := headers[name]; !ok || name == "" || value == "" || twice {
			return nil, api.Wrong{Why: "headers: want a line for each, such as X-Team: crm, and each once"}
		}
		if headers == nil {
			headers = map[string]string{}
		}
		headers[name] = value
	}
	return headers, nil
}

// hooks is the page of webhooks.
type hooks struct {
	api.WebhookFilter
	List []api.Webhook
	Of   int          // how many the filter picks, on all pages
	All  int          // how many there are
	Rest template.URL // query of the page after this one, "" when there is none
	Here template.URL // query of this page
}

func (c *Console) webhooks(ctx context.Context, r *http.Request) (h hooks, err error) {
	query := r.URL.Query()
	h.WebhookFilter = api.WebhookFilter{
		Search: strings.TrimSpace(query.Get("search")), State: query.Get("state"),
	}
	if err := h.Check(); err != nil {
		return h, err
	}
	all, err := c.backend.Webhooks(ctx)
	h.All, h.Of = len(all), len(h.Pick(all))
	h.After = query.Get("after")
	h.List = h.Pick(all)
	h.Here = template.URL(query.Encode())
	if len(h.List) > pageRows {
		h.List = h.List[:pageRows]
		query.Set("after", h.List[pageRows-1].Key)
		h.Rest = template.URL(query.Encode())
	}
	return h, err
}

// details is the page of one event's deliveries.
type details struct {
	List []api.Detail
	Rest int // how many more there are, to other webhooks
}

// detailsMost is how many deliveries of an event its page shows.
const detailsMost = 25

func (c *Console) delivery(ctx context.Context, r *http.Request) (d details, err error) {
	query := r.URL.Query()
	d.List, err = c.backend.Delivery(ctx, query.Get("id"), query.Get("webhook"))
	if len(d.List) > detailsMost {
		d.Rest, d.List = len(d.List)-detailsMost, d.List[:detailsMost]
	}
	return d, err
}

// search is the page of deliveries.
type search struct {
	api.Filter
	Hours    string // since so many hours ago, in place of Since
	List     []api.Delivery
	Webhooks []api.Webhook // to choose from; none when they are too many
	Older    template.URL  // query of the page with older ones, "" when there are none
	Reached  time.Time     // how far back was looked for them, when that was not all
	Query    template.URL  // its own, from the newest on
}

// pageRows is how many rows a page has; of more webhooks none can be chosen from.
const pageRows = 100

func (c *Console) deliveries(ctx context.Context, r *http.Request) (s search, err error) {
	query := r.URL.Query()
	if s.Filter, err = filterOf(query); err != nil {
		return s, err
	}
	s.Hours = query.Get("hours")
	f := s.Filter
	f.Limit = pageRows
	page, err := c.backend.Deliveries(ctx, f)
	if err != nil {
		return s, err
	}
	s.List = page.List
	query.Del("after")
	s.Query = template.URL(query.Encode())
	if page.More != (api.Place{}) {
		if len(s.List) < pageRows {
			s.Reached = page.More.Committed
		}
		query.Set("after", page.More.String())
		s.Older = template.URL(query.Encode())
	}
	if s.Webhooks, err = c.backend.Webhooks(ctx); len(s.Webhooks) > pageRows {
		s.Webhooks = nil
	}
	return s, err
}

// filterOf reads a filter from a query or a form.
func filterOf(values url.Values) (f api.Filter, err error) {
	err = api.Bind(&f, func(tag reflect.StructTag) (string, string) {
		name := tag.Get("query")
		return name, strings.TrimSpace(values.Get(name))
	})
	if hours := values.Get("hours"); hours != "" && err == nil {
		ago, parseErr := time.ParseDuration(hours + "h")
		if parseErr != nil {
			return f, api.Wrong{Why: "hours: want a number"}
		}
		f.Since = time.Now().Add(-ago).Truncate(time.Second)
	}
	if err == nil {
		err = f.Check()
	}
	return f, err
}

// liveRows is how many rows are sent at once: a person reads no more in a second.
const liveRows = 10

// live sends rows of the table of deliveries, and how many it has left out.
func (c *Console) live(w http.ResponseWriter, r *http.Request) {
	f, err := filterOf(r.URL.Query())
	if err != nil {
		c.fail(w, r, err)
		return
	}
	f.Limit = liveRows
	var text bytes.Buffer
	api.Stream(w, r, c.backend, f, func(n api.News) ([]byte, error) {
		slices.Reverse(n.List) // newest first, as in the table, and so are the attempts at one delivery
		slices.SortStableFunc(n.List, func(a, b api.Delivery) int { return a.Place().Compare(b.Place()) })
		text.Reset()
		err := c.pages["deliveries"].ExecuteTemplate(&text, "news", n)
		return text.Bytes(), err
	})
}
