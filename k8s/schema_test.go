package k8s_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"
)

// schemas is what the OpenAPI documents of Kubernetes 1.30 (api/openapi-spec/v3) say of the kinds
// that the manifests have, without the descriptions. Native sidecars exist since 1.29.
const schemas = "testdata/kubernetes-1.30.json"

// meta is what the server wants of names, of keys and of values of labels, and the documents do
// not say, by the field of an object's metadata.
func meta() map[string]any {
	const (
		word  = `[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?`
		part  = `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
		name  = `^` + part + `(\.` + part + `)*$`
		key   = `^([a-z0-9.-]+/)?` + word + `$`
		value = `^(` + word + `)?$`
	)
	pattern := func(of string) map[string]any { return map[string]any{"pattern": of} }
	return map[string]any{
		"name":        map[string]any{"maxLength": 253, "pattern": name},
		"annotations": map[string]any{"propertyNames": pattern(key)},
		"labels": map[string]any{
			"propertyNames": pattern(key), "additionalProperties": pattern(value),
		},
	}
}

// apiServer knows the schemas of objects, and holds objects against them as the API server does
// that is asked to be strict: a field that it does not know is an error.
type apiServer struct {
	compiler *jsonschema.Compiler
	kinds    map[string]string // where the schema is, by apiVersion and kind
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	var document struct {
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.Unmarshal(read(t, schemas), &document); err != nil {
		t.Fatal(err)
	}
	s := &apiServer{compiler: jsonschema.NewCompiler(), kinds: map[string]string{}}
	definitions := map[string]any{}
	for name, schema := range document.Components.Schemas {
		fields, _ := schema["properties"].(map[string]any)
		if fields != nil {
			schema["additionalProperties"] = false
		}
		if name == "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" {
			for field, says := range meta() {
				fields[field] = map[string]any{"allOf": []any{fields[field], says}}
			}
		}
		are, _ := schema["x-kubernetes-group-version-kind"].([]any)
		for _, is := range are {
			is := is.(map[string]any)
			s.kinds[path.Join(is["group"].(string), is["version"].(string), is["kind"].(string))] = name
		}
		definitions[name] = schema
	}
	s.compiler.AssertFormat()
	s.compiler.AssertVocabs()
	s.compiler.RegisterVocabulary(&jsonschema.Vocabulary{
		URL: "https://kubernetes.io/lists", Compile: compileList,
	})
	if err := s.compiler.AddResource("kubernetes.json", map[string]any{
		"components": map[string]any{"schemas": definitions},
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// validate returns what is wrong with the objects of a manifest.
func (s *apiServer) validate(manifest []byte) error {
	var wrong []error
	decoder := yaml.NewDecoder(bytes.NewReader(manifest))
	for n := 0; ; n++ {
		var object map[string]any
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) && n > 0 {
			return errors.Join(wrong...)
		} else if err != nil {
			return errors.Join(append(wrong, err)...)
		}
		of := fmt.Sprint(object["apiVersion"], "/", object["kind"])
		name, ok := s.kinds[of]
		if !ok {
			wrong = append(wrong, fmt.Errorf("%s: %s has no such kind", of, schemas))
			continue
		}
		schema, err := s.compiler.Compile("kubernetes.json#/components/schemas/" + name)
		if err == nil {
			err = schema.Validate(object)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", of, err))
		}
	}
}

// list is a list whose items differ, by some of their fields or as a whole.
type list struct{ keys []any }

func compileList(
	_ *jsonschema.CompilerContext, schema map[string]any,
) (jsonschema.SchemaExt, error) {
	keys, _ := schema["x-kubernetes-list-map-keys"].([]any)
	if keys == nil && schema["x-kubernetes-list-type"] != "set" {
		return nil, nil
	}
	return list{keys}, nil
}

func (l list) Validate(ctx *jsonschema.ValidatorContext, v any) {
	items, _ := v.([]any)
	seen := map[string]int{}
	for i, item := range items {
		id := fmt.Sprint(item)
		if fields, ok := item.(map[string]any); ok && l.keys != nil {
			id = ""
			for _, key := range l.keys {
				value := fields[key.(string)]
				if key == "protocol" && value == nil {
					value = "TCP" // the one key that has a default
				}
				id += fmt.Sprintf("%v\x00", value)
			}
		}
		if first, ok := seen[id]; ok {
			ctx.AddError(&kind.UniqueItems{Duplicates: [2]int{first, i}})
		}
		seen[id] = i
	}
}
