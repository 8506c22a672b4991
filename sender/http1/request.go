package http1

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Target is where requests go, and what is the same in all of them. It is immutable.
type Target struct {
	address string // what to dial
	secure  bool   // over TLS only
	key     string // what it shares connections with
	head    []byte // of a request, but for what differs
}

// NewTarget returns the target of POSTs to a URL that all have the given header. It shares
// connections with those of the same address and owner alone. It returns an error unless they would
// be requests, and one each.
func NewTarget(u *url.URL, header http.Header, owner string) (*Target, error) {
	switch {
	case u.Host == "":
		return nil, errNoHost
	case ports[u.Scheme] == "":
		return nil, fmt.Errorf("http1: unsupported protocol scheme %q: want http or https", u.Scheme)
	case !validHost(u.Host):
		return nil, fmt.Errorf("http1: host %q: want printable ASCII without spaces", u.Host)
	case !httpguts.ValidHeaderFieldValue(u.RequestURI()):
		return nil, errors.New("http1: the request's URL has a control character")
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "POST %s HTTP/1.1\r\nHost: %s\r\n", u.RequestURI(), HostOf(u))
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if !httpguts.ValidHeaderFieldName(name) {
			return nil, fmt.Errorf("http1: invalid header name %q", name)
		}
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer": // the request itself decides
			continue
		}
		for _, value := range header[name] {
			if !httpguts.ValidHeaderFieldValue(value) {
				return nil, fmt.Errorf("http1: invalid value of header %q: it has a control character", name)
			}
			fmt.Fprintf(&head, "%s: %s\r\n", name, value)
		}
	}
	head.WriteString("Content-Length: ")
	to := Address(u)
	return &Target{address: to, secure: u.Scheme == "https", key: to + owner, head: head.Bytes()}, nil
}

var errNoHost = errors.New("http1: no Host in the request's URL")

// ports are those of URLs that name none.
var ports = map[string]string{"http": "80", "https": "443"}

// Address returns what to dial for a URL of http or https.
func Address(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), ports[u.Scheme])
}

// appendHead appends all that precedes a body of so many bytes.
func (t *Target) appendHead(dst, header []byte, length int) []byte {
	dst = strconv.AppendInt(append(dst, t.head...), int64(length), 10)
	dst = append(dst, "\r\n"...)
	dst = append(dst, header...)
	return append(dst, "\r\n"...)
}

// HostOf returns host[:port] of a URL without the zone of an IPv6 address, which means something on
// this machine only.
func HostOf(u *url.URL) string {
	host := u.Host
	zone, end := strings.IndexByte(host, '%'), strings.IndexByte(host, ']')
	if host[0] != '[' || zone < 0 || end < zone {
		return host
	}
	return host[:zone] + host[end:]
}

func validHost(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
