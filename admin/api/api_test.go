package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"hookline/admin/api"
	"hookline/admin/api/apitest"
)

func handler(b api.Backend, readOnly bool) http.Handler {
	return api.Handler(b, readOnly, slog.New(slog.DiscardHandler))
}

func ask(t *testing.T, h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	return w
}

type description struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string           `json:"operationId"`
		Parameters  []map[string]any `json:"parameters"`
		RequestBody map[string]any   `json:"requestBody"`
		Responses   map[string]struct {
			Content map[string]struct{ Schema map[string]any }
		} `json:"responses"`
	} `json:"paths"`
	Components struct{ Schemas map[string]any } `json:"components"`
}

// bodies are of requests that have one, by operation.
var bodies = map[string]string{
	"addWebhook":    `{"url":"https://example.com","operations":["*.*"],"headers":{"X-Team":"crm"}}`,
	"editWebhook":   `{"description":"of the billing team"}`,
	"rotateWebhook": `{"graceSeconds":60}`,
	"replay":        `{"state":"dead"}`,
}

// Each operation that the description has is there and answers as it says, with success and
// failure; and there is none that it has not.
func TestHandlersAnswerAsDescribed(t *testing.T) {
	fine, broken := handler(apitest.New(), false),
		handler(&apitest.Backend{Err: errors.New("the database is away")}, false)
	var d description
	text := ask(t, fine, "GET", "/api/v1/openapi.json", "").Body.Bytes()
	if err := json.Unmarshal(text, &d); err != nil || d.OpenAPI != "3.1.1" {
		t.Fatalf("OpenAPI %q, %v", d.OpenAPI, err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	strict(document)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	validate := func(what, pointer string, answer []byte) {
		t.Helper()
		schema, err := compiler.Compile("openapi.json#" + pointer)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(answer))
		if err == nil {
			err = schema.Validate(value)
		}
		if err != nil {
			t.Errorf("%s answers otherwise than described: %v\n%s", what, err, answer)
		}
	}
	count := 0
	for path, methods := range d.Paths {
		for method, operation := range methods {
			count++
			if operation.OperationID == "live" || operation.OperationID == "openapi" {
				continue
			}
			pointer := "/paths/" + strings.ReplaceAll(path, "/", "~1") + "/" + method + "/responses/"
			url := strings.NewReplacer("{name}", "hookline.webhook%2F1", "{id}", "evt_1").Replace(path)
			if operation.OperationID == "countReplay" {
				url += "?state=dead"
			}
			body := bodies[operation.OperationID]
			if (body != "") != (operation.RequestBody != nil) {
				t.Errorf("%s: body described: %t", operation.OperationID, operation.RequestBody != nil)
			}
			w := ask(t, fine, strings.ToUpper(method), url, body)
			if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s: %d %s", operation.OperationID, w.Code, w.Body)
				continue
			}
			validate(operation.OperationID, pointer+"200/content/application~1json/schema", w.Body.Bytes())
			w = ask(t, broken, strings.ToUpper(method), url, body)
			if operation.OperationID == "series" || operation.OperationID == "settings" { // which ask nobody
				validate(operation.OperationID, pointer+"200/content/application~1json/schema", w.Body.Bytes())
				continue
			}
			if w.Code != 503 {
				t.Errorf("%s: %d of a database that is away", operation.OperationID, w.Code)
			}
			validate(operation.OperationID, pointer+"default/content/application~1json/schema",
				w.Body.Bytes())
		}
	}
	if count != 23 {
		t.Errorf("%d operations are described, want 23", count)
	}
}

// strict lets objects have no other fields than those that are described.
func strict(node any) {
	switch n := node.(type) {
	case map[string]any:
		if n["type"] == "object" && n["properties"] != nil {
			n["additionalProperties"] = false
		}
		for _, child := range n {
			strict(child)
		}
	case []any:
		for _, child := range n {
			strict(child)
		}
	}
}

