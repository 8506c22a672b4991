// Package api serves to programs what operators want to know of a running Hookline, and what they
// do: JSON over HTTP, under /api/v1/. What there is is a table, from which both the handlers and
// the description of it, OpenAPI 3.1, are made.
package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// prefix of all paths. Within a version fields are added, and nothing else is changed.
const prefix = "/api/v1"

// most is how long a request may be.
const most = 64 << 10

// operation is one thing to ask for.
type operation struct {
	method, path, id, summary string
	input, output             reflect.Type // input is nil where there is none
	serve                     func(ctx context.Context, input any) (any, error)
}

func (o *operation) changes() bool { return o.method != http.MethodGet }

// ask returns an operation that only looks.
func ask[In, Out any](
	path, id, summary string,
	f func(context.Context, In) (Out, error),
) operation {
	return define(http.MethodGet, path, id, summary, f)
}

// do returns an operation that changes something.
func do[In, Out any](path, id, summary string, f func(context.Context, In) (Out, error)) operation {
	return define(http.MethodPost, path, id, summary, f)
}

func define[In, Out any](
	method, path, id, summary string,
	f func(context.Context, In) (Out, error),
) operation {
	return operation{
		method:  method,
		path:    prefix + path,
		id:      id,
		summary: summary,
		input:   reflect.TypeFor[In](),
		output:  reflect.TypeFor[Out](),
		serve:   func(ctx context.Context, input any) (any, error) { return f(ctx, *input.(*In)) },
	}
}

// paged has an operation that returns a Page answer with its list.
func paged(o operation) operation {
	o.output = reflect.TypeFor[[]Delivery]()
	return o
}

// next leads to the page after one, in the header of the answer.
//
// https://www.rfc-editor.org/rfc/rfc8288
func next(w http.ResponseWriter, r *http.Request, more Place) {
	if more == (Place{}) {
		return
	}
	query := r.URL.Query()
	query.Set("after", more.String())
	w.Header().Set("Link", "<"+r.URL.Path+"?"+query.Encode()+`>; rel="next"`)
}

type (
	nothing struct{}
	// ofWebhook is a question about one webhook.
	ofWebhook struct {
		Name string `path:"name" json:"-" doc:"its key or its ID, with slashes as %2F"`
	}
	ofAny struct {
		Webhook string `query:"webhook" doc:"of one only"`
	}
	ofEvent struct {
		ID      string `path:"id" doc:"of the event"`
		Webhook string `          doc:"the delivery to one only" query:"webhook"`
	}
)

// operations are all that there are.
func operations(b Backend) []operation {
	without := func(f func(context.Context, string) (WebhookChanged, error)) func(context.Context,
		ofWebhook) (WebhookChanged, error) {
		return func(ctx context.Context, w ofWebhook) (WebhookChanged, error) { return f(ctx, w.Name) }
	}
	return []operation{
		ask("/overview", "overview", "How all of it stands",
			func(ctx context.Context, _ nothing) (Overview, error) {
				return b.Overview(ctx)
			}),
		ask("/series", "series", "How the last hour went, in steps of ten seconds",
			func(context.Context, nothing) ([]Point, error) { return b.Series(), nil }),
		ask("/webhooks", "webhooks", "How the webhooks stand, by their keys",
			func(ctx context.Context, f WebhookFilter) ([]Webhook, error) {
				if err := f.Check(); err != nil {
					return nil, err
				}
				list, err := b.Webhooks(ctx)
				return f.Pick(list), err
			}),
		do("/webhooks", "addWebhook", "Add a webhook", b.AddWebhook),
		do("/webhooks/{name}/edit", "editWebhook", "Change a webhook", b.EditWebhook),
		do("/webhooks/{name}/pause", "pauseWebhook",
			"Switch a webhook off: what waits for it is dropped, and what happens until it is resumed is "+
				"not sent", without(b.PauseWebhook)),
		do("/webhooks/{name}/resume", "resumeWebhook", "Switch a webhook on again",
			without(b.ResumeWebhook)),
		do("/webhooks/{name}/rotate", "rotateWebhook", "Give a webhook another secret", b.RotateWebhook),
		do("/webhooks/{name}/rotate/finish", "finishRotation",
			"Have the secret of before a rotation sign no more", without(b.FinishRotation)),
		do("/webhooks/{name}/remove", "removeWebhook",
			"Remove a webhook: what waits for it is dropped", without(b.RemoveWebhook)),
		do("/webhooks/{name}/test", "testWebhook",
			"Send a webhook a test event, and tell what it answers",
			func(ctx context.Context, w ofWebhook) (TestResult, error) {
				return b.TestWebhook(ctx, w.Name)
			}),
		ask("/webhooks/{name}/decisions", "decisions",
			"What the filter of a webhook has made of the last events, newest first: those that this "+
				"process remembers",
			func(ctx context.Context, w ofWebhook) ([]Decision, error) {
				return b.Decisions(ctx, w.Name)
			}),
		paged(ask(
			"/deliveries",
			"deliveries",
			"Deliveries, newest first: what is remembered of those that were accepted, and all that wait "+
				"or are dead. The header Link leads to those after them, if there may be any: a filter that "+
				"picks few of many is answered a piece at a time",
			func(ctx context.Context, f Filter) (Page, error) {
				if err := f.Check(); err != nil {
					return Page{}, err
				}
				return b.Deliveries(ctx, f)
			},
		)),
		ask("/deliveries/{id}", "delivery", "The deliveries of one event, with their attempts",
			func(ctx context.Context, e ofEvent) ([]Detail, error) {
				return b.Delivery(ctx, e.ID, e.Webhook)
			}),
		ask(
			"/replay",
			"countReplay",
			"How many dead deliveries a replay would send again",
			func(ctx context.Context, f Filter) (Count, error) {
				if err := f.Check(); err != nil {
					return Count{}, err
				}
				return b.CountDead(ctx, f)
			},
		),
		do(
			"/replay",
			"replay",
			"Have dead deliveries sent again: those that all of the fields pick",
			func(ctx context.Context, f Filter) (Count, error) {
				if err := f.Check(); err != nil {
					return Count{}, err
				}
				return b.Replay(ctx, f)
			},
		),
		ask("/remaining", "remaining", "How many deliveries wait, or are still to be sent again",
			func(ctx context.Context, a ofAny) (Count, error) { return b.Remaining(ctx, a.Webhook) }),
		ask("/objects", "objects", "What is announced of each table, or why nothing is",
			func(ctx context.Context, _ nothing) ([]Object, error) { return b.Objects(ctx) }),
		ask("/gaps", "gaps", "What was lost, or given up",
			func(ctx context.Context, _ nothing) (Gaps, error) {
				return b.Gaps(ctx)
			}),
		ask("/doctor", "doctor", "Check everything; at most once in some seconds",
			func(ctx context.Context, _ nothing) (Diagnosis, error) { return b.Diagnosis(ctx) }),
		ask("/settings", "settings", "The configuration, with secrets masked",
			func(context.Context, nothing) ([]Setting, error) { return b.Settings(), nil }),
	}
}

