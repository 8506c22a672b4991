package twenty

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/pgtext"
)

// scalar is how Twenty's API gives one column.
type scalar struct {
	encode pgtext.Encoder
	// the JSON that null reads as: another value where Twenty takes the two to be the same
	null  string
	shape mapper.Shape
}

var (
	textOrEmpty  = scalar{pgtext.AppendText, `""`, mapper.Shape{Kind: mapper.StringShape}}
	textOrNull   = scalar{pgtext.AppendText, "null", mapper.Shape{Kind: mapper.StringShape}}
	numberOrNull = scalar{pgtext.AppendDecimal, "null", mapper.Shape{Kind: mapper.NumberShape}}
	jsonOrNull   = scalar{pgtext.AppendJavaScript, "null", mapper.Shape{}}
	listOrEmpty  = scalar{appendList, "[]", mapper.Shape{Kind: mapper.ArrayShape}}
	arrayOrEmpty = scalar{appendTextArray, "[]", mapper.Shape{
		Kind: mapper.ArrayShape, Items: &mapper.Shape{Kind: mapper.StringShape}, Flat: true,
	}}
)

// scalars are Twenty's field types of one column. The column has the name of the field.
var scalars = map[string]scalar{
	"ARRAY":   arrayOrEmpty,
	"BOOLEAN": {pgtext.AppendBool, "null", mapper.Shape{Kind: mapper.BooleanShape}},
	"DATE":    textOrNull,
	"DATE_TIME": {appendInstant, "null", mapper.Shape{
		Kind: mapper.StringShape, Format: "date-time",
	}},
	"FILES":        jsonOrNull,
	"MULTI_SELECT": arrayOrEmpty,
	"NUMBER":       numberOrNull,
	"NUMERIC":      textOrNull, // a string, since a double cannot hold it
	"POSITION":     numberOrNull,
	"RATING":       textOrNull,
	"RAW_JSON":     jsonOrNull,
	"SELECT":       textOrNull,
	"TEXT":         textOrEmpty,
	"UUID":         textOrNull,
}

// subfield is one column of a composite field. The column has the name of the field and after it
// the subfield's, capitalised.
type subfield struct {
	name string
	scalar
}

var richText = []subfield{{"blocknote", textOrNull}, {"markdown", textOrEmpty}}

// composites are Twenty's field types of several columns. Older versions lack some of the columns.
var composites = map[string][]subfield{
	"ACTOR": {
		{"source", textOrNull},
		{"workspaceMemberId", textOrNull},
		{"name", textOrEmpty},
		{"context", jsonOrNull},
	},
	"ADDRESS": {
		{"addressStreet1", textOrEmpty},
		{"addressStreet2", textOrEmpty},
		{"addressStreet3", textOrNull},
		{"addressCity", textOrEmpty},
		{"addressPostcode", textOrEmpty},
		{"addressState", textOrEmpty},
		{"addressCountry", textOrEmpty},
		{"addressLat", numberOrNull},
		{"addressLng", numberOrNull},
	},
	"CURRENCY": {
		{"amountMicros", scalar{appendWhole, "null", mapper.Shape{Kind: mapper.NumberShape}}},
		{"currencyCode", textOrNull},
	},
	"EMAILS":    {{"primaryEmail", textOrEmpty}, {"additionalEmails", listOrEmpty}},
	"FULL_NAME": {{"firstName", textOrEmpty}, {"lastName", textOrEmpty}},
	"LINKS": {
		{"primaryLinkLabel", textOrEmpty},
		{"primaryLinkUrl", textOrEmpty},
		{"secondaryLinks", listOrEmpty},
	},
	"PHONES": {
		{"primaryPhoneNumber", textOrEmpty},
		{"primaryPhoneCountryCode", textOrEmpty},
		{"primaryPhoneCallingCode", textOrEmpty},
		{"additionalPhones", listOrEmpty},
	},
	"RICH_TEXT":    richText, // a single column in versions before 1.20
	"RICH_TEXT_V2": richText,
}