func TestReadOnlyChangesNothing(t *testing.T) {
	b := apitest.New()
	h := handler(b, true)
	for _, path := range []string{
		"/webhooks", "/webhooks/x/edit", "/webhooks/x/pause",
		"/webhooks/x/resume", "/webhooks/x/rotate", "/webhooks/x/test", "/replay",
	} {
		w := ask(t, h, "POST", "/api/v1"+path, `{}`)
		if w.Code != 403 || !strings.Contains(w.Body.String(), "HOOKLINE_ADMIN_READ_ONLY") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := ask(t, h, "GET", "/api/v1/webhooks", ""); w.Code != 200 {
		t.Errorf("looking: %d %s", w.Code, w.Body)
	}
	if done := b.Done(); len(done) > 0 {
		t.Errorf("changed: %v", done)
	}
}

func TestRequestsThatMakeNoSense(t *testing.T) {
	b := apitest.New()
	h := handler(b, false)
	for _, test := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/deliveries?state=lost", "", 400, "want delivered, retrying, waiting or dead"},
		{"GET", "/deliveries?limit=1000", "", 400, "1 to 500"},
		{"GET", "/deliveries?limit=x", "", 400, "whole number"},
		{"GET", "/deliveries?webhok=x", "", 400, "want some of webhook, event, record"},
		{"GET", "/live?webhok=x", "", 400, "want some of webhook"},
		{"GET", "/gaps?since=2025-02-10T15:30:00Z", "", 400, "want none here"},
		{"POST", "/replay?webhook=x", `{"webhook":"x"}`, 400, "is said in the body"},
		{"GET", "/deliveries?since=yesterday", "", 400, "2025-02-10T15:30:00Z"},
		{"GET", "/deliveries?status=99999999999", "", 400, "-1 for none"},
		{"GET", "/deliveries?webhook=%00", "", 400, "no text"},
		{"GET", "/deliveries?record=%ff", "", 400, "no text"},
		{"GET", "/deliveries/%00", "", 400, "no text"},
		{"GET", "/deliveries/evt_none", "", 404, "evt_none"},
		{"GET", "/nothing", "", 404, "openapi.json"},
		{"DELETE", "/webhooks", "", 404, "DELETE"},
		{"POST", "/replay", `{"webhok":"x"}`, 400, "webhok"},
		{"POST", "/replay", `[`, 400, "JSON"},
		{"POST", "/replay", `{"event":"` + strings.Repeat("x", 70<<10) + `"}`, 400, "too large"},
	} {
		w := ask(t, h, test.method, "/api/v1"+test.path, test.body)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%s %s: %d %s, want %d and %q", test.method, test.path, w.Code, w.Body, test.status,
				test.says)
		}
	}
	ask(t, h, "POST", "/api/v1/webhooks/hookline.webhook%2F7/pause", "")
	if done := b.Done(); !slices.Equal(done, []string{"pause hookline.webhook/7"}) {
		t.Errorf("done: %v", done)
	}
}

// What is attempted is told at once, and until the client goes away.
func TestLive(t *testing.T) {
	b := apitest.New()
	server := httptest.NewServer(handler(b, false))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/v1/live", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var list []api.Delivery
			if err := json.Unmarshal([]byte(data), &list); err != nil || len(list) != len(b.List) ||
				list[len(list)-1] != b.List[0] {
				t.Errorf("%d deliveries of %d, %v: %s", len(list), len(b.List), err, data)
			}
			return
		}
	}
	t.Error("nothing came")
}

// A body of another kind than is wanted is refused with the name of the field, and in words of JSON.
func TestWrongBodies(t *testing.T) {
	h := handler(apitest.New(), false)
	for body, want := range map[string]string{
		`{"url":"https://example.com","batch":2.5}`:           "batch: got number 2.5, want a whole number",
		`{"url":"https://example.com","rate":"fast"}`:         "rate: got string, want a number",
		`{"url":"https://example.com","thin":"yes"}`:          "thin: got string, want true or false",
		`{"url":"https://example.com","settle":5}`:            "settle: got number, want a string",
		`{"url":"https://example.com","operations":"person"}`: "operations: got string, want an array",
		`{"url":"https://example.com","headers":["X-Team"]}`:  "headers: got array, want an object",
		`[]`:                                    "all of it: got array, want an object",
		`{"url":"https://example.com","rat":1}`: `unknown field "rat"`,
	} {
		w := ask(t, h, "POST", "/api/v1/webhooks", body)
		var answer struct{ Error string }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 400 ||
			answer.Error != "the body is not the JSON that this takes: "+want {
			t.Errorf("%s: %d %s, want %s", body, w.Code, w.Body, want)
		}
	}
}
