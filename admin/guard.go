package admin

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// guard lets a request through to next if it comes from an operator, not from a page of another
// site in the operator's browser. Even a GET of such a page would do harm, though the page cannot
// read the answer: a profile costs time.
//
// With a token, the request must have it, or belong to a session that was begun with it. Without
// one the listener is on loopback, and whoever is on the machine may ask; then the name that was
// asked must be loopback too: a foreign name that was made to resolve to 127.0.0.1 (DNS rebinding)
// would count as the same site. open are the paths that need no token, beginnings that end in a
// slash.
//
// What is asked within a session ends with it.
func guard(access *Access, open []string, log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protect(w.Header())
		switch {
		case !sameSite(r):
			refuse(w, 403,
				"refused: the request comes from a page of another site; type the address instead of "+
					"following a link")
			return
		case access.Open() && !Loopback(r.Host):
			refuse(w, 403,
				"refused: without HOOKLINE_ADMIN_TOKEN this has to be asked by the name localhost or a "+
					"loopback address")
			return
		case isOpen(open, r.URL.Path):
			next.ServeHTTP(w, r)
			return
		}
		over, err := access.admit(r)
		if err != nil {
			if !errors.Is(err, errNoToken) {
				log.Warn("somebody could not log in to the console", "from", r.RemoteAddr, "error", err)
			}
			if errors.Is(err, ErrTooManyTries) {
				w.Header().Set("Retry-After", "10")
				refuse(w, http.StatusTooManyRequests, err.Error())
				return
			}
			challenge(w, r, len(open) > 0)
			return
		}
		if over != nil {
			ctx, end := context.WithCancel(r.Context())
			defer end()
			defer context.AfterFunc(over, end)()
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

// protect has browsers run nothing that is not served here, whatever gets into a page, and keep
// nothing.
func protect(h http.Header) {
	h.Set("Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func isOpen(open []string, path string) bool {
	for _, o := range open {
		if path == o || strings.HasSuffix(o, "/") && strings.HasPrefix(path, o) {
			return true
		}
	}
	return false
}

// challenge asks for the token: a person who looks at a page by a form, all others by a header.
func challenge(w http.ResponseWriter, r *http.Request, form bool) {
	person := form && !strings.HasPrefix(r.URL.Path, "/debug/") &&
		!strings.HasPrefix(r.URL.Path, "/api/")
	switch {
	case person && r.Header.Get("HX-Request") != "":
		w.Header().Set("HX-Redirect", "/login")
		refuse(w, 401, "the session is over: log in again")
	case person && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html"):
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
	default:
		// not a script, which nobody wants to be asked for
		if mode := r.Header.Get("Sec-Fetch-Mode"); mode == "" || mode == "navigate" {
			w.Header().Add("WWW-Authenticate", `Basic realm="hookline", charset="UTF-8"`)
		}
		w.Header().Add("WWW-Authenticate", `Bearer realm="hookline"`)
		refuse(w, 401,
			"send HOOKLINE_ADMIN_TOKEN: in the header Authorization: Bearer <token>, or as the password "+
				"of HTTP Basic, with any name")
	}
}

// sameSite tells whether no other site has a hand in the request. Browsers say so in
// Sec-Fetch-Site, older ones only in Origin, and only of some requests; other clients send neither.
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

// tokenOf returns the token that a request has, "" for none.
func tokenOf(r *http.Request) string {
	if _, password, basic := r.BasicAuth(); basic {
		return password
	}
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(credentials)
}

// sameHash compares hashes in constant time, so that neither the token nor its length can be told
// from how long it takes.
func sameHash(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("X-Go-Pprof", "1") // has go tool pprof show the text
	http.Error(w, text, status)
}
