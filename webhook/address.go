package webhook

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// parseURL returns the URL to post to, and its host. lenient puts https:// before one that has no
// scheme, as Twenty does. What cannot stand in a request as it is, is escaped as browsers do. Its
// errors do not quote the text, which may hold credentials.
func parseURL(text string, lenient bool) (target, host string, err error) {
	target = strings.TrimSpace(text)
	if target == "" {
		return "", "", errors.New("is empty")
	}
	if scheme, _, found := strings.Cut(target, "://"); lenient &&
		(!found || strings.ContainsAny(scheme, "/?#@")) {
		target = "https://" + target
	}
	target, _, _ = strings.Cut(target, "#") // a fragment is not sent
	target = escapeURL(target)
	u, err := url.Parse(target)
	if err != nil {
		return "", "", faultOf(err)
	}
	switch port, err := strconv.ParseUint(u.Port(), 10, 16); {
	case u.Scheme != "http" && u.Scheme != "https":
		return "", "", errors.New("does not start with http:// or https://")
	case u.Hostname() == "":
		return "", "", errors.New("has no host")
	case u.Port() != "" && (err != nil || port == 0):
		return "", "", errors.New("has a port that is none: want 1 to 65535")
	}
	if _, err := url.PathUnescape(u.RawQuery); err != nil {
		return "", "",
			errors.New("has a % in its query that two hex digits do not follow: a plain % is %25")
	}
	return target, u.Host, nil
}

// faultOf says what is wrong with a URL that cannot be parsed.
func faultOf(err error) error {
	var escape url.EscapeError
	var host url.InvalidHostError
	switch {
	case errors.As(err, &escape):
		return errors.New("is not a URL: it has a % that two hex digits do not follow; a plain % is %25")
	case errors.As(err, &host):
		return errors.New("is not a URL: its host has a character that no host has")
	case strings.Contains(err.Error(), "invalid userinfo"):
		return errors.New("is not a URL: its name or password has a character that must be escaped")
	case strings.Contains(err.Error(), "invalid port"):
		return errors.New("is not a URL: its port is not a number")
	case strings.Contains(err.Error(), "control character"):
		return errors.New("is not a URL: it has a control character")
	}
	return errors.New("is not a URL")
}

// What browsers escape, beside all beyond ASCII, in a path and in a query. They leave | in a path
// alone, and take \ for /: no server must be asked what it makes of those.
//
// https://url.spec.whatwg.org/#percent-encoded-bytes
const (
	escapedInPath  = " \"#<>?^`{}|\\"
	escapedInQuery = " \"#<>'"
)

// escapeURL escapes what needs it in path and query of a URL without a fragment. Control characters
// are left, for url.Parse to refuse.
func escapeURL(text string) string {
	start := strings.Index(text, "://")
	if start < 0 {
		return text
	}
	start += len("://")
	rest, query, asked := strings.Cut(text[start:], "?")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		rest = rest[:i] + escape(rest[i:], escapedInPath)
	}
	if asked {
		rest += "?" + escape(query, escapedInQuery)
	}
	return text[:start] + rest
}

// escape escapes the bytes of text that are among those, or beyond ASCII.
func escape(text, those string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c >= 0x80 || strings.IndexByte(those, c) >= 0 {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
