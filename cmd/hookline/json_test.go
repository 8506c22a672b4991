package main

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/internal/bus"
	"hookline/internal/crm"
	"hookline/internal/doctor"
	"hookline/internal/operate"
	"hookline/mapper"
	"hookline/spool"
	"hookline/webhook"
)

// Keys of JSON are what scripts go by: each that a command may print is told of in
// docs/commands.md, in the line of its command.
func TestKeysOfJSONAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if command, _, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " | "); isRow {
			lines[command] += line // some commands are in two tables; the other one has no keys
		}
	}
	_, lines["a webhook"], _ = strings.Cut(string(text), "### A webhook")
	for command, values := range map[string][]any{
		"a webhook":       {webhook.Row{}},
		"`webhooks list`": {struct{ Waiting, Dead, Paused any }{}},
		"`webhooks add`, `edit`, `pause`, `resume`, `rotate`, `remove`": {changedWebhook{}},
		"`webhooks test`":                {operate.Tried{}},
		"`deliveries list`, `show`":      {spool.Delivery{}},
		"`deliveries replay`, `discard`": {deadChanged{}, spool.Count{}, passedOver{}},
		"`status`": {
			operate.Status{},
			crm.SlotStatus{},
			crm.QueueStatus{},
			operate.GapStatus{},
			operate.CheckpointStatus{},
			bus.Report{},
			webhook.Status{},
			watched{},
		},
		"`doctor`":   {doctor.Diagnosis{}, cdc.Finding{}},
		"`objects`":  {mapper.ObjectStatus{}},
		"`teardown`": {removed{}, cdc.Removal{}, cdc.Kept{}},
		"`verify`":   {verified{}},
	} {
		if lines[command] == "" {
			t.Errorf("there is no line of %s", command)
		}
		for _, value := range values {
			for _, key := range keysOf(reflect.TypeOf(value)) {
				if !strings.Contains(lines[command], "`"+key+"`") {
					t.Errorf("key %s of %s is not told of", key, command)
				}
			}
		}
	}
}

// keysOf returns the keys of a struct's JSON, those of embedded ones included.
func keysOf(of reflect.Type) (keys []string) {
	for field := range of.Fields() {
		if field.Anonymous && field.Tag.Get("json") == "" {
			inner := field.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			keys = append(keys, keysOf(inner)...)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			name = strings.ToLower(field.Name)
		}
		if field.IsExported() && name != "-" {
			keys = append(keys, name)
		}
	}
	return keys
}