// plan returns how the field is announced, and whether rel has columns for it.
func (f *field) plan(rel *cdc.Relation) (plan mapper.Field, ok bool) {
	plan, ok = f.planKind(rel)
	// To edit the options of a select, Twenty renames its column, adds another of the old name and
	// updates every row of the table. No name of a field has an underscore.
	for _, c := range plan.Columns {
		if old := rel.Column(rel.Columns[c].Name + "_old"); old >= 0 {
			plan.Before = append(plan.Before, [2]int{c, old})
		}
	}
	return plan, ok
}

func (f *field) planKind(rel *cdc.Relation) (plan mapper.Field, ok bool) {
	switch f.kind {
	case "RELATION", "MORPH_RELATION":
		return f.planJoin(rel)
	// generated: the stream has it from Postgres 18 on only, and nobody listens for it
	case "TS_VECTOR":
		return mapper.Field{}, false
	}
	if plan, ok = f.planComposite(rel); ok {
		return plan, true
	}
	return f.planColumn(rel)
}

// planJoin plans the side of a relation that has the column. The key is the column's name; where a
// relation has but one target object, updatedFields lists the relation's name as well.
func (f *field) planJoin(rel *cdc.Relation) (plan mapper.Field, ok bool) {
	name := f.joinColumn
	if name == "" && f.relation != "ONE_TO_MANY" { // old versions do not tell
		name = f.name + "Id"
	}
	c := rel.Column(name)
	if c < 0 {
		return mapper.Field{}, false
	}
	plan = columnField(name, rel, c, textOrNull)
	if f.kind == "RELATION" {
		plan.Also = f.name
	}
	return plan, true
}

// planColumn plans a field of one column. What is of a type that this package does not know reads
// as a string.
func (f *field) planColumn(rel *cdc.Relation) (plan mapper.Field, ok bool) {
	c := rel.Column(f.name)
	if c < 0 {
		return mapper.Field{}, false
	}
	s, known := scalars[f.kind]
	if !known {
		s = textOrNull
	}
	plan = columnField(f.name, rel, c, s)
	plan.Silent = f.name == "updatedAt"
	return plan, true
}

func (f *field) planComposite(rel *cdc.Relation) (plan mapper.Field, ok bool) {
	type part struct {
		key    []byte // `{"name":` or `,"name":`
		column int
		scalar
	}
	var parts []part
	var members []mapper.Member
	for _, s := range composites[f.kind] {
		c := rel.Column(f.name + capitalised(s.name))
		if c < 0 {
			continue
		}
		key := []byte{','}
		if parts == nil {
			key[0] = '{'
		}
		parts = append(parts, part{append(key, pgtext.JSONKey(s.name)...), c, s.scalar})
		plan.Columns = append(plan.Columns, c)
		members = append(members, mapper.Member{Name: s.name, Shape: s.shapeOf(rel, c)})
	}
	if parts == nil {
		return mapper.Field{}, false
	}
	plan.Name, plan.Key = f.name, pgtext.JSONKey(f.name)
	plan.Shape = &mapper.Shape{
		Kind: mapper.ObjectShape, Null: mapper.NullNever, Members: members,
	}
	plan.Encode = func(dst []byte, row cdc.Tuple) []byte {
		for i := range parts {
			p := &parts[i]
			dst = p.append(append(dst, p.key...), row[p.column])
		}
		return append(dst, '}')
	}
	return plan, true
}

// shapeOf is the shape of a value of a column. Those of a select have an enum of their own.
func (s scalar) shapeOf(rel *cdc.Relation, c int) *mapper.Shape {
	shape := s.shape
	if shape.Null = mapper.NullAlways; s.null != "null" {
		shape.Null = mapper.NullNever
	}
	switch {
	case shape.Kind == mapper.StringShape:
		shape.Type = rel.Columns[c].Type
	case shape.Kind == mapper.ArrayShape && shape.Items != nil:
		items := *shape.Items
		items.Type, items.Null = rel.Columns[c].Type, mapper.NullAlways
		shape.Items = &items
	}
	return &shape
}

