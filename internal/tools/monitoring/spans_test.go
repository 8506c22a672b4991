package monitoring

import (
	"fmt"
	"os"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// What Hookline sends to a collector is what OpenTelemetry's own types read: a span of a delivery,
// and in it one of each attempt.
func TestSpans(t *testing.T) {
	text, err := os.ReadFile("../../../trace/testdata/spans.binpb")
	if err != nil {
		t.Fatal(err)
	}
	var got tracepb.TracesData
	if err := proto.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if unknown := fmt.Sprintf("%v", got.ProtoReflect().GetUnknown()); unknown != "[]" ||
		len(got.ResourceSpans) != 1 {
		t.Fatalf("%d resources, unknown fields %s", len(got.ResourceSpans), unknown)
	}
	resource := map[string]string{}
	for _, a := range got.ResourceSpans[0].Resource.Attributes {
		resource[a.Key] = a.Value.GetStringValue()
	}
	if resource["service.name"] != "hookline" || resource["service.version"] != "1.2.3" ||
		resource["deployment"] != "test" {
		t.Errorf("resource %v", resource)
	}
	spans := got.ResourceSpans[0].ScopeSpans[0].Spans
	if len(spans) != 3 {
		t.Fatalf("%d spans, want 3", len(spans))
	}
	delivery := spans[2]
	for i, s := range spans {
		attributes := map[string]string{}
		for _, a := range s.Attributes {
			if attributes[a.Key] = a.Value.GetStringValue(); attributes[a.Key] == "" {
				attributes[a.Key] = fmt.Sprint(a.Value.GetIntValue())
			}
		}
		if len(s.TraceId) != 16 || len(s.SpanId) != 8 || string(s.TraceId) != string(delivery.TraceId) ||
			s.EndTimeUnixNano <= s.StartTimeUnixNano ||
			attributes["hookline.event.id"] != "evt_0badcafe_1_0" {
			t.Errorf("span %d: %v", i, s)
		}
		if s == delivery {
			if s.Name != "deliver person.created" || s.Kind != tracepb.Span_SPAN_KIND_INTERNAL ||
				len(s.ParentSpanId) != 0 {
				t.Errorf("span of the delivery: %v", s)
			}
			continue
		}
		failed := s.Status.GetCode() == tracepb.Status_STATUS_CODE_ERROR
		if string(s.ParentSpanId) != string(delivery.SpanId) || s.Kind != tracepb.Span_SPAN_KIND_CLIENT ||
			failed != (i == 0) ||
			attributes["hookline.attempt"] != fmt.Sprint(i+1) ||
			attributes["http.response.status_code"] != []string{"503", "200"}[i] {
			t.Errorf("span of attempt %d: %v", i+1, s)
		}
	}
}
