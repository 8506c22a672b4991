package eventschema

import (
	"fmt"
	"testing"

	"hookline/mapper"
)

// Fields come, go, and get another form. What may be null, and which labels an enum has, is no
// difference.
func TestFormsSince(t *testing.T) {
	shape := func(kind mapper.ShapeKind) *mapper.Shape { return &mapper.Shape{Kind: kind} }
	before := FormsOf(&Object{Fields: []Field{
		{Name: "id", Shape: shape(mapper.IntegerShape), NotNull: true},
		{Name: "any"},
		{Name: "stage", Shape: shape(mapper.StringShape)},
		{Name: "amount", Shape: shape(mapper.NumberShape)},
		{Name: "on", Shape: &mapper.Shape{Kind: mapper.StringShape, Format: "date"}},
		{Name: "list", Shape: &mapper.Shape{
			Kind: mapper.ArrayShape, Items: shape(mapper.NumberShape),
		}},
	}})
	now := FormsOf(&Object{Fields: []Field{
		{Name: "id", Shape: shape(mapper.IntegerShape)},
		{Name: "any"},
		{Name: "phase", Shape: shape(mapper.StringShape)},
		{Name: "amount", Shape: shape(mapper.StringShape)},
		{Name: "on", Shape: shape(mapper.StringShape)},
		{Name: "list", Shape: &mapper.Shape{
			Kind: mapper.ArrayShape, Items: shape(mapper.StringShape),
		}},
		{Name: "b\xff", Shape: &mapper.Shape{Kind: mapper.StringShape, Type: 7}},
	}})
	if got := fmt.Sprint(now.Since(before)); got != "[b\uFFFD phase] [stage] [amount list on]" {
		t.Error(got)
	}
	if added, removed, changed := now.Since(now); added != nil || removed != nil || changed != nil {
		t.Error(added, removed, changed)
	}
}
