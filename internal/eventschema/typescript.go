package eventschema

import (
	"encoding/json"
	"fmt"
	"strings"

	"hookline/mapper"
)

// TypeScript returns declarations of the events of the objects: HooklineEvent is any of them, and
// HooklineBatch an array of them, where a request has several.
func TypeScript(objects []Object, labels Labels, form Form) string {
	w := &declarations{labels: labels, form: form, taken: map[string]bool{
		"HooklineEvent": true, "HooklineBatch": true, "Nested": true, "CloudEvent": true,
	}}
	w.line("// Events of Hookline: bodies of webhooks in the form %s.", form)
	if form.Format.OfRecords() {
		w.line("")
		w.line("/** An array, which may have more than one dimension. */")
		w.line("export type Nested<T> = (T | null | Nested<T>)[]")
	}
	if form.Format == mapper.FormatCloudEvents {
		w.line("")
		w.line("/** The attributes of an event. */")
		w.line("export interface CloudEvent {")
		w.line("  specversion: \"1.0\"\n  id: string\n  source: string\n  time: string")
		w.line("  workspaceid?: string\n  datacontenttype: \"application/json\"\n}")
	}
	var all []string
	names, of := byName(form.told(objects))
	for _, name := range names {
		var data, keys []string
		for n := range of[name] {
			o := &of[name][n]
			if !form.Format.OfRecords() { // no body has it
				continue
			}
			one := w.name(nameOf(name, n, len(of[name])))
			w.data(one, o)
			data = append(data, one)
			if len(o.Key) > 0 {
				keys = append(keys, w.key(one, o))
			}
		}
		for _, event := range eventsOf(of[name]) {
			as := w.name(event)
			w.event(as, event, &of[name][0], data, keys)
			all = append(all, as)
		}
	}
	w.line("")
	if all == nil {
		all = []string{"never"}
	}
	w.line("export type HooklineEvent =\n  | %s", strings.Join(all, "\n  | "))
	if form.Batch > 0 {
		w.line("\nexport type HooklineBatch = HooklineEvent[]")
	}
	return w.text.String()
}

type declarations struct {
	labels Labels
	form   Form
	taken  map[string]bool
	text   strings.Builder
}

func (w *declarations) line(format string, args ...any) {
	fmt.Fprintf(&w.text, format+"\n", args...)
}

// name makes a name of a type, which no other has: salesOrder.created is SalesOrderCreated.
func (w *declarations) name(of string) string {
	var b strings.Builder
	upper := true
	for _, r := range of {
		switch {
		case isLetter(r) && upper:
			b.WriteString(strings.ToUpper(string(r)))
			upper = false
		case isLetter(r), isDigit(r) && b.Len() > 0:
			b.WriteRune(r)
			upper = false
		default:
			upper = true
		}
	}
	name := b.String()
	if name == "" {
		name = "Object"
	}
	for n, first := 2, name; w.taken[name]; n++ {
		name = fmt.Sprint(first, n)
	}
	w.taken[name] = true
	return name
}

func (w *declarations) data(name string, o *Object) {
	w.line("")
	w.line("/** %s. */", strings.ReplaceAll(o.describe(), "*/", "* /"))
	w.line("export interface %s {", name)
	for i := range o.Fields {
		f := &o.Fields[i]
		optional := "?"
		if o.Whole && !f.MayLack {
			optional = ""
		}
		w.line("  %s%s: %s", quoted(f.Name), optional, w.labels.fieldType(f))
	}
	w.line("}")
}

// key returns the type of what tells records apart.
func (w *declarations) key(data string, o *Object) string {
	names := make([]string, len(o.Key))
	for n, i := range o.Key {
		names[n] = quoted(o.Fields[i].Name)
	}
	return fmt.Sprintf("Required<Pick<%s, %s>>", data, strings.Join(names, " | "))
}

