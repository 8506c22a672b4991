package e2e

import (
	"bytes"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// EventSchema returns what `hookline schema` prints.
func (db *Database) EventSchema(arguments []string, settings ...string) string {
	db.T.Helper()
	p := Run(db.T, db.Env(settings...), append([]string{"schema"}, arguments...)...)
	if code := p.Wait(); code != 0 {
		db.T.Fatalf("schema ends with %d: %s", code, p.Log.String())
	}
	return p.Out.String()
}

// Validates has every body that comes from now on checked by the schema that Hookline prints of
// what a webhook gets, of the database as it is. What the schema does not name must not be there.
func (b *Inbox) Validates(db *Database, webhook string, settings ...string) {
	db.T.Helper()
	b.validates(db, db.EventSchema([]string{"--webhook", webhook}, settings...))
}

// ValidatesPayload is Validates for a form of bodies, whatever else a webhook chooses.
func (b *Inbox) ValidatesPayload(db *Database, form string, settings ...string) {
	db.T.Helper()
	b.validates(db, db.EventSchema([]string{"--payload", form}, settings...))
}

func (b *Inbox) validates(db *Database, text string) {
	db.T.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		db.T.Fatal(err)
	}
	closed(doc)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("events.json", doc); err != nil {
		db.T.Fatal(err)
	}
	compiled, err := c.Compile("events.json")
	if err != nil {
		db.T.Fatal(err)
	}
	b.Mu.Lock()
	b.schema = compiled
	b.Mu.Unlock()
	db.T.Cleanup(func() {
		if b.Mu.Lock(); b.validated == 0 {
			db.T.Error("no body was held against its schema")
		}
		b.Mu.Unlock()
	})
}

// closed has all objects of a schema have no other members than those that it names.
func closed(node any) {
	switch n := node.(type) {
	case map[string]any:
		if _, names := n["properties"]; names && n["additionalProperties"] == nil {
			n["additionalProperties"] = false
		}
		for key, value := range n {
			// below properties and $defs are names, which may be any
			if inner, ok := value.(map[string]any); ok && (key == "properties" || key == "$defs") {
				for _, one := range inner {
					closed(one)
				}
				continue
			}
			closed(value)
		}
	case []any:
		for _, one := range n {
			closed(one)
		}
	}
}

// validate returns an error when a body is not what the schema says.
func validate(s *jsonschema.Schema, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.Validate(value)
}
