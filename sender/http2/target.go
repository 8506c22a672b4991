package http2

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookline/sender/http1"
)

// Target is where requests go, and what is the same in all of them. It is immutable.
type Target struct {
	fields []field // of the header, but for what differs
}

// field is a field of a header that stays.
type field struct {
	name, value string // the name in lower case
	key         string // both
}

// NewTarget returns the target of POSTs to a URL that all have the given header, of which
// http1.NewTarget says that they would be requests.
func NewTarget(u *url.URL, header http.Header) *Target {
	t := &Target{fields: []field{
		newField(":authority", http1.HostOf(u)), newField(":path", u.RequestURI()),
	}}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Trailer": // the request itself decides
			continue
		case "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade":
			continue // HTTP/2 has none
		}
		for _, value := range header[name] {
			t.fields = append(t.fields, newField(strings.ToLower(name), value))
		}
	}
	return t
}

func newField(name, value string) field {
	value = strings.Trim(value, " \t") // which HTTP/1.1 does by itself, and a receiver may not like
	return field{name: name, value: value, key: name + ":" + value}
}
