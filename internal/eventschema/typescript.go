package eventschema

import (
	"encoding/json"
	"fmt"
	"strings"

	"hookline/mapper"
)

// TypeScript returns declarations of the events of the objects.
func TypeScript(objects []Object, labels Labels, format mapper.Format) string {
	w := &declarations{labels: labels, taken: map[string]bool{"HooklineEvent": true, "Nested": true}}
	w.line("// Events of Hookline: bodies of webhooks in the form %s.", format)
	w.line("")
	w.line("/** An array, which may have more than one dimension. */")
	w.line("export type Nested<T> = (T | null | Nested<T>)[]")
	var all []string
	names, of := byName(objects)
	for _, name := range names {
		var data, keys []string
		for n := range of[name] {
			o := &of[name][n]
			one := w.name(nameOf(name, n, len(of[name])))
			w.data(one, o)
			data = append(data, one)
			if len(o.Key) > 0 {
				keys = append(keys, w.key(one, o))
			}
		}
		for _, event := range eventsOf(of[name]) {
			as := w.name(event)
			w.event(as, event, format, data, keys, of[name][0].Tenanted)
			all = append(all, as)
		}
	}
	w.line("")
	if all == nil {
		all = []string{"never"}
	}
	w.line("export type HooklineEvent =\n  | %s", strings.Join(all, "\n  | "))
	return w.text.String()
}

type declarations struct {
	labels Labels
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
	w.line("/** A record of table %s. */", strings.ReplaceAll(o.Table, "*/", "* /"))
	w.line("export interface %s {", name)
	for i := range o.Fields {
		f := &o.Fields[i]
		optional := "?"
		if o.Whole && !f.MayLack {
			optional = ""
		}
		w.line("  %s%s: %s", quoted(f.Name), optional, w.labels.typeOf(f.Shape, f.NotNull))
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

func (w *declarations) event(
	as, event string, format mapper.Format, data, keys []string, tenanted bool,
) {
	record := strings.Join(data, " | ")
	w.line("")
	w.line("export interface %s {", as)
	defer w.line("}")
	switch format {
	case mapper.FormatTwenty:
		w.line("  targetUrl: string\n  eventName: %s", quoted(event))
		w.line("  objectMetadata: { id: string; nameSingular: string }")
		w.line("  workspaceId: string\n  webhookId: string\n  eventDate: string")
		w.line("  workspaceMemberId?: string\n  record: %s\n  updatedFields?: string[]", record)
		return
	case mapper.FormatStandard:
		w.line("  type: %s\n  timestamp: string\n  data: %s", quoted(event), record)
	default:
		w.line("  event: %s\n  data: %s\n  timestamp: string\n  id: string", quoted(event), record)
		if tenanted {
			w.line("  workspaceId?: string")
		}
		if action := actionOf(event); action != "created" && action != "destroyed" {
			w.line("  updatedFields?: string[]")
		}
	}
	w.line("  part?: { of: string }\n  context?: Record<string, unknown>")
	if keys != nil {
		key := strings.Join(keys, " | ")
		w.line("  key?: %s\n  previousKey?: %s", key, key)
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
