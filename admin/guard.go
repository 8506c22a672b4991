package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
)

// guard lets a request through to next if it comes from an operator, not from a page of another site in the operator's browser. Even a
// GET of such a page would do harm, though the page cannot read the answer: a profile costs time.
//
// With a token, the request must have it. Without one the listener is on loopback, and whoever is on the machine may ask; then the name
// that was asked must be loopback too: a foreign name that was made to resolve to 127.0.0.1 (DNS rebinding) would count as the same site.
func guard(token Token, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !sameSite(r):
			refuse(w, 403, "refused: the request comes from a page of another site; type the address instead of following a link")
		case token == "" && !Loopback(r.Host):
			refuse(w, 403, "refused: without HOOKLINE_ADMIN_TOKEN this has to be asked by the name localhost or a loopback address")
		case token != "" && !bears(r, want):
			w.Header().Add("WWW-Authenticate", `Basic realm="hookline", charset="UTF-8"`)
			w.Header().Add("WWW-Authenticate", `Bearer realm="hookline"`)
			refuse(w, 401, "send HOOKLINE_ADMIN_TOKEN: in the header Authorization: Bearer <token>, or as the password of HTTP Basic, with any name")
		default:
			w.Header().Set("Cache-Control", "no-store")
			next.ServeHTTP(w, r)
		}
	})
}

// sameSite tells whether no other site has a hand in the request. Browsers say so in Sec-Fetch-Site, older ones only in Origin, and only
// of some requests; other clients send neither.
func sameSite(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin" || site == "none"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == r.Host
}

// bears tells whether the request has the token of this hash. Hashes are compared, in constant time, so that neither the token nor its
// length can be told from how long it takes.
func bears(r *http.Request, want [sha256.Size]byte) bool {
	_, got, basic := r.BasicAuth()
	if !basic {
		scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return false
		}
		got = strings.TrimSpace(credentials)
	}
	hash := sha256.Sum256([]byte(got))
	return subtle.ConstantTimeCompare(hash[:], want[:]) == 1
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("X-Go-Pprof", "1") // has go tool pprof show the text
	http.Error(w, text, status)
}
