// Package console serves to people what the API serves to programs: pages that are made here,
// whole, and work without scripts. Scripts keep
// them up to date.
package console

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"

	"hookline/admin"
	"hookline/admin/api"
)

//go:embed pages static
var files embed.FS

// Open are the paths that need no token.
var Open = []string{"/login", "/static/", "/favicon.ico"}

// most is how long a form may be: it may have certificates and a key in it, of webhook.MostPEM
// each.
const most = 1 << 20

// Console is an http.Handler of all paths but those of the API.
type Console struct {
	backend  api.Backend
	access   *admin.Access
	readOnly bool
	log      *slog.Logger
	pages    map[string]*template.Template
	mux      *http.ServeMux
}

// New returns the console of a backend. It asks access about who logs in, and nothing else: that
// nobody else gets here is its caller's to
// see to.
func New(b api.Backend, access *admin.Access, readOnly bool, log *slog.Logger) (*Console, error) {
	c := &Console{
		backend:  b,
		access:   access,
		readOnly: readOnly,
		log:      log,
		pages:    map[string]*template.Template{},
		mux:      http.NewServeMux(),
	}
	if err := c.parse(); err != nil {
		return nil, fmt.Errorf("pages of the console: %w", err)
	}
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, fmt.Errorf("files of the console: %w", err)
	}
	c.mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	c.mux.Handle("GET /favicon.ico", http.RedirectHandler("/static/icon.svg",
		http.StatusMovedPermanently))
	c.routes()
	return c, nil
}

func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.ServeHTTP(w, r) }

// parse makes a template of each page: the layout, the parts and the page's own.
func (c *Console) parse() error {
	shared, err := template.New("").
		Funcs(helpers).
		ParseFS(files, "pages/layout.html", "pages/parts.html")
	if err != nil {
		return err
	}
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		return err
	}
	for _, name := range names {
		page, err := shared.Clone()
		if err == nil {
			_, err = page.ParseFS(files, name)
		}
		if err != nil {
			return err
		}
		c.pages[strings.TrimSuffix(path.Base(name), ".html")] = page
	}
	return nil
}

// view is what a page is made of.
type view struct {
	Title    string
	At       string // the entry of the navigation that it belongs to
	Open     bool   // nobody has to log in
	ReadOnly bool
	Data     any
}

// show answers with a page.
func (c *Console) show(w http.ResponseWriter, status int, page string, v view) {
	v.Open, v.ReadOnly = c.access.Open(), c.readOnly
	c.render(w, status, page, "layout", v)
}

// render answers with a template of a page.
func (c *Console) render(w http.ResponseWriter, status int, page, name string, data any) {
	var text bytes.Buffer // so that a page that cannot be made is no half of one
	if err := c.pages[page].ExecuteTemplate(&text, name, data); err != nil {
		c.log.Error("a page of the console cannot be made", "page", page, "error", err)
		http.Error(w, "this page cannot be made; the log tells why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = text.WriteTo(w) // to who has gone
}

// fail answers with a page that tells of an error.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, text := api.Status(err)
	if status == http.StatusServiceUnavailable && r.Context().Err() == nil {
		c.log.Warn("a question of an operator cannot be answered", "error", err)
	}
	if r.Header.Get("HX-Request") != "" {
		// others are not shown
		c.render(w, http.StatusOK, "error", "notice", notice{Bad: true, Text: text})
		return
	}
	c.show(w, status, "error", view{Title: "That did not work", Data: text})
}

// notice is a message in the place of a part of a page.
type notice struct {
	Bad  bool
	Text string
}

// look handles a page that shows what f returns.
func look[T any](
	c *Console,
	pattern, page, title, at string,
	f func(ctx context.Context, r *http.Request) (T, error),
) {
	c.mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) {
		data, err := f(r.Context(), r)
		if err != nil {
			c.fail(w, r, err)
			return
		}
		c.show(w, http.StatusOK, page, view{Title: title, At: at, Data: data})
	})
}

// part handles a piece of a page, which scripts ask for.
func part[T any](
	c *Console,
	pattern, page, name string,
	f func(ctx context.Context, r *http.Request) (T, error),
) {
	c.mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) {
		data, err := f(r.Context(), r)
		if err != nil {
			c.fail(w, r, err)
			return
		}
		c.render(w, http.StatusOK, page, name, data)
	})
}

// change handles a form that changes something.
func (c *Console) change(pattern string, f func(w http.ResponseWriter, r *http.Request) error) {
	c.mux.HandleFunc("POST "+pattern, func(w http.ResponseWriter, r *http.Request) {
		err := c.form(w, r)
		if err == nil && c.readOnly {
			err = api.Refused{Why: api.ReadOnly}
		}
		if err == nil {
			err = f(w, r)
		}
		if err != nil {
			c.fail(w, r, err)
		}
	})
}

func (c *Console) form(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, most)
	if err := r.ParseForm(); err != nil {
		return api.Wrong{Why: "this is not the form: " + err.Error()}
	}
	return nil
}

// login begins and ends sessions.
func (c *Console) login() {
	type data struct{ Next, Error string }
	page := func(w http.ResponseWriter, status int, d data) {
		c.show(w, status, "login", view{Title: "Log in", Data: d})
	}
	c.mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		page(w, http.StatusOK, data{Next: local(r.URL.Query().Get("next"))})
	})
	c.mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if err := c.form(w, r); err != nil {
			c.fail(w, r, err)
			return
		}
		next := local(r.PostForm.Get("next"))
		if !c.access.Open() {
			if err := c.access.Enter(w, r, strings.TrimSpace(r.PostForm.Get("token"))); err != nil {
				status := http.StatusUnauthorized
				if errors.Is(err, admin.ErrTooManyTries) {
					status = http.StatusTooManyRequests
				}
				c.log.Warn("somebody could not log in to the console", "from", r.RemoteAddr, "error", err)
				page(w, status, data{Next: next, Error: err.Error()})
				return
			}
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
	})
	c.mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		c.access.Leave(w, r)
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	})
}

// local returns where to go on if that is a path of this site, and the first page otherwise.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") ||
		strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
