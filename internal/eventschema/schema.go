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
		var enum schema
		for _, label := range labels {
			enum.Enum = append(enum.Enum, label)
		}
		if isNull(s, notNull) {
			enum.Enum = append(enum.Enum, nil)
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

// data returns the schema of a record.
func (l Labels) data(o *Object) schema {
	s := schema{Type: "object", Description: "A record of table " + o.Table}
	for i := range o.Fields {
		f := &o.Fields[i]
		s.Properties = append(s.Properties, member{f.Name, l.of(f.Shape, f.NotNull)})
		if o.Whole && !f.MayLack {
			s.Required = append(s.Required, f.Name)
		}
	}
	return s
}

// key returns the schema of what tells a record from others.
func (l Labels) key(o *Object) schema {
	s := schema{Type: "object"}
	for _, i := range o.Key {
		f := &o.Fields[i]
		s.Properties = append(s.Properties, member{f.Name, l.of(f.Shape, f.NotNull)})
		s.Required = append(s.Required, f.Name)
	}
	return s
}

// document is all that there is to refer to.
type document struct {
	labels Labels
	format mapper.Format
	refs   string // what references begin with
	defs   members
	events []string // names of those of defs that are of events
}

// newDocument describes events of objects in a format of bodies.
func newDocument(objects []Object, labels Labels, format mapper.Format, refs string) *document {
	d := &document{labels: labels, format: format, refs: refs}
	names, of := byName(objects)
	for _, name := range names {
		var data, keys []schema
		for n := range of[name] {
			o := &of[name][n]
			def := nameOf(name, n, len(of[name]))
			d.defs = append(d.defs, member{def, labels.data(o)})
			data = append(data, schema{Ref: refs + def})
			if len(o.Key) > 0 {
				keys = append(keys, labels.key(o))
			}
		}
		tenanted := of[name][0].Tenanted
		for _, event := range eventsOf(of[name]) {
			d.defs = append(d.defs, member{
				plain(event), d.event(event, either(data), either(keys), tenanted),
			})
			d.events = append(d.events, plain(event))
		}
	}
	return d
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
)

// event returns the schema of the body of an event.
func (d *document) event(name string, data, key schema, tenanted bool) schema {
	s := schema{Type: "object", Title: name}
	add := func(required bool, name string, one schema) {
		s.Properties = append(s.Properties, member{name, one})
		if required {
			s.Required = append(s.Required, name)
		}
	}
	switch d.format {
	case mapper.FormatTwenty:
		add(true, "targetUrl", text)
		add(true, "eventName", schema{Const: name})
		add(true, "objectMetadata", schema{
			Type:       "object",
			Properties: members{{"id", text}, {"nameSingular", text}},
			Required:   []string{"id", "nameSingular"},
		})
		add(true, "workspaceId", text)
		add(true, "webhookId", text)
		add(true, "eventDate", moment)
		add(false, "workspaceMemberId", text)
		add(true, "record", data)
		add(false, "updatedFields", names)
		return s
	case mapper.FormatStandard:
		add(true, "type", schema{Const: name})
		add(true, "timestamp", moment)
		add(true, "data", data)
	default:
		add(true, "event", schema{Const: name})
		add(true, "data", data)
		add(true, "timestamp", moment)
		add(true, "id", schema{Type: "string", Pattern: "^evt_"})
		if tenanted {
			add(false, "workspaceId", text)
		}
		if action := actionOf(name); action != "created" && action != "destroyed" {
			add(false, "updatedFields", names)
		}
	}
	add(false, "part", part)
	add(false, "context", context)
	if key.Type != nil || key.AnyOf != nil {
		add(false, "key", key)
		add(false, "previousKey", key)
	}
	return s
}

// JSONSchema returns a JSON Schema (2020-12) of the body of any event of the objects. What the body
// of one event is, is under $defs by the name of the event.
func JSONSchema(objects []Object, labels Labels, format mapper.Format) any {
	d := newDocument(objects, labels, format, "#/$defs/")
	s := schema{
		Schema: "https://json-schema.org/draft/2020-12/schema", Title: "Events of Hookline",
		Description: "Bodies of webhooks in the form " + format.String() + ".",
		Defs:        d.defs,
	}
	for _, event := range d.events {
		s.AnyOf = append(s.AnyOf, schema{Ref: d.refs + event})
	}
	return s
}
