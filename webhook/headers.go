package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"hookline/mapper"
)

const (
	maxRequestHead = 8000 // bytes of URL and headers that every common server takes
	idHead         = 44   // of the id of an event, in the head of a batch
	ownHead        = 1000 // of them, those of Hookline's own headers at most
)

// parseHeaders reads a JSON object of strings. What it takes reaches a receiver through any common
// server: some drop names with other characters than letters, digits and hyphens without a word,
// and all drop or merge what is there twice. A header without a value is left out, as some servers
// do. Its errors do not quote values, which may be credentials.
func parseHeaders(text []byte) (http.Header, error) {
	var pairs map[string]string
	if json.Unmarshal(text, &pairs) != nil {
		return nil, errors.New(`want a JSON object of strings, such as {"Authorization": "Bearer …"}`)
	}
	headers := make(http.Header, len(pairs))
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		value, canonical := pairs[name], http.CanonicalHeaderKey(name)
		switch {
		case name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isHeaderRune(r) }):
			return nil, fmt.Errorf(
				"%.64q is not the name of a header that every server lets through: "+
					"want letters, digits and hyphens",
				name,
			)
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			return nil, fmt.Errorf("the value of %.64q has a control character", name)
		case headers[canonical] != nil:
			return nil, fmt.Errorf("%.64q is there twice", canonical)
		case strings.Trim(value, " \t") != "":
			headers[canonical] = []string{value}
		}
	}
	return headers, nil
}

// ownHeaders are the headers that a webhook cannot set: Hookline's own, and those that HTTP itself
// lives by.
var ownHeaders = map[string]bool{
	"Content-Type":               true,
	"User-Agent":                 true,
	"Traceparent":                true,
	"X-Hookline-Attempt":         true,
	"X-Hookline-Replay":          true,
	"X-Hookline-Batch":           true,
	"X-Hookline-Batch-Ids":       true,
	"X-Twenty-Webhook-Timestamp": true,
	"X-Twenty-Webhook-Signature": true,
	"X-Twenty-Webhook-Nonce":     true,
	"Webhook-Id":                 true,
	"Webhook-Timestamp":          true,
	"Webhook-Signature":          true,
	"Host":                       true,
	"Content-Length":             true,
	"Connection":                 true,
	"Transfer-Encoding":          true,
	"Keep-Alive":                 true,
	"Proxy-Connection":           true,
	"Te":                         true,
	"Trailer":                    true,
	"Upgrade":                    true,
	"Expect":                     true,
}

// IsOwnHeader reports whether a header, by its canonical name, is one that a webhook cannot set: it
// is left out of what a row has.
func IsOwnHeader(name string) bool { return ownHeaders[name] }

func isHeaderRune(r rune) bool {
	return r == '-' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}

// checkSize returns an error when the head of a request would be larger than servers take: they
// answer 400 or 431, or end the connection, with all that is on it.
func checkSize(s *Subscription) error {
	size := ownHead + len(s.URL) + s.Pace.Batch*idHead
	for name, values := range s.Headers {
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	if size < maxRequestHead {
		return nil
	}
	what := "with the URL they take"
	if len(s.Headers) == 0 {
		what = "takes"
	}
	return fmt.Errorf("%s %d bytes, want fewer than %d: servers refuse larger requests", what,
		size-ownHead-s.Pace.Batch*idHead, maxRequestHead-ownHead-s.Pace.Batch*idHead)
}

// checkCloudEvents returns an error when a header would take the place of an attribute.
func checkCloudEvents(s *Subscription) error {
	if s.Format != mapper.FormatCloudEventsBinary {
		return nil
	}
	for name := range s.Headers {
		if strings.HasPrefix(name, "Ce-") {
			return fmt.Errorf("%.64q is an attribute of %s", name, s.Format)
		}
	}
	return nil
}
