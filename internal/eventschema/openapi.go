package eventschema

import (
	"net/url"
	"slices"

	"hookline/mapper"
)

// openAPI is a document of OpenAPI 3.1 that has webhooks alone.
//
// https://spec.openapis.org/oas/v3.1.1.html
type openAPI struct {
	OpenAPI string `json:"openapi"`
	Info    struct {
		Title       string `json:"title"`
		Version     string `json:"version"`
		Description string `json:"description"`
	} `json:"info"`
	Security   []any               `json:"security"` // none: a request is known by its signature
	Webhooks   map[string]pathItem `json:"webhooks"`
	Components struct {
		Schemas members `json:"schemas"`
	} `json:"components"`
}

type pathItem struct {
	Post    operation  `json:"post"`
	Options *operation `json:"options,omitempty"`
}

type operation struct {
	ID          string              `json:"operationId"`
	Summary     string              `json:"summary"`
	Parameters  []parameter         `json:"parameters"`
	RequestBody *requestBody        `json:"requestBody,omitempty"`
	Responses   map[string]response `json:"responses"`
}

type parameter struct {
	Name        string `json:"name"`
	In          string `json:"in"`
	Required    bool   `json:"required"`
	Description string `json:"description"`
	Schema      schema `json:"schema"`
}

type requestBody struct {
	Required bool                 `json:"required"`
	Content  map[string]mediaType `json:"content"`
}

type mediaType struct {
	Schema schema `json:"schema"`
}

type response struct {
	Description string `json:"description"`
}

// headers are those that docs/receiving.md tells of. Those of signatures are left out where the
// webhook's secret is empty.
var headers = []parameter{
	{"Webhook-Id", "header", true, "The event's id; the same at every attempt.", text},
	{"X-Hookline-Attempt", "header", true, "Which attempt this is, from 1.", text},
	{"X-Hookline-Replay", "header", false, "true where an operator has sent it again.", text},
	{"Traceparent", "header", false, "The trace, and the span of this attempt.", text},
	{"X-Twenty-Webhook-Timestamp", "header", false, "Time of this attempt, Unix milliseconds.", text},
	{
		"X-Twenty-Webhook-Signature", "header", false,
		"HMAC-SHA256 of <timestamp>:<body> under the secret, in lower-case hex.", text,
	},
	{"X-Twenty-Webhook-Nonce", "header", false, "32 random hex digits, not signed.", text},
	{"Webhook-Timestamp", "header", false, "Time of this attempt, Unix seconds.", text},
	{"Webhook-Signature", "header", false, "The signature of Standard Webhooks.", text},
}

// ofBatch are those of a request with several events.
var ofBatch = []parameter{
	{"X-Hookline-Batch", "header", true, "How many events there are.", text},
	{"X-Hookline-Batch-Ids", "header", true, "Their ids, separated by commas.", text},
}

// ofCloudEvent returns the attributes of an event in the binary mode of CloudEvents.
func ofCloudEvent(e toldEvent) []parameter {
	list := []parameter{
		{"ce-specversion", "header", true, "The version of CloudEvents.", schema{Const: "1.0"}},
		{"ce-id", "header", true, "The event's id.", eventID},
		{"ce-source", "header", true, "The database.", text},
		{
			"ce-type", "header", true, "The event's name, percent-encoded.",
			schema{Const: url.PathEscape(e.name)},
		},
		{"ce-time", "header", true, "When it was committed.", moment},
	}
	if e.tenanted {
		list = append(list, parameter{"ce-workspaceid", "header", false, "The tenant.", text})
	}
	return list
}

// consent is what a receiver of CloudEvents is asked before it gets any.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
var consent = operation{
	Summary: "Whether it takes events.",
	Parameters: []parameter{
		{"WebHook-Request-Origin", "header", true, "Who asks.", text},
		{"WebHook-Request-Rate", "header", false, "Requests a minute.", text},
	},
	Responses: map[string]response{
		"2XX": {"It does, if WebHook-Allowed-Origin names who asks, or *."},
	},
}

// OpenAPI returns an OpenAPI document whose webhooks are the events of the objects; or batches of
// them, as one webhook.
func OpenAPI(objects []Object, labels Labels, form Form, version string) any {
	d := newDocument(objects, labels, form, "#/components/schemas/")
	doc := openAPI{OpenAPI: "3.1.0", Security: []any{}, Webhooks: map[string]pathItem{}}
	doc.Info.Title, doc.Info.Version = "Events of Hookline", version
	doc.Info.Description = "What receivers of webhooks are sent, in the form " + form.String() + "."
	doc.Components.Schemas = d.defs
	if form.Batch > 0 {
		doc.Webhooks["batch"] = d.webhook("batch", "Several events.", d.request(), ofBatch)
		return doc
	}
	for _, e := range d.events {
		var more []parameter
		if form.Format == mapper.FormatCloudEventsBinary {
			more = ofCloudEvent(e)
		}
		doc.Webhooks[e.name] = d.webhook(e.def, e.name, schema{Ref: d.refs + e.def}, more)
	}
	return doc
}

// webhook returns a webhook whose requests have that body, and more headers. The id has letters,
// digits, dots and underscores.
func (d *document) webhook(id, summary string, body schema, more []parameter) pathItem {
	format := d.form.Format
	item := pathItem{Post: operation{
		ID: id, Summary: summary, Parameters: slices.Concat(headers, more),
		RequestBody: &requestBody{true, map[string]mediaType{
			format.ContentType(d.form.Batch > 0): {body},
		}},
		Responses: map[string]response{
			"2XX":     {"It is accepted."},
			"410":     {"The webhook is gone: nothing more is sent."},
			"default": {"It is sent again later."},
		},
	}}
	if format.IsCloudEvents() {
		asked := consent
		asked.ID = "consent." + id
		item.Options = &asked
	}
	return item
}
