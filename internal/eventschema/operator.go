package eventschema

import (
	"slices"

	"hookline/mapper"
)

var (
	word  = &mapper.Shape{Kind: mapper.StringShape, Null: mapper.NullNever}
	count = &mapper.Shape{Kind: mapper.IntegerShape, Null: mapper.NullNever}
	words = &mapper.Shape{Kind: mapper.ArrayShape, Flat: true, Items: word, Null: mapper.NullNever}
	hosts = &mapper.Shape{
		Kind: mapper.ArrayShape, Flat: true, Null: mapper.NullNever,
		Items: &mapper.Shape{
			Kind: mapper.ObjectShape, Null: mapper.NullNever,
			Members: []mapper.Member{{Name: "host", Shape: word}, {Name: "webhooks", Shape: count}},
		},
	}
)

// Operator returns what operator events of some kinds are made of: the facts of package notice.
func Operator(actions []mapper.Action) Object {
	may := func(name string, shape *mapper.Shape) Field {
		return Field{Name: name, Shape: shape, MayLack: true}
	}
	o := Object{Name: mapper.Operator + ".notice", Whole: true, Fields: []Field{
		{Name: "message", Shape: word},
		may("webhook", word), may("host", word), may("reason", word),
		may("webhooks", count), may("hosts", hosts), may("event", word),
		may("since", &mapper.Shape{
			Kind: mapper.StringShape, Format: "date-time", Null: mapper.NullNever,
		}),
		may("lagSeconds", &mapper.Shape{Kind: mapper.NumberShape, Null: mapper.NullNever}),
		may("leftBytes", count),
		may("object", word), may("table", word), may("added", words), may("removed", words),
		may("changed", words), may("brokenWebhooks", words), may("tables", count),
		may("from", word), may("to", word),
	}}
	for _, a := range actions {
		o.Events = append(o.Events, mapper.Operator+"."+a.String())
	}
	return o
}

// Trial returns what the event is made of that a webhook is tested with, which hears of objects:
// see mapper.NewTrial.
func Trial(objects []Object) Object {
	return Object{
		Name: mapper.Operator + ".trial", Events: []string{mapper.TrialName}, Whole: true,
		Tenanted: slices.ContainsFunc(objects, func(o Object) bool { return o.Tenanted }),
		Fields:   []Field{{Name: "message", Shape: word}},
	}
}
