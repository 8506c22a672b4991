#!/bin/sh
# CloudEvents SDK for Go 2.16.2, CloudEvents SDK for JavaScript 10.0.0.
#
# In the binary mode of HTTP the attributes of an event are headers, and what is not printable ASCII
# is percent-encoded in them: a receiver decodes it (HTTP protocol binding 1.0.2, 3.1.3.2). Neither
# SDK does, and neither encodes what it sends: a type with an accent is handed out as it was
# encoded, and the Go SDK sends it raw.
#
# Seen: Go and JavaScript both hand out "soci%C3%A9t%C3%A9.created" where "société.created" was
# sent; the Go SDK's own request has the raw bytes in its header.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/go" "$work/js"

cd "$work/js"
echo '{"private": true, "type": "module"}' >package.json
npm install --silent --no-fund --no-audit cloudevents@10.0.0
cat >read.js <<'JS'
import { HTTP } from "cloudevents";

const event = HTTP.toEvent({
  headers: {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-source": "urn:example",
    "ce-type": "soci%C3%A9t%C3%A9.created",
  },
  body: "{}",
});
console.log("javascript reads", event.type);
JS
node read.js >"$work/seen"

cd "$work/go"
cat >go.mod <<'GO'
module attributes

go 1.26

require github.com/cloudevents/sdk-go/v2 v2.16.2
GO
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

func main() {
	in := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Ce-Specversion": "1.0", "Ce-Id": "1",
		"Ce-Source": "urn:example", "Ce-Type": "soci%C3%A9t%C3%A9.created",
	} {
		in.Header.Set(name, value)
	}
	read, err := cehttp.NewEventFromHTTPRequest(in)
	if err != nil {
		panic(err)
	}
	fmt.Println("go reads", read.Type())

	e := event.New()
	e.SetID("1")
	e.SetSource("urn:example")
	e.SetType("société.created")
	out := httptest.NewRequest(http.MethodPost, "/", nil)
	message := binding.ToMessage(&e)
	if err := cehttp.WriteRequest(context.Background(), message, out); err != nil {
		panic(err)
	}
	fmt.Println("go writes", out.Header.Get("Ce-Type"))
}
GO
go mod tidy >/dev/null 2>&1
go run . >>"$work/seen" 2>"$work/errors" || { cat "$work/errors"; exit 1; }

cat "$work/seen"
cat >"$work/want" <<'WANT'
javascript reads soci%C3%A9t%C3%A9.created
go reads soci%C3%A9t%C3%A9.created
go writes société.created
WANT
cmp "$work/seen" "$work/want" || {
	echo "This is no longer so."
	exit 1
}