// Handler serves /api/. In read-only mode it changes nothing.
func Handler(b Backend, readOnly bool, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	all := operations(b)
	for _, o := range all {
		mux.HandleFunc(o.method+" "+o.path, func(w http.ResponseWriter, r *http.Request) {
			if readOnly && o.changes() {
				fail(w, Refused{ReadOnly}, log)
				return
			}
			input := reflect.New(o.input).Interface()
			if err := read(r, input); err != nil {
				fail(w, err, log)
				return
			}
			answer, err := o.serve(r.Context(), input)
			if err != nil {
				fail(w, err, log)
				return
			}
			if page, ok := answer.(Page); ok {
				next(w, r, page.More)
				answer = page.List
			}
			write(w, http.StatusOK, answer)
		})
	}
	description := describe(all)
	mux.HandleFunc("GET "+prefix+"/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, description)
	})
	mux.HandleFunc("GET "+prefix+"/live", func(w http.ResponseWriter, r *http.Request) {
		var f Filter
		err := fromQuery(r, &f)
		if err == nil {
			err = f.Check()
		}
		if err != nil {
			fail(w, err, log)
			return
		}
		Stream(w, r, b, f, func(n News) ([]byte, error) {
			if len(n.List) == 0 {
				return nil, nil
			}
			return json.Marshal(n.List)
		})
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		fail(
			w,
			NotFound{
				fmt.Sprintf("there is no %s %s; %s/openapi.json tells what there is", r.Method, r.URL.Path,
					prefix),
			},
			log,
		)
	})
	return mux
}

// ReadOnly is why nothing is changed in read-only mode.
const ReadOnly = "HOOKLINE_ADMIN_READ_ONLY is on: nothing can be changed here"

// problem is the answer that tells of an error.
type problem struct {
	Error string `json:"error"`
}

// Status returns that of the answer which tells of err, and what it says.
func Status(err error) (status int, text string) {
	if e, ok := errors.AsType[NotFound](err); ok {
		return http.StatusNotFound, e.What
	}
	if e, ok := errors.AsType[Refused](err); ok {
		return http.StatusForbidden, e.Why
	}
	if e, ok := errors.AsType[Wrong](err); ok {
		return http.StatusBadRequest, e.Why
	}
	return http.StatusServiceUnavailable, err.Error()
}

// fail tells of err.
func fail(w http.ResponseWriter, err error, log *slog.Logger) {
	status, text := Status(err)
	if status == http.StatusServiceUnavailable {
		log.Warn("a question of an operator cannot be answered", "error", err)
	}
	write(w, status, problem{text})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(orEmpty(v)) // of who has gone
}

// orEmpty returns an empty list in place of none.
func orEmpty(v any) any {
	if list := reflect.ValueOf(v); list.Kind() == reflect.Slice && list.IsNil() {
		return reflect.MakeSlice(list.Type(), 0, 0).Interface()
	}
	return v
}

