package eventschema

import (
	"bytes"
	"encoding/json"

	"hookline/mapper"
)

// schema is a JSON Schema.
//
// https://json-schema.org/draft/2020-12/json-schema-core
type schema struct {
	Schema      string   `json:"$schema,omitempty"`
	Ref         string   `json:"$ref,omitempty"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Type        any      `json:"type,omitempty"` // one, or a list
	Const       string   `json:"const,omitempty"`
	Enum        []any    `json:"enum,omitempty"`
	Format      string   `json:"format,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	Items       *schema  `json:"items,omitempty"`
	MinItems    int      `json:"minItems,omitempty"`
	MaxItems    int      `json:"maxItems,omitempty"`
	Properties  members  `json:"properties,omitempty"`
	Required    []string `json:"required,omitempty"`
	Others      *schema  `json:"additionalProperties,omitempty"`
	AnyOf       []schema `json:"anyOf,omitempty"`
	Defs        members  `json:"$defs,omitempty"`
}

// members are the members of a JSON object, in order.
type members []member

type member struct {
	name   string
	schema schema
}

func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, one := range m {
		b.WriteByte("{,"[min(i, 1)])
		name, err := json.Marshal(one.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(one.schema)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	if len(m) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// isNull reports whether values of a shape may be null, in a column that may, or may not.
func isNull(s *mapper.Shape, notNull bool) bool {
	return s.Null == mapper.NullAlways || s.Null == mapper.NullAsColumn && !notNull
}

var jsonTypes = map[mapper.ShapeKind]string{
	mapper.BooleanShape: "boolean", mapper.IntegerShape: "integer", mapper.NumberShape: "number",
	mapper.StringShape: "string", mapper.ArrayShape: "array", mapper.ObjectShape: "object",
}

// of returns the schema of values of a shape, in a column that may be null, or not.
func (l Labels) of(s *mapper.Shape, notNull bool) schema {
	if s == nil || s.Kind == mapper.AnyShape {
		return schema{}
	}
	if labels := l[s.Type]; s.Kind == mapper.StringShape && labels != nil {
		enum := schema{Type: "string"} // without it, some generators pass over the null
		for _, label := range labels {
			enum.Enum = append(enum.Enum, label)
		}
		if isNull(s, notNull) {
			enum.Type, enum.Enum = []string{"string", "null"}, append(enum.Enum, nil)
		}
		return enum
	}
	types := []string{jsonTypes[s.Kind]}
	if s.OrString {
		types = append(types, "string")
	}
	if isNull(s, notNull) {
		types = append(types, "null")
	}
	one := schema{Type: types, Format: s.Format}
	if len(types) == 1 {
		one.Type = types[0]
	}
	if s.Items != nil {
		items := l.of(s.Items, true)
		if !s.Flat {
			items = schema{AnyOf: []schema{items, {
				Type: "array", Description: "of a further dimension",
			}}}
		}
		one.Items = &items
	}
	for _, m := range s.Members {
		one.Properties = append(one.Properties, member{m.Name, l.of(m.Shape, true)})
		one.Required = append(one.Required, m.Name)
	}
	if s.Values != nil {
		values := l.of(s.Values, true)
		one.Others = &values
	}
	return one
}

// field returns the schema of the values of a field.
func (l Labels) field(f *Field) schema {
	if f.masked {
		return schema{Const: mapper.Masked}
	}
	return l.of(f.Shape, f.NotNull)
}

// data returns the schema of a record.
func (l Labels) data(o *Object) schema {
	s := schema{Type: "object", Description: o.describe()}
	for i := range o.Fields {
		f := &o.Fields[i]
		s.Properties = append(s.Properties, member{f.Name, l.field(f)})
		if o.Whole && !f.MayLack {
			s.Required = append(s.Required, f.Name)
		}
	}
	return s
}

// before returns the schema of what is told of the row before: any of its fields.
func (l Labels) before(o *Object) schema {
	s := l.data(o)
	s.Required, s.Description = nil, "As it was, as far as that is known."
	return s
}

// key returns the schema of what tells a record from others.
func (l Labels) key(o *Object) schema {
	s := schema{Type: "object"}
	for _, i := range o.Key {
		f := &o.Fields[i]
		s.Properties = append(s.Properties, member{f.Name, l.field(f)})
		s.Required = append(s.Required, f.Name)
	}
	return s
}

// document is all that there is to refer to.
type document struct {
	labels Labels
	form   Form
	refs   string // what references begin with
	defs   members
	events []toldEvent
}

// toldEvent is an event of which defs has a schema.
type toldEvent struct {
	name     string // <object>.<action>
	def      string // the name in defs
	tenanted bool
}

// newDocument describes events of objects in a form of bodies.
func newDocument(objects []Object, labels Labels, form Form, refs string) *document {
	d := &document{labels: labels, form: form, refs: refs}
	names, of := byName(form.told(objects))
	for _, name := range names {
		var record told
		for n := range of[name] {
			o := &of[name][n]
			if d.form.Format.OfRecords() { // else no body has it
				def := nameOf(name, n, len(of[name]))
				d.defs = append(d.defs, member{def, labels.data(o)})
				record.data = append(record.data, schema{Ref: refs + def})
			}
			if d.form.before() {
				record.before = append(record.before, labels.before(o))
			}
			if len(o.Key) > 0 {
				record.keys = append(record.keys, labels.key(o))
			}
		}
		record.ofOperator = of[name][0].Table == ""
		for _, event := range eventsOf(of[name]) {
			e := toldEvent{event, plain(event), of[name][0].Tenanted}
			d.defs = append(d.defs, member{e.def, d.event(e, &record)})
			d.events = append(d.events, e)
		}
	}
	return d
}

// told is what events of one object tell.
type told struct {
	data, before, keys []schema // of each object of that name
	ofOperator         bool     // it is no record
}

// either returns the schema of what is one of several.
func either(several []schema) schema {
	if len(several) == 1 {
		return several[0]
	}
	return schema{AnyOf: several}
}

var (
	text   = schema{Type: "string"}
	moment = schema{Type: "string", Format: "date-time"}
	names  = schema{Type: "array", Items: &text}
	part   = schema{
		Type: "object", Properties: members{{"of", text}}, Required: []string{"of"},
		Description: "Another event of the record may follow from the same transaction, " +
			"whose events have ids that begin so.",
	}
	context = schema{
		Type: "object", Description: "What the writer has said of the change.",
	}
	eventID = schema{Type: "string", Pattern: "^evt_"}
)

// add adds a member to the schema of an object.
func (s *schema) add(required bool, name string, one schema) {
	s.Properties = append(s.Properties, member{name, one})
	if required {
		s.Required = append(s.Required, name)
	}
}

// event returns the schema of the body of an event, of which an array may have several.
func (d *document) event(e toldEvent, record *told) schema {
	switch d.form.Format {
	case mapper.FormatPlain:
		return schema{Type: "string", Title: e.name}
	case mapper.FormatSlack:
		s := schema{Type: "object", Title: e.name}
		s.add(true, "text", text)
		return s
	case mapper.FormatCloudEvents:
		data := d.body(e, record)
		data.Title = ""
		s := schema{Type: "object", Title: e.name}
		s.add(true, "specversion", schema{Const: "1.0"})
		s.add(true, "id", eventID)
		s.add(true, "source", schema{Type: "string", Pattern: "^urn:hookline:"})
		s.add(true, "type", schema{Const: e.name})
		s.add(true, "time", moment)
		if e.tenanted {
			s.add(false, "workspaceid", text)
		}
		s.add(true, "datacontenttype", schema{Const: "application/json"})
		s.add(true, "data", data)
		return s
	}
	return d.body(e, record)
}

// body returns the schema of an event in the forms of Hookline, Twenty and Standard Webhooks.
func (d *document) body(e toldEvent, record *told) schema {
	s := schema{Type: "object", Title: e.name}
	data := either(record.data)
	switch d.form.Format {
	case mapper.FormatTwenty:
		s.add(true, "targetUrl", text)
		s.add(true, "eventName", schema{Const: e.name})
		s.add(true, "objectMetadata", schema{
			Type:       "object",
			Properties: members{{"id", text}, {"nameSingular", text}},
			Required:   []string{"id", "nameSingular"},
		})
		s.add(true, "workspaceId", text)
		s.add(true, "webhookId", text)
		s.add(true, "eventDate", moment)
		s.add(false, "workspaceMemberId", text)
		s.add(true, "record", data)
		if !record.ofOperator {
			s.add(false, "updatedFields", names)
		}
		return s
	case mapper.FormatStandard:
		s.add(true, "type", schema{Const: e.name})
		s.add(true, "timestamp", moment)
		s.add(true, "data", data)
	default:
		s.add(true, "event", schema{Const: e.name})
		s.add(true, "data", data)
		s.add(true, "timestamp", moment)
		s.add(true, "id", eventID)
		if e.tenanted {
			s.add(false, "workspaceId", text)
		}
		if !record.ofOperator && updates(e.name) {
			s.add(false, "updatedFields", names)
		}
	}
	if record.ofOperator {
		return s
	}
	if record.before != nil {
		s.add(false, "previous", either(record.before))
	}
	s.add(false, "part", part)
	s.add(false, "context", context)
	if record.keys != nil {
		s.add(false, "key", either(record.keys))
		s.add(false, "previousKey", either(record.keys))
	}
	return s
}

// updates reports whether an event may list fields that have changed.
func updates(event string) bool {
	action := actionOf(event)
	return action != "created" && action != "destroyed"
}

// any returns the schema of any event.
func (d *document) any() (s schema) {
	for _, e := range d.events {
		s.AnyOf = append(s.AnyOf, schema{Ref: d.refs + e.def})
	}
	return s
}

// request returns the schema of the body of a request: an event, or an array of events.
func (d *document) request() schema {
	one := d.any()
	if d.form.Batch == 0 {
		return one
	}
	return schema{Type: "array", Items: &one, MinItems: 1, MaxItems: d.form.Batch}
}

// JSONSchema returns a JSON Schema (2020-12) of the body of any request that tells of the objects.
// What one event is, is under $defs by its name.
func JSONSchema(objects []Object, labels Labels, form Form) any {
	d := newDocument(objects, labels, form, "#/$defs/")
	s := d.request()
	s.Schema, s.Title = "https://json-schema.org/draft/2020-12/schema", "Events of Hookline"
	s.Description = "Bodies of webhooks in the form " + form.String() + "."
	s.Defs = d.defs
	return s
}
