package http1

import (
	"bytes"
	"io"
	"net/http"

	"golang.org/x/net/http/httpguts"
)

// noHeader stands for one that was not kept.
var noHeader = http.Header{}

// usual returns the answer that b is, if it is one of the kind that nearly all are: 2xx by
// HTTP/1.1, with a body of told length, all of it there and nothing after it, on a connection that
// stays open. It returns nil for whatever else http.ReadResponse may make of b. The answer holds
// nothing of b, and must not be modified: that of others may be the same.
func usual(b []byte) *http.Response {
	const proto, code = "HTTP/1.1 ", "200"
	line, b, ok := cutLine(b)
	if !ok || len(line) < len(proto+code) || string(line[:len(proto)]) != proto {
		return nil
	}
	reason := line[len(proto+code):]
	line = line[len(proto) : len(proto)+len(code)]
	if line[0] != '2' || digits(line) != len(line) || len(reason) > 0 && reason[0] != ' ' {
		return nil
	}
	status := number(line)
	length := -1
	for line, b, ok = cutLine(b); ok && len(line) > 0; line, b, ok = cutLine(b) {
		name, value, found := bytes.Cut(line, []byte{':'})
		if !found || !isToken(name) {
			return nil
		}
		value = bytes.Trim(value, " \t")
		switch {
		case equalFold(name, "content-length"):
			if length >= 0 || len(value) == 0 || len(value) > 3 || digits(value) != len(value) {
				return nil
			}
			length = number(value)
		case equalFold(name, "connection"):
			if !equalFold(value, "keep-alive") {
				return nil
			}
		case equalFold(name, "transfer-encoding"), equalFold(name, "trailer"):
			return nil
		}
	}
	if status == http.StatusNoContent && length < 0 {
		length = 0
	}
	if !ok || length != len(b) || status == http.StatusNoContent && length > 0 {
		return nil
	}
	if length == 0 {
		return &empty[status-http.StatusOK]
	}
	resp := newUsual(status)
	resp.ContentLength = int64(length)
	resp.Body = io.NopCloser(bytes.NewReader(bytes.Clone(b)))
	return &resp
}

// empty are the answers without a body, by how far their status is above 200.
var empty = func() (list [100]http.Response) {
	for i := range list {
		list[i] = newUsual(http.StatusOK + i)
	}
	return list
}()

func newUsual(status int) http.Response {
	return http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: noHeader,
		Body: http.NoBody,
	}
}

// cutLine returns the line that b begins with, and what follows its CR LF. It is not ok when there
// is none, or it holds another control character than the tab.
func cutLine(b []byte) (line, rest []byte, ok bool) {
	for i, c := range b {
		switch {
		case c >= ' ' && c != 0x7f || c == '\t':
		case c == '\r' && i+1 < len(b) && b[i+1] == '\n':
			return b[:i], b[i+2:], true
		default:
			return nil, nil, false
		}
	}
	return nil, nil, false
}

func isToken(b []byte) bool {
	for _, c := range b {
		if !httpguts.IsTokenRune(rune(c)) {
			return false
		}
	}
	return len(b) > 0
}

// digits returns how many digits b begins with.
func digits(b []byte) int {
	for i, c := range b {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(b)
}

// number returns what the digits in b say.
func number(b []byte) (n int) {
	for _, c := range b {
		n = 10*n + int(c-'0')
	}
	return n
}

// equalFold reports whether b is lower, which is in lower case, whatever the case of b.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
