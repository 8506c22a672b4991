// Package eventschema tells what the bodies of events look like, from what a profile knows of the
// tables: as JSON Schema, as TypeScript, and as the webhooks of an OpenAPI document.
package eventschema
