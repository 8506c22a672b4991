package mapper

// Shape is what the JSON of a field's values is: what a schema of events is made of. It is
// immutable, and may be shared.
type Shape struct {
	Kind   ShapeKind
	Format string // of a string: date-time, date, uuid; "" for any
	// a value that no other form holds is a string: infinity, NaN, a row of a type that was altered
	OrString bool
	Type     uint32 // pg_type.oid; the labels of an enum are all that such a string can be
	Null     Nullness
	Items    *Shape   // of an array; nil for anything
	Flat     bool     // an array has one dimension
	Members  []Member // of an object; nil for any
	Values   *Shape   // of all members of an object without Members; nil for anything
}

// ShapeKind is a kind of JSON.
type ShapeKind uint8

const (
	AnyShape ShapeKind = iota
	BooleanShape
	IntegerShape
	NumberShape
	StringShape
	ArrayShape
	ObjectShape
)

// Nullness is when a value reads as null.
type Nullness uint8

const (
	NullAsColumn Nullness = iota // where its column is
	NullAlways                   // it may, whatever the column says
	NullNever
)

// Member is a member of an object, which all of them have.
type Member struct {
	Name  string
	Shape *Shape
}
