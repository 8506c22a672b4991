package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"

	"hookline/internal/crm"
	"hookline/internal/eventschema"
	"hookline/mapper"
)

type schemaCommand struct {
	Format    string `enum:"json-schema,typescript,openapi" default:"json-schema" help:"json-schema, typescript or openapi."`
	Webhook   string `placeholder:"ID" help:"Of what one webhook gets: with its operations, format, fields, batch, …"`
	Payload   string `placeholder:"FORM" help:"Form of the bodies, as a webhook's format. As HOOKLINE_PAYLOAD_FORMAT says when left out."`
	Workspace string `placeholder:"ID" help:"Of one workspace of Twenty's. Of all when left out."`
}

// Validate refuses forms that are none, and what a webhook says itself.
func (c schemaCommand) Validate() error {
	var form mapper.Format
	switch {
	case c.Webhook != "" && (c.Payload != "" || c.Workspace != ""):
		return errors.New("--webhook goes without --payload and --workspace: the webhook has both")
	case c.Payload != "" && form.UnmarshalText([]byte(c.Payload)) != nil:
		return fmt.Errorf("--payload %.64q: want event, twenty, standard, cloudevents, "+
			"cloudevents-binary, slack or plain", c.Payload)
	}
	return nil
}

func (c schemaCommand) Run(ctx context.Context) error {
	if c.Webhook != "" {
		return onWebhooks(ctx, c.ofWebhook(ctx))
	}
	db, err := openToTell(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if c.Workspace != "" {
		if err := db.CheckWorkspace(ctx, c.Workspace); err != nil {
			return fmt.Errorf("--workspace: %w", err)
		}
	}
	form := eventschema.Form{Format: db.Config.Mapper.Format}
	if c.Payload != "" {
		_ = form.Format.UnmarshalText([]byte(c.Payload)) // Validate has looked at it
	}
	objects, labels, err := db.Events(ctx, c.Workspace)
	if err != nil {
		return err
	}
	if !form.Format.OfRecords() {
		objects = append(objects, eventschema.Operator(mapper.OperatorActions()))
	}
	return c.print(append(objects, eventschema.Trial(objects)), labels, form)
}

// ofWebhook prints it of what one webhook gets.
func (c schemaCommand) ofWebhook(ctx context.Context) func(*crm.Database, *pgx.Conn) error {
	return func(db *crm.Database, conn *pgx.Conn) error {
		db.Tries = crm.FewTries
		to, _, err := db.Webhooks.Subscription(ctx, conn, c.Webhook)
		if err != nil {
			return err
		}
		objects, labels, err := db.EventsFor(ctx, to)
		if err != nil {
			return err
		}
		form := eventschema.Form{Format: to.Format, View: to.View, Batch: to.Pace.Batch}
		return c.print(objects, labels, form)
	}
}

func (c schemaCommand) print(
	objects []eventschema.Object, labels eventschema.Labels, form eventschema.Form,
) error {
	switch c.Format {
	case "typescript":
		_, err := fmt.Print(eventschema.TypeScript(objects, labels, form))
		return err
	case "openapi":
		return printJSON(os.Stdout, eventschema.OpenAPI(objects, labels, form, version))
	}
	return printJSON(os.Stdout, eventschema.JSONSchema(objects, labels, form))
}
