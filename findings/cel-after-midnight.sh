#!/bin/sh
# @bufbuild/cel 0.6.1 and @marcbachmann/cel-js 8.0.0 (both npm) with cel-go 0.33.2 (cel.dev/cel-go).
#
# CEL has methods that tell the day of a timestamp in a time zone. In the hour after midnight of the
# zone, @bufbuild/cel is a day ahead with all of them, while the hour, 0, is right; without a zone,
# the same moment has the right day. A filter for Mondays so lets an hour of Sunday in, and leaves
# one of Monday out. @marcbachmann/cel-js has the right days, but keeps milliseconds alone: two
# timestamps of Postgres, which have microseconds, are equal where they are not.
#
# Seen: Monday, the 5th, 00:30 in Berlin is Tuesday, the 6th, for @bufbuild/cel, and so it is in UTC;
# 01:30 is right. For @marcbachmann/cel-js .123456 equals .123457. cel-go has all of them right.
# https://github.com/google/cel-spec/blob/master/doc/langdef.md
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/go" "$work/js"
cat >"$work/expressions" <<'EXPRESSIONS'
timestamp('2026-01-04T23:30:00Z').getDate('Europe/Berlin') == 5
timestamp('2026-01-04T23:30:00Z').getDayOfWeek('Europe/Berlin') == 1
timestamp('2026-01-04T23:30:00Z').getDayOfYear('Europe/Berlin') == 4
timestamp('2026-01-04T23:30:00Z').getHours('Europe/Berlin') == 0
timestamp('2026-01-05T00:30:00Z').getDate('Europe/Berlin') == 5
timestamp('2026-01-05T00:30:00Z').getDate('UTC') == 5
timestamp('2026-01-05T00:30:00Z').getDate() == 5
timestamp('2026-01-04T23:30:00.123456Z') < timestamp('2026-01-04T23:30:00.123457Z')
EXPRESSIONS

cd "$work/js"
echo '{"private": true, "type": "module"}' >package.json
npm install --silent --no-fund --no-audit @bufbuild/cel@0.6.1 @marcbachmann/cel-js@8.0.0
cat >run.js <<'JS'
import { readFileSync } from "node:fs"
import { run } from "@bufbuild/cel"
import { evaluate } from "@marcbachmann/cel-js"

const library = { "@bufbuild/cel": run, "@marcbachmann/cel-js": evaluate }[process.argv[2]]
for (const expression of readFileSync("../expressions", "utf8").trim().split("\n"))
	console.log(String(library(expression)))
JS
node run.js @bufbuild/cel >"$work/bufbuild"
node run.js @marcbachmann/cel-js >"$work/marcbachmann"

cd "$work/go"
cat >go.mod <<'GO'
module cel

go 1.26

require cel.dev/cel-go v0.33.2
GO
cat >main.go <<'GO'
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"

	"cel.dev/cel-go/cel"
)

func main() {
	env, err := cel.NewEnv()
	if err != nil {
		log.Fatal(err)
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		ast, issues := env.Compile(in.Text())
		if issues.Err() != nil {
			log.Fatal(issues.Err())
		}
		program, err := env.Program(ast)
		if err != nil {
			log.Fatal(err)
		}
		value, _, err := program.Eval(map[string]any{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(value.Value())
	}
}
GO
go mod tidy >/dev/null 2>&1
go run . <"$work/expressions" >"$work/cel-go"

cd "$work"
echo "cel-go @bufbuild/cel @marcbachmann/cel-js"
paste -d ' ' cel-go bufbuild marcbachmann expressions | tee seen
cut -d ' ' -f 1-3 seen >answers
cat >want <<'WANT'
true false true
true false true
true false true
true true true
true true true
true false true
true true true
true true false
WANT
cmp answers want || {
	echo "This is no longer so."
	exit 1
}
