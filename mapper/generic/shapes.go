package generic

import "hookline/mapper"

// Shapes of everyday values.
var (
	anyShape      = &mapper.Shape{}
	booleanShape  = &mapper.Shape{Kind: mapper.BooleanShape}
	integerShape  = &mapper.Shape{Kind: mapper.IntegerShape}
	numberShape   = &mapper.Shape{Kind: mapper.NumberShape, OrString: true} // NaN and Infinity
	stringShape   = &mapper.Shape{Kind: mapper.StringShape}
	uuidShape     = &mapper.Shape{Kind: mapper.StringShape, Format: "uuid"}
	dateShape     = &mapper.Shape{Kind: mapper.StringShape, Format: "date"}
	momentShape   = &mapper.Shape{Kind: mapper.StringShape, Format: "date-time"}
	geometryShape = &mapper.Shape{Kind: mapper.ObjectShape, OrString: true}
	hstoreShape   = &mapper.Shape{
		Kind: mapper.ObjectShape, OrString: true, Values: orNull(stringShape),
	}
)

// textOf is the shape of a type that reads as text. It may be an enum.
func textOf(oid uint32) *mapper.Shape {
	return &mapper.Shape{Kind: mapper.StringShape, Type: oid}
}

// arrayOf is the shape of arrays. Elements may be null.
func arrayOf(element *mapper.Shape) *mapper.Shape {
	return &mapper.Shape{Kind: mapper.ArrayShape, Items: orNull(element)}
}

// orNull is a shape that may be null.
func orNull(s *mapper.Shape) *mapper.Shape {
	if s == nil || s.Null == mapper.NullAlways {
		return s
	}
	other := *s
	other.Null = mapper.NullAlways
	return &other
}

// shape is that of timestamps of a time zone.
func (z timeZone) shape() *mapper.Shape {
	if z.name == noZone {
		return stringShape
	}
	return momentShape
}
