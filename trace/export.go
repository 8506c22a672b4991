package trace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// export sends spans to the collector. Those that it does not take are lost, and counted: what is
// delivered does not wait for what is told of it.
func (t *Tracer) export(spans []span) {
	if err := t.post(t.encode(spans)); err != nil {
		t.dropped.Add(uint64(len(spans)))
		t.log.Warn("the collector does not take spans: they are dropped", "error", err)
	}
}

func (t *Tracer) post(body []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), t.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.cfg.Endpoint, bytes.NewReader(body))
	if err != nil {
		return errors.New("OTEL_EXPORTER_OTLP_ENDPOINT is no URL")
	}
	for name, value := range t.cfg.Headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("User-Agent", "hookline/"+t.scope.version)
	resp, err := t.client.Do(req)
	if whole, ok := errors.AsType[*url.Error](err); ok {
		return whole.Err // without the URL, which may hold credentials
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %s", resp.Status)
	}
	return nil
}

// The numbers of the fields of an ExportTraceServiceRequest.
//
// https://opentelemetry.io/docs/specs/otlp/ and trace.proto of opentelemetry-proto
const (
	resourceSpans = 1

	spansResource, spansScopeSpans = 1, 2
	resourceAttributes             = 1
	scopeScope, scopeSpansSpans    = 1, 2
	scopeName, scopeVersion        = 1, 2

	spanTraceID, spanSpanID, spanParent, spanName, spanKind = 1, 2, 4, 5, 6
	spanStart, spanEnd, spanAttributes, spanStatus          = 7, 8, 9, 15
	spanFlags                                               = 16
	statusMessage, statusCode                               = 2, 3

	keyValueKey, keyValueValue = 1, 2
	anyString, anyInt          = 1, 3
)

// Values of enumerations.
const (
	kindInternal, kindClient = 1, 3
	statusError              = 2
	flagSampled              = 1
)

// encode returns the request that tells of spans.
func (t *Tracer) encode(spans []span) []byte {
	resource := attribute(nil, resourceAttributes, "service.name", t.cfg.Service)
	resource = attribute(resource, resourceAttributes, "service.version", t.scope.version)
	resource = attribute(resource, resourceAttributes, "telemetry.sdk.language", "go")
	for _, name := range slices.Sorted(maps.Keys(t.cfg.Resource)) {
		resource = attribute(resource, resourceAttributes, name, t.cfg.Resource[name])
	}
	inScope := message(nil, scopeScope, text(text(nil, scopeName, "hookline"), scopeVersion,
		t.scope.version))
	for _, s := range spans {
		inScope = message(inScope, scopeSpansSpans, s.encode())
	}
	return message(nil, resourceSpans, message(message(nil, spansResource, resource), spansScopeSpans,
		inScope))
}

func (s *span) encode() []byte {
	b := message(nil, spanTraceID, s.trace[:])
	b = message(b, spanSpanID, s.id[:])
	kind := uint64(kindInternal)
	if s.parent != [8]byte{} {
		b = message(b, spanParent, s.parent[:])
	}
	if s.client {
		kind = kindClient
	}
	b = text(b, spanName, s.name)
	b = number(b, spanKind, kind)
	b = at(b, spanStart, s.start)
	b = at(b, spanEnd, s.end)
	f := &s.facts
	for _, a := range []struct{ name, value string }{
		{"hookline.event.id", f.Event},
		{"hookline.event.name", f.Name},
		{"hookline.webhook", f.Webhook},
		{"server.address", f.Host},
		{"hookline.outcome", f.Outcome},
	} {
		if a.value != "" {
			b = attribute(b, spanAttributes, a.name, a.value)
		}
	}
	if s.client {
		b = attribute(b, spanAttributes, "http.request.method", "POST")
	}
	for _, a := range []struct {
		name  string
		value int
	}{{"hookline.attempt", f.Attempt}, {"http.response.status_code", f.Status}} {
		if a.value != 0 {
			b = message(b, spanAttributes, message(text(nil, keyValueKey, a.name), keyValueValue,
				number(nil, anyInt, uint64(a.value))))
		}
	}
	if f.Error != "" {
		b = message(b, spanStatus, number(text(nil, statusMessage, f.Error), statusCode, statusError))
	}
	b = protowire.AppendTag(b, spanFlags, protowire.Fixed32Type)
	return protowire.AppendFixed32(b, flagSampled)
}

func message(b []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), content)
}

func text(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType),
		strings.ToValidUTF8(s, "\uFFFD"))
}

func number(b []byte, field protowire.Number, n uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), n)
}

func at(b []byte, field protowire.Number, t time.Time) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type),
		uint64(t.UnixNano()))
}

func attribute(b []byte, field protowire.Number, name, value string) []byte {
	return message(b, field, message(text(nil, keyValueKey, name), keyValueValue,
		text(nil, anyString, value)))
}
