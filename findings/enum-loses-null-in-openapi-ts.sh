#!/bin/sh
# @hey-api/openapi-ts 0.95.0 (npm), with its plugins for TypeScript and Zod, and openapi-typescript
# 7.13.0 (npm), on OpenAPI 3.1.
#
# In OpenAPI 3.1 a schema is one of JSON Schema: an enum without a type has the values that it lists,
# and null among them is one. @hey-api/openapi-ts passes over it, unless the type beside it says null
# too, or it stands alone in an anyOf: the TypeScript has no null, and the Zod schema refuses a body
# that is valid. Nothing is said about it. openapi-typescript has the null.
#
# Seen: {"enum": ["x", "y", null]} becomes 'x' | 'y', and z.enum(['x', 'y']), which does not parse null.
# https://json-schema.org/draft/2020-12/json-schema-validation#name-enum
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private": true, "type": "module"}' >package.json
npm install --silent --no-audit --no-fund @hey-api/openapi-ts@0.95.0 openapi-typescript@7.13.0 \
	typescript@5.9.3 zod@4.1.12 >/dev/null
cat >openapi.json <<'JSON'
{
  "openapi": "3.1.0",
  "info": {"title": "deals", "version": "1"},
  "webhooks": {"deal": {"post": {
    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Deal"}}}},
    "responses": {"200": {"description": "taken"}}
  }}},
  "components": {"schemas": {"Deal": {
    "type": "object",
    "required": ["alone", "typed", "either"],
    "properties": {
      "alone": {"enum": ["x", "y", null]},
      "typed": {"type": ["string", "null"], "enum": ["x", "y", null]},
      "either": {"anyOf": [{"enum": ["x", "y"]}, {"type": "null"}]}
    }
  }}}
}
JSON
cat >run.js <<'JS'
import { readFileSync, writeFileSync } from "node:fs"
import { createClient } from "@hey-api/openapi-ts"
import openapiTS, { astToString } from "openapi-typescript"
import typescript from "typescript"

const members = ["alone", "typed", "either"]
await createClient({
	input: "openapi.json", output: "made", plugins: ["@hey-api/typescript", "zod"], logs: { level: "silent" },
})
const types = readFileSync("made/types.gen.ts", "utf8")
writeFileSync("zod.js", typescript.transpile(readFileSync("made/zod.gen.ts", "utf8"),
	{ module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2022 }))
const { zDeal } = await import("./zod.js")
const other = astToString(await openapiTS(new URL("./openapi.json", import.meta.url), { silent: true }))
const hasNull = (text, name) => /\bnull\b/.test(text.match(new RegExp(`\\b${name}: (.*)`))[1])

const seen = members.map(name => `${name}: ` + [
	`openapi-typescript ${hasNull(other, name)}`,
	`@hey-api/openapi-ts ${hasNull(types, name)}`,
	`its Zod schema ${zDeal.shape[name].safeParse(null).success}`,
].join(", ")).join("\n")
console.log("null is allowed, by")
console.log(seen)
if (seen !== "alone: openapi-typescript true, @hey-api/openapi-ts false, its Zod schema false\n" +
	"typed: openapi-typescript true, @hey-api/openapi-ts true, its Zod schema true\n" +
	"either: openapi-typescript true, @hey-api/openapi-ts true, its Zod schema true") {
	console.log("This is no longer so.")
	process.exit(1)
}
JS
node run.js