func columnField(name string, rel *cdc.Relation, c int, s scalar) mapper.Field {
	return mapper.Field{
		Name: name, Key: pgtext.JSONKey(name), Columns: []int{c}, Shape: s.shapeOf(rel, c),
		Encode: func(dst []byte, row cdc.Tuple) []byte { return s.append(dst, row[c]) },
	}
}

func capitalised(name string) string {
	_, size := utf8.DecodeRuneInString(name)
	return strings.ToUpper(name[:size]) + name[size:]
}

func (s scalar) append(dst []byte, v cdc.Value) []byte {
	if v.IsNull() {
		return append(dst, s.null...)
	}
	return s.encode(dst, v.Bytes())
}

// appendWhole appends a number as JavaScript's parseInt reads it: what follows the point is cut
// off.
func appendWhole(dst, text []byte) []byte {
	whole, _, _ := bytes.Cut(text, []byte{'.'})
	return pgtext.AppendDecimal(dst, whole)
}

// appendList appends a JSON document; null reads as [] there, as SQL's null does.
func appendList(dst, text []byte) []byte {
	if string(text) == "null" {
		return append(dst, "[]"...)
	}
	return pgtext.AppendJavaScript(dst, text)
}

func appendTextArray(dst, text []byte) []byte {
	return pgtext.AppendArray(dst, text, ',', pgtext.AppendText)
}

// appendInstant appends a timestamp as JavaScript's Date.toJSON prints it: UTC, milliseconds,
// truncated. Years that take more than four digits, or lie before Christ, are written with six and
// a sign; infinity, and what lies beyond the last instant of a Date, is null.
//
// https://tc39.es/ecma262/#sec-date-time-string-format
func appendInstant(dst, text []byte) []byte {
	const (
		moment  = "-00-00 00:00:00" // what follows the year; 0 stands for any digit
		lastDay = "-09-13 00:00:00" // of 275760, when time ends in JavaScript
	)
	digits := max(bytes.IndexByte(text, '-'), 0)
	year, err := strconv.Atoi(string(text[:digits]))
	rest := text[digits:]
	if err != nil || digits < 4 || !hasShape(rest, moment) {
		if bytes.HasSuffix(text, []byte("infinity")) {
			return append(dst, "null"...)
		}
		return pgtext.AppendString(dst, text)
	}
	at, rest := rest[:len(moment)], rest[len(moment):]
	fraction := [3]byte{'0', '0', '0'}
	if len(rest) > 0 && rest[0] == '.' {
		n := 1
		for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
			n++
		}
		copy(fraction[:], rest[1:n])
		rest = rest[n:]
	}
	switch string(rest) {
	case "+00", "": // "" for a column without time zone
	case "+00 BC", " BC":
		year = 1 - year
	default:
		return pgtext.AppendString(dst, text)
	}
	switch {
	case year > 275760 || year == 275760 &&
		(string(at) > lastDay || string(at) == lastDay && string(fraction[:]) > "000"):
		return append(dst, "null"...)
	case year < 0:
		dst = append(dst, `"-`...)
		dst = pgtext.AppendPadded(dst, -year, 6)
	case year > 9999:
		dst = append(dst, `"+`...)
		dst = pgtext.AppendPadded(dst, year, 6)
	default:
		dst = append(dst, '"')
		dst = pgtext.AppendPadded(dst, year, 4)
	}
	dst = append(dst, at...)
	dst[len(dst)-len("00:00:00")-1] = 'T'
	dst = append(dst, '.')
	dst = append(dst, fraction[:]...)
	return append(dst, `Z"`...)
}

// hasShape reports whether text begins like shape, in which 0 stands for any digit.
func hasShape(text []byte, shape string) bool {
	if len(text) < len(shape) {
		return false
	}
	for i := range shape {
		if c := text[i]; c != shape[i] && (shape[i] != '0' || c < '0' || c > '9') {
			return false
		}
	}
	return true
}