// read fills input from the path, the query and, where something is to be changed, the body.
func read(r *http.Request, input any) error {
	if r.Method != http.MethodGet {
		decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, most))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(input); err != nil && !errors.Is(err, io.EOF) {
			return Wrong{"the body is not the JSON that this takes: " + unread(err)}
		}
	}
	return fromQuery(r, input)
}

// unread returns why JSON could not be read, in the words of JSON.
func unread(err error) string {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	want := wrong.Type.String()
	switch wrong.Type.Kind() {
	case reflect.Bool:
		want = "true or false"
	case reflect.Int, reflect.Int64:
		want = "a whole number"
	case reflect.Float64:
		want = "a number"
	case reflect.String:
		want = "a string"
	case reflect.Slice:
		want = "an array"
	case reflect.Map, reflect.Struct:
		want = "an object"
	}
	name := wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:]
	return fmt.Sprintf("%s: got %s, want %s", cmp.Or(name, "all of it"), wrong.Value, want)
}

// fromQuery sets the fields of the struct that input points to from the path and, where nothing is
// to be changed, the query. The error is a
// Wrong.
func fromQuery(r *http.Request, input any) error {
	if err := knownQuery(r, reflect.TypeOf(input).Elem()); err != nil {
		return err
	}
	return Bind(input, func(tag reflect.StructTag) (string, string) {
		if name := tag.Get("path"); name != "" {
			return name, r.PathValue(name)
		}
		if name := tag.Get("query"); name != "" && r.Method == http.MethodGet {
			return name, r.URL.Query().Get(name)
		}
		return "", ""
	})
}

// knownQuery returns a Wrong when the query has a parameter that would be taken no notice of: what
// was to be narrowed by it would be answered as a whole.
func knownQuery(r *http.Request, input reflect.Type) error {
	var known []string
	for i := range input.NumField() {
		if name := input.Field(i).Tag.Get("query"); name != "" && r.Method == http.MethodGet {
			known = append(known, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
		switch {
		case slices.Contains(known, name):
		case r.Method != http.MethodGet:
			return Wrong{fmt.Sprintf("query parameter %.64q: want none; what is to be changed "+
				"is said in the body, as JSON", name)}
		case len(known) == 0:
			return Wrong{fmt.Sprintf("query parameter %.64q: want none here", name)}
		default:
			return Wrong{fmt.Sprintf("query parameter %.64q: want some of %s", name,
				strings.Join(known, ", "))}
		}
	}
	return nil
}

// Bind sets fields of the struct that input points to from texts: value returns the name and the
// text of the field with a tag, "" to leave
// it as it is. The error is a Wrong.
func Bind(input any, value func(tag reflect.StructTag) (name, text string)) error {
	v := reflect.ValueOf(input).Elem()
	for i := range v.NumField() {
		name, text := value(v.Type().Field(i).Tag)
		if text == "" {
			continue
		}
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			return Wrong{fmt.Sprintf("%s %q: is no text that a database can hold", name, text)}
		}
		switch field := v.Field(i).Addr().Interface().(type) {
		case *string:
			*field = text
		case *int:
			n, err := strconv.Atoi(text)
			if err != nil {
				return Wrong{fmt.Sprintf("%s %q: want a whole number", name, text)}
			}
			*field = n
		case *time.Time:
			t, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return Wrong{fmt.Sprintf("%s %q: want a time such as 2025-02-10T15:30:00Z", name, text)}
			}
			*field = t
		}
	}
	return nil
}

// Pace is the shortest time between two pieces of news to one who listens. Making them costs as
// much as some dozen deliveries, so that it is not to be had at each of them.
const Pace = time.Second

// Stream sends deliveries as they are attempted, as server-sent events: each as render makes it of
// News, until either side ends it, or nothing when that is empty. Of what is too much to be read,
// the newest is sent.
func Stream(
	w http.ResponseWriter,
	r *http.Request,
	b Backend,
	f Filter,
	render func(News) ([]byte, error),
) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	if _, err := io.WriteString(w, ": listening\n\n"); err != nil || out.Flush() != nil {
		return
	}
	last := uint64(0)
	for {
		news, ok := b.Live(r.Context(), f, last)
		if !ok {
			return
		}
		last = news.Last
		text, err := render(news)
		if err != nil || len(text) > 0 && (sendEvent(w, text) != nil || out.Flush() != nil) {
			return
		}
		select {
		case <-time.After(Pace):
		case <-r.Context().Done():
			return
		}
	}
}

// sendEvent writes text as one event.
//
// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
func sendEvent(w io.Writer, text []byte) error {
	message := []byte("data: ")
	for _, b := range text {
		switch b {
		case '\r':
		case '\n':
			message = append(message, "\ndata: "...)
		default:
			message = append(message, b)
		}
	}
	_, err := w.Write(append(message, "\n\n"...))
	return err
}
