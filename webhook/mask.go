package webhook

import (
	"net/url"
	"strings"
	"unicode"
)

const masked = "***"

// MaskURL returns a URL as it may be shown: without name and password, without the values of its
// query, and without the parts of its path that may be keys. The addresses of chat services have
// such parts.
func MaskURL(text string) string {
	target, _, err := parseURL(text, true)
	if err != nil {
		return ""
	}
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(u.Scheme + "://")
	if u.User != nil {
		b.WriteString(masked + "@")
	}
	b.WriteString(u.Host)
	for i, part := range strings.Split(u.EscapedPath(), "/") {
		if i > 0 {
			b.WriteByte('/')
		}
		if mayBeKey(part) {
			part = masked
		}
		b.WriteString(part)
	}
	separator := byte('?')
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if pair == "" {
			continue
		}
		b.WriteByte(separator)
		separator = '&'
		name, _, valued := strings.Cut(pair, "=")
		if !valued { // of which nobody knows whether it is a name
			b.WriteString(masked)
			continue
		}
		b.WriteString(name + "=" + masked)
	}
	return b.String()
}

// mayBeKey reports whether a part of a path is long, and has a digit: names of things seldom are.
func mayBeKey(part string) bool {
	return len(part) >= 16 && strings.ContainsFunc(part, unicode.IsDigit)
}