// event declares an event of an object, of whose name there may be several.
func (w *declarations) event(as, event string, o *Object, data, keys []string) {
	w.line("")
	switch w.form.Format {
	case mapper.FormatPlain:
		w.line("export type %s = string", as)
	case mapper.FormatSlack:
		w.line("export interface %s {\n  text: string\n}", as)
	case mapper.FormatCloudEvents:
		w.line("export interface %s extends CloudEvent {\n  type: %s\n  data: {", as, quoted(event))
		w.body("    ", event, o, data, keys)
		w.line("  }\n}")
	default:
		w.line("export interface %s {", as)
		w.body("  ", event, o, data, keys)
		w.line("}")
	}
}

// body declares the members of a body, in the forms of Hookline, Twenty and Standard Webhooks.
func (w *declarations) body(indent, event string, o *Object, data, keys []string) {
	add := func(name, is string) { w.line("%s%s: %s", indent, name, is) }
	record := strings.Join(data, " | ")
	switch w.form.Format {
	case mapper.FormatTwenty:
		add("targetUrl", "string")
		add("eventName", quoted(event))
		add("objectMetadata", "{ id: string; nameSingular: string }")
		add("workspaceId", "string")
		add("webhookId", "string")
		add("eventDate", "string")
		add("workspaceMemberId?", "string")
		add("record", record)
		if o.Table != "" {
			add("updatedFields?", "string[]")
		}
		return
	case mapper.FormatStandard:
		add("type", quoted(event))
		add("timestamp", "string")
		add("data", record)
	default:
		add("event", quoted(event))
		add("data", record)
		add("timestamp", "string")
		add("id", "string")
		if o.Tenanted {
			add("workspaceId?", "string")
		}
		if o.Table != "" && updates(event) {
			add("updatedFields?", "string[]")
		}
	}
	if o.Table == "" {
		return
	}
	if w.form.before() {
		add("previous?", "Partial<"+record+">")
	}
	add("part?", "{ of: string }")
	add("context?", "Record<string, unknown>")
	if keys != nil {
		key := strings.Join(keys, " | ")
		add("key?", key)
		add("previousKey?", key)
	}
}

// quoted returns a name or a text as TypeScript has it.
func quoted(text string) string {
	b, _ := json.Marshal(text) // a string is always one
	return string(b)
}

var tsTypes = map[mapper.ShapeKind]string{
	mapper.BooleanShape: "boolean", mapper.IntegerShape: "number", mapper.NumberShape: "number",
	mapper.StringShape: "string",
}

// fieldType returns the type of the values of a field.
func (l Labels) fieldType(f *Field) string {
	if f.masked {
		return quoted(mapper.Masked)
	}
	return l.typeOf(f.Shape, f.NotNull)
}

// typeOf returns the type of values of a shape, in a column that may be null, or not.
func (l Labels) typeOf(s *mapper.Shape, notNull bool) string {
	if s == nil || s.Kind == mapper.AnyShape {
		return "unknown"
	}
	var types []string
	switch {
	case s.Kind == mapper.StringShape && l[s.Type] != nil:
		for _, label := range l[s.Type] {
			types = append(types, quoted(label))
		}
	case s.Kind == mapper.ArrayShape && s.Items == nil:
		types = []string{"unknown[]"}
	case s.Kind == mapper.ArrayShape && s.Flat:
		types = []string{"(" + l.typeOf(s.Items, true) + ")[]"}
	case s.Kind == mapper.ArrayShape:
		items := *s.Items
		items.Null = mapper.NullNever // Nested has it
		types = []string{"Nested<" + l.typeOf(&items, true) + ">"}
	case s.Kind == mapper.ObjectShape && s.Members != nil:
		var list []string
		for _, m := range s.Members {
			list = append(list, quoted(m.Name)+": "+l.typeOf(m.Shape, true))
		}
		types = []string{"{ " + strings.Join(list, "; ") + " }"}
	case s.Kind == mapper.ObjectShape:
		types = []string{"Record<string, " + l.typeOf(s.Values, true) + ">"}
	default:
		types = []string{tsTypes[s.Kind]}
	}
	if s.OrString {
		types = append(types, "string")
	}
	if isNull(s, notNull) {
		types = append(types, "null")
	}
	return strings.Join(types, " | ")
}
