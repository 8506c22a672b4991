package http1

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// writers has room for the head and the body of most requests, which so leave in one packet or system call.
var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 8<<10) }}

// write writes a request that was checked.
func write(to io.Writer, req *http.Request) error {
	w := writers.Get().(*bufio.Writer)
	w.Reset(to)
	defer func() {
		w.Reset(nil)
		writers.Put(w)
	}()
	writeHead(w, req)
	if req.Body != nil && req.Body != http.NoBody {
		n, err := io.Copy(w, io.LimitReader(req.Body, req.ContentLength))
		if err != nil {
			return err
		}
		if n < req.ContentLength {
			return fmt.Errorf("http1: the request's body has %d bytes, its ContentLength is %d", n, req.ContentLength)
		}
		if n, _ := req.Body.Read(make([]byte, 1)); n > 0 {
			return fmt.Errorf("http1: the request's body is longer than its ContentLength of %d", req.ContentLength)
		}
	}
	return w.Flush()
}

// writeHead writes all that precedes the body. What goes wrong, Flush will tell.
func writeHead(w *bufio.Writer, req *http.Request) {
	put := func(parts ...string) {
		for _, part := range parts {
			_, _ = w.WriteString(part)
		}
	}
	put(cmp.Or(req.Method, http.MethodGet), " ", req.URL.RequestURI(), " HTTP/1.1\r\nHost: ", withoutZone(cmp.Or(req.Host, req.URL.Host)), "\r\n")
	switch req.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		put("Content-Length: ", strconv.FormatInt(req.ContentLength, 10), "\r\n")
	default:
		if req.ContentLength > 0 {
			put("Content-Length: ", strconv.FormatInt(req.ContentLength, 10), "\r\n")
		}
	}
	if req.Close {
		put("Connection: close\r\n")
	}
	for name, values := range req.Header {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer": // the request's own fields decide
			continue
		}
		for _, value := range values {
			put(name, ": ", value, "\r\n")
		}
	}
	put("\r\n")
}

// withoutZone returns host[:port] without the zone of an IPv6 address, which means something on this machine only.
func withoutZone(host string) string {
	zone, end := strings.IndexByte(host, '%'), strings.IndexByte(host, ']')
	if host[0] != '[' || zone < 0 || end < zone {
		return host
	}
	return host[:zone] + host[end:]
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

func validHost(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// validToken reports whether s can be a method or the name of a header.
//
// https://www.rfc-editor.org/rfc/rfc9110.html#name-tokens
func validToken(s string) bool {
	for i := range len(s) {
		if !token[s[i]] {
			return false
		}
	}
	return s != ""
}

var token = func() (is [256]bool) {
	for c := byte('!'); c <= '~'; c++ {
		is[c] = strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) < 0
	}
	return is
}()

// validValue reports whether s can be the value of a header: with a line break it would be more than that.
func validValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
