package eventschema

import (
	"fmt"
	"strings"

	"hookline/mapper"
)

// Object is what is announced of one table.
type Object struct {
	Name     string
	Table    string   // schema.table; "" of what Hookline tells of itself
	Tenant   string   // whose all its records are; "" where they are of several, or of none
	Events   []string // <object>.<action>
	Tenanted bool     // events name a tenant
	// every event has all fields, but for those that may be left out; else updates and deletes may
	// lack some
	Whole  bool
	Fields []Field
	Key    []int // those of Fields that tell records apart
}

// Field is one field of its records.
type Field struct {
	Name    string
	Shape   *mapper.Shape
	NotNull bool // its column is never null
	MayLack bool // some records have it not: it may be too large, or secret

	masked bool // its value is mapper.Masked
}

// describe says what a record of it is.
func (o *Object) describe() string {
	if o.Table == "" {
		return "What Hookline tells of itself"
	}
	return "A record of table " + o.Table
}

// Labels are the values of enums, by the OIDs of the types of columns that hold them, or arrays of
// them.
type Labels map[uint32][]string

// byName returns the objects of each name, which may be of several tenants, in their order.
func byName(objects []Object) (names []string, of map[string][]Object) {
	of = map[string][]Object{}
	for _, o := range objects {
		if of[o.Name] == nil {
			names = append(names, o.Name)
		}
		of[o.Name] = append(of[o.Name], o)
	}
	return names, of
}

// eventsOf returns the events of objects of one name.
func eventsOf(objects []Object) (events []string) {
	seen := map[string]bool{}
	for _, o := range objects {
		for _, e := range o.Events {
			if !seen[e] {
				seen[e] = true
				events = append(events, e)
			}
		}
	}
	return events
}

// actionOf returns the action of an event.
func actionOf(event string) string { return event[strings.LastIndexByte(event, '.')+1:] }

// plain returns a name with nothing but letters, digits, dots, hyphens and underscores, as names of
// components of OpenAPI are.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (isLetter(r) || isDigit(r) || r == '.' || r == '-' || r == '_') {
			return r
		}
		return '_'
	}, name)
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
func isDigit(r rune) bool  { return '0' <= r && r <= '9' }

// nameOf names the data of the nth of several objects of one name.
func nameOf(object string, n, of int) string {
	if of == 1 {
		return plain(object)
	}
	return fmt.Sprintf("%s_%d", plain(object), n+1)
}
