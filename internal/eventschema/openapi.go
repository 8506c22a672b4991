package eventschema

import "hookline/mapper"

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
	Webhooks   map[string]pathItem `json:"webhooks"`
	Components struct {
		Schemas members `json:"schemas"`
	} `json:"components"`
}

type pathItem struct {
	Post operation `json:"post"`
}

type operation struct {
	Summary     string              `json:"summary"`
	Parameters  []parameter         `json:"parameters"`
	RequestBody requestBody         `json:"requestBody"`
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

// headers are what a receiver goes by; docs/receiving.md has all.
var headers = []parameter{
	{"Webhook-Id", "header", true, "The event's id; the same at every attempt.", text},
	{"Webhook-Timestamp", "header", false, "Time of this attempt, Unix seconds.", text},
	{"Webhook-Signature", "header", false, "The signature of Standard Webhooks.", text},
}

// OpenAPI returns an OpenAPI document whose webhooks are the events of the objects.
func OpenAPI(objects []Object, labels Labels, format mapper.Format, version string) any {
	d := newDocument(objects, labels, format, "#/components/schemas/")
	doc := openAPI{OpenAPI: "3.1.0", Webhooks: map[string]pathItem{}}
	doc.Info.Title, doc.Info.Version = "Events of Hookline", version
	doc.Info.Description = "What receivers of webhooks are sent, in the form " + format.String() + "."
	doc.Components.Schemas = d.defs
	for _, event := range d.events {
		doc.Webhooks[event] = pathItem{operation{
			Summary: event, Parameters: headers,
			RequestBody: requestBody{true, map[string]mediaType{
				"application/json": {schema{Ref: d.refs + event}},
			}},
			Responses: map[string]response{
				"2XX":     {"It is accepted."},
				"410":     {"The webhook is gone: nothing more is sent."},
				"default": {"It is sent again later."},
			},
		}}
	}
	return doc
}
