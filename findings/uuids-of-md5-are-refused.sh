#!/bin/sh
# zod 4.1.12, uuid 11.1.0, validator 13.15.20, ajv 8.17.1 with ajv-formats 3.0.1 (all npm).
#
# Postgres takes any 128 bits for a uuid, and md5(…)::uuid is a common way to make a key of a text. So
# does the format "uuid" of JSON Schema as Ajv reads it. z.uuid() of Zod, which generators make of that
# format, validate() of uuid and isUUID() of validator ask for the digits of version and variant, too:
# they take one in eight of such keys. Few examples may all pass, or a test with keys of another kind.
#
# Seen: of 1,000 keys Ajv and z.guid() take all, the three others 127, the same ones. The keys that
# have a version are taken by all, and those that are all zeros or all ones.
# https://www.postgresql.org/docs/18/datatype-uuid.html
# https://json-schema.org/draft/2020-12/json-schema-validation#name-resource-identifiers
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private": true, "type": "module"}' >package.json
npm install --silent --no-audit --no-fund zod@4.1.12 uuid@11.1.0 validator@13.15.20 ajv@8.17.1 \
	ajv-formats@3.0.1 >/dev/null
cat >run.js <<'JS'
import { createHash } from "node:crypto"
import Ajv from "ajv/dist/2020.js"
import formats from "ajv-formats"
import { validate } from "uuid"
import validator from "validator"
import { z } from "zod"

const ajv = new Ajv.default()
formats.default(ajv)
const takes = {
	"ajv-formats": ajv.compile({ type: "string", format: "uuid" }),
	"z.guid()": text => z.guid().safeParse(text).success,
	"z.uuid()": text => z.uuid().safeParse(text).success,
	"uuid": validate,
	"validator": text => validator.isUUID(text),
}
// What Postgres prints of md5(text)::uuid.
const keyOf = text => createHash("md5").update(text).digest("hex")
	.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
const made = Array.from({ length: 1000 }, (_, i) => keyOf(`deal-${i}`))
const others = [
	"0199d0a0-0000-7000-8000-000000000000", "0d0e0f00-0000-4000-8000-000000000000",
	"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
]
const seen = Object.entries(takes).map(([name, take]) =>
	`${name}: ${made.filter(take).length} of ${made.length}, ${others.filter(take).length} of ${others.length}`)
console.log(seen.join("\n"))
if (seen.join("\n") !== ["ajv-formats: 1000", "z.guid(): 1000", "z.uuid(): 127", "uuid: 127", "validator: 127"]
	.map(one => `${one} of 1000, 4 of 4`).join("\n")) {
	console.log("This is no longer so.")
	process.exit(1)
}
JS
node run.js
