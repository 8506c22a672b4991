package eventschema

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"hookline/mapper"
)

// objects are those of one name of two tenants, and one whose name is no name elsewhere.
func objects() []Object {
	text, number := &mapper.Shape{Kind: mapper.StringShape}, &mapper.Shape{Kind: mapper.NumberShape}
	stage := &mapper.Shape{Kind: mapper.StringShape, Type: 7, Null: mapper.NullAlways}
	id := Field{Name: "id", Shape: text, NotNull: true}
	events := func(name string) []string { return []string{name + ".created", name + ".updated"} }
	return []Object{
		{
			Name: "deal", Table: "a.deal", Tenant: "a", Tenanted: true, Whole: true, Key: []int{0},
			Events: events("deal"), Fields: []Field{id, {Name: "stage", Shape: stage, NotNull: true}},
		},
		{
			Name: "deal", Table: "b.deal", Tenant: "b", Tenanted: true, Whole: true, Key: []int{0},
			Events: events("deal"), Fields: []Field{id, {Name: "amount", Shape: number}},
		},
		{
			Name: "größe$", Table: "c.größe$", Events: events("größe$"),
			Fields: []Field{{Name: "any"}, {Name: "large", Shape: text, MayLack: true}},
		},
	}
}

var labels = Labels{7: {"NEW", "it's \"WON\""}}

// A body is what the schema of its event says, of whichever tenant it is, and nothing else is.
func TestJSONSchema(t *testing.T) {
	s := compiled(t, JSONSchema(objects(), labels, Form{}))
	body := func(event, data string) string {
		return `{"event":"` + event + `","data":` + data +
			`,"timestamp":"2026-01-02T03:04:05.678Z","id":"evt_0badcafe_00_0","workspaceId":"a"}`
	}
	for text, want := range map[string]bool{
		body("deal.created", `{"id":"1","stage":"NEW"}`):              true,
		body("deal.created", `{"id":"1","stage":"it's \"WON\""}`):     true,
		body("deal.created", `{"id":"1","stage":null}`):               true,
		body("deal.updated", `{"id":"1","amount":1.5,"more":true}`):   true,
		body("deal.updated", `{"id":"1","amount":null}`):              true,
		body("deal.created", `{"id":"1","stage":"OLD"}`):              false,
		body("deal.created", `{"id":"1"}`):                            false,
		body("deal.created", `{"id":null,"stage":"NEW"}`):             false,
		body("deal.updated", `{"id":"1","amount":"1.5"}`):             false,
		body("deal.deleted", `{"id":"1","amount":1.5}`):               false,
		body("größe$.created", `{"any":[1,{}]}`):                      true,
		body("größe$.created", `{"large":7}`):                         false,
		strings.Replace(body("größe$.created", `{}`), "evt_", "e", 1): false,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(value); (err == nil) != want {
			t.Errorf("%s: %v, want it to be valid: %t", text, err, want)
		}
	}
}

// An enum that may be null says so by its type: some generators pass over the null in its list.
func TestEnumsHaveTypes(t *testing.T) {
	stage := &mapper.Shape{Kind: mapper.StringShape, Type: 7}
	for want, notNull := range map[string]bool{
		`{"type":"string","enum":["NEW","it's \"WON\""]}`:               true,
		`{"type":["string","null"],"enum":["NEW","it's \"WON\"",null]}`: false,
	} {
		got, err := json.Marshal(labels.of(stage, notNull))
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

// Names of types are names in TypeScript, and each is given once.
func TestTypeScript(t *testing.T) {
	got := TypeScript(objects(), labels, Form{Format: mapper.FormatStandard})
	for _, want := range []string{
		"export interface Deal1 {\n  \"id\": string\n" +
			"  \"stage\": \"NEW\" | \"it's \\\"WON\\\"\" | null\n}",
		"  data: Deal1 | Deal2\n",
		`  key?: Required<Pick<Deal1, "id">> | Required<Pick<Deal2, "id">>`,
		"export interface GrE {\n  \"any\"?: unknown\n  \"large\"?: string | null\n}",
		"  type: \"größe$.created\"\n",
		"  | DealCreated\n  | DealUpdated\n  | GrECreated\n  | GrEUpdated\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks\n%s\nin\n%s", want, got)
		}
	}
	w := &declarations{taken: map[string]bool{}}
	if a, b, c := w.name("a_b"), w.name("aB"), w.name("1"); a != "AB" || b != "AB2" || c != "Object" {
		t.Errorf("names are %s, %s, %s", a, b, c)
	}
}
