package eventschema

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"hookline/mapper"
)

// compiled returns a schema that validates.
func compiled(t *testing.T, of any) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("events.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("events.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// deal is of one table without tenants.
func deal() []Object {
	text := &mapper.Shape{Kind: mapper.StringShape}
	return []Object{{
		Name: "deal", Table: "a.deal", Whole: true, Key: []int{1},
		Events: []string{"deal.created", "deal.updated"},
		Fields: []Field{
			{Name: "stage", Shape: text},
			{Name: "id", Shape: text, NotNull: true},
			{Name: "amount", Shape: &mapper.Shape{Kind: mapper.NumberShape}},
		},
	}}
}

// What a webhook chooses of events is what their schema has.
func TestForms(t *testing.T) {
	const event = `"event":"deal.updated","timestamp":"2026-01-02T03:04:05.678Z","id":"evt_a_00_0"`
	cloud := func(data string) string {
		return `{"specversion":"1.0","id":"evt_a_00_0","source":"urn:hookline:a","type":"deal.updated",` +
			`"time":"2026-01-02T03:04:05.678Z","datacontenttype":"application/json","data":` + data + `}`
	}
	whole := `"data":{"id":"1","stage":null,"amount":5}`
	for name, test := range map[string]struct {
		form         Form
		right, wrong []string
	}{
		"previous": {
			Form{View: mapper.NewView(mapper.PreviousChanged, nil, nil)},
			[]string{
				`{` + event + `,` + whole + `}`, `{` + event + `,` + whole + `,"previous":{"stage":null}}`,
			},
			[]string{`{` + event + `,` + whole + `,"previous":{"stage":5}}`},
		},
		"fields and mask": {
			Form{View: mapper.NewView(mapper.PreviousNone, []string{"stage"}, []string{"stage", "id"})},
			[]string{`{` + event + `,"data":{"id":"***","stage":"***"},"key":{"id":"***"}}`},
			[]string{
				`{` + event + `,"data":{"id":"***","stage":"WON"}}`, `{` + event + `,"data":{"id":"***"}}`,
				`{` + event + `,"data":{"id":"***","stage":"***"},"key":{"id":"1"}}`,
			},
		},
		"thin": {
			Form{View: mapper.NewThinView(nil)},
			[]string{`{` + event + `,"data":{"id":"1"}}`},
			[]string{`{` + event + `,"data":{"stage":"WON"}}`},
		},
		"an array of CloudEvents": {
			Form{Format: mapper.FormatCloudEvents, Batch: 2},
			[]string{`[` + cloud(`{`+event+`,`+whole+`}`) + `]`},
			[]string{
				`[]`, cloud(`{` + event + `,` + whole + `}`), `[{` + event + `,` + whole + `}]`,
				`[` + cloud(`{}`) + `]`, `[` + strings.Repeat(cloud(`{`+event+`,`+whole+`}`)+`,`, 2) +
					cloud(`{`+event+`,`+whole+`}`) + `]`,
			},
		},
		"the data of a CloudEvent": {
			Form{Format: mapper.FormatCloudEventsBinary},
			[]string{`{` + event + `,` + whole + `}`},
			[]string{cloud(`{` + event + `,` + whole + `}`)},
		},
		"Slack's": {Form{Format: mapper.FormatSlack}, []string{`{"text":"a"}`}, []string{`"a"`, `{}`}},
		"plain":   {Form{Format: mapper.FormatPlain}, []string{`"a"`}, []string{`{"text":"a"}`}},
	} {
		s := compiled(t, JSONSchema(append(deal(), Trial(nil)), nil, test.form))
		for i, text := range append(test.right, test.wrong...) {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(value); (err == nil) != (i < len(test.right)) {
				t.Errorf("%s: %s: %v", name, text, err)
			}
		}
	}
}

// The same is in TypeScript, and in the media types and headers of OpenAPI.
func TestFormsElsewhere(t *testing.T) {
	view := mapper.NewView(mapper.PreviousAll, []string{"stage"}, []string{"id"})
	got := TypeScript(deal(), nil, Form{mapper.FormatCloudEvents, view, 5})
	for _, want := range []string{
		"export interface Deal {\n  \"stage\": string | null\n  \"id\": \"***\"\n}",
		"export interface DealUpdated extends CloudEvent {\n  type: \"deal.updated\"\n  data: {\n" +
			"    event: \"deal.updated\"\n    data: Deal\n",
		"    previous?: Partial<Deal>\n", "export type HooklineBatch = HooklineEvent[]\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks\n%s\nin\n%s", want, got)
		}
	}
	for form, want := range map[Form][]string{
		{Format: mapper.FormatCloudEvents}: {
			`"application/cloudevents+json"`, `"options":{`, `"deal.updated":{"post"`,
			`"operationId":"consent.deal.updated"`, `"security":[]`, "X-Twenty-Webhook-Signature",
			`"größe$.updated":{"post":{"operationId":"gr__e_.updated","summary":"größe$.updated"`,
		},
		{Format: mapper.FormatCloudEvents, Batch: 5}: {
			`"application/cloudevents-batch+json":{"schema":{"type":"array"`, `"batch":{"post"`,
		},
		{Format: mapper.FormatCloudEventsBinary}: {
			`"application/json"`, `"name":"ce-type","in":"header","required":true`,
			`"schema":{"const":"deal.updated"}`, `"schema":{"const":"gr%C3%B6%C3%9Fe$.updated"}`,
		},
		{Format: mapper.FormatPlain}: {`"webhooks":{"hookline.failing"`, `"text/plain; charset=utf-8"`},
	} {
		size := Object{Name: "größe$", Table: "c.größe$", Events: []string{"größe$.updated"}}
		text, err := json.Marshal(OpenAPI(
			append(deal(), size, Operator([]mapper.Action{mapper.Failing})), nil, form, "1"))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s lacks %s: %s", form, part, text)
			}
		}
	}
}
