package api

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// object is one of JSON.
type object = map[string]any

// describe returns the OpenAPI description of operations.
//
// https://spec.openapis.org/oas/v3.1.1.html
func describe(all []operation) object {
	types := schemas{named: object{}}
	failure := object{
		"description": "Why not",
		"content":     inJSON(types.of(reflect.TypeFor[problem]())),
	}
	paths := object{}
	for _, o := range all {
		description := object{
			"operationId": o.id, "summary": o.summary,
			"responses": object{
				"200":     object{"description": "Done", "content": inJSON(types.of(o.output))},
				"default": failure,
			},
		}
		if parameters := types.parameters(&o); len(parameters) > 0 {
			description["parameters"] = parameters
		}
		if o.changes() {
			if body := types.body(o.input); body != nil {
				description["requestBody"] = object{"content": inJSON(body)}
			}
		}
		path, ok := paths[o.path].(object)
		if !ok {
			path = object{}
			paths[o.path] = path
		}
		path[strings.ToLower(o.method)] = description
	}
	paths[prefix+"/live"] = object{"get": object{
		"operationId": "live",
		"summary": "Deliveries as they are attempted: server-sent events, each with a list of " +
			"deliveries as JSON",
		"parameters": types.parameters(&operation{method: "GET", input: reflect.TypeFor[Filter]()}),
		"responses": object{
			"200": object{
				"description": "Until either side ends it",
				"content": object{"text/event-stream": object{
					"schema": object{"type": "string"},
				}},
			},
		},
	}}
	paths[prefix+"/openapi.json"] = object{"get": object{
		"operationId": "openapi",
		"summary":     "This description",
		"responses": object{
			"200": object{"description": "OpenAPI 3.1", "content": inJSON(object{"type": "object"})},
		},
	}}
	return object{
		"openapi": "3.1.1",
		"info": object{
			"title":   "Hookline",
			"version": "1",
			"description": "What operators want to know of a running Hookline, and what they do. Within " +
				"a version fields are added, and nothing else is changed.",
			"license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"paths": paths,
		"components": object{
			"schemas": types.named,
			"securitySchemes": object{
				"token": object{
					"type":        "http",
					"scheme":      "bearer",
					"description": "HOOKLINE_ADMIN_TOKEN, where it is set",
				},
			},
		},
		"security": []object{{"token": []string{}}, {}},
	}
}

func inJSON(schema object) object { return object{"application/json": object{"schema": schema}} }

// schemas are those of Go's types, by their names.
type schemas struct{ named object }

// of returns the schema of a type, by reference if it is a struct.
func (s *schemas) of(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
		if _, known := s.named[name]; !known {
			s.named[name] = nil // it may be part of itself
			s.named[name] = s.structure(t)
		}
		return object{"$ref": "#/components/schemas/" + name}
	default:
		panic("no schema for " + t.String())
	}
}

func (s *schemas) structure(t reflect.Type) object {
	properties, required := object{}, []string{}
	for field := range fields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		schema := s.of(field.Type)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
			if field.Type.Kind() == reflect.Pointer {
				schema["type"] = []any{schema["type"], "null"}
			}
		}
		properties[name] = documented(schema, field)
	}
	return object{"type": "object", "properties": properties, "required": required}
}

func documented(schema object, field reflect.StructField) object {
	if doc := field.Tag.Get("doc"); doc != "" {
		schema["description"] = doc
	}
	return schema
}

// fields yields those of a struct, and of the structs that it embeds.
func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, field := range reflect.VisibleFields(t) {
			if !field.Anonymous && !yield(field) {
				return
			}
		}
	}
}

func (s *schemas) parameters(o *operation) (list []object) {
	for field := range fields(o.input) {
		for _, in := range []string{"path", "query"} {
			name := field.Tag.Get(in)
			if name == "" || in == "query" && o.changes() {
				continue
			}
			list = append(list, documented(object{
				"name": name, "in": in, "required": in == "path",
				"schema": s.of(field.Type),
			}, field))
		}
	}
	return list
}

// body returns the schema of what is sent, nil where nothing is.
func (s *schemas) body(t reflect.Type) object {
	for field := range fields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			return s.of(t)
		}
	}
	return nil
}
