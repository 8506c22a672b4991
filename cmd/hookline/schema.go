package main

import (
	"context"
	"fmt"
	"os"

	"hookline/internal/eventschema"
	"hookline/mapper"
)

type schemaCommand struct {
	Format    string `enum:"json-schema,typescript,openapi" default:"json-schema" help:"json-schema, typescript or openapi."`
	Payload   string `placeholder:"FORM" help:"Form of the bodies: event, twenty or standard. As HOOKLINE_PAYLOAD_FORMAT says when left out."`
	Workspace string `placeholder:"ID" help:"Of one workspace of Twenty's. Of all when left out."`
}

// Validate refuses forms that are none, or none of records.
func (c schemaCommand) Validate() error {
	var form mapper.Format
	if c.Payload == "" || form.UnmarshalText([]byte(c.Payload)) == nil && form.OfRecords() &&
		!form.IsCloudEvents() {
		return nil
	}
	return fmt.Errorf("--payload %.64q: want event, twenty or standard", c.Payload)
}

func (c schemaCommand) Run(ctx context.Context) error {
	db, err := openToTell(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	payload := db.Config.Mapper.Format
	if c.Payload != "" {
		_ = payload.UnmarshalText([]byte(c.Payload)) // Validate has looked at it
	}
	objects, labels, err := db.Events(ctx, c.Workspace)
	if err != nil {
		return err
	}
	return c.print(objects, labels, payload)
}

func (c schemaCommand) print(
	objects []eventschema.Object, labels eventschema.Labels, payload mapper.Format,
) error {
	switch c.Format {
	case "typescript":
		_, err := fmt.Print(eventschema.TypeScript(objects, labels, payload))
		return err
	case "openapi":
		return printJSON(os.Stdout, eventschema.OpenAPI(objects, labels, payload, version))
	}
	return printJSON(os.Stdout, eventschema.JSONSchema(objects, labels, payload))
}
