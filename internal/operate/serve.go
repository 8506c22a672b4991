package operate

import (
	"log/slog"
	"net/http"
	"sync"

	"hookline/admin"
	"hookline/admin/api"
	"hookline/admin/console"
)

// Serve serves console, API and profiles. Pages and API are made when somebody first asks for
// something: until then they take no memory.
func Serve(cfg admin.Config, b *Backend, log *slog.Logger) (*admin.Server, error) {
	if cfg.Addr == "" {
		return admin.Serve(cfg, nil, admin.Site{}, log)
	}
	access := admin.NewAccess(cfg.Token)
	site := onDemand(func() (http.Handler, error) { return newSite(cfg, b, access, log) }, log)
	return admin.Serve(cfg, access, admin.Site{Handler: site, Open: console.Open}, log)
}

// newSite returns what is served beside the profiles.
func newSite(
	cfg admin.Config, b api.Backend, access *admin.Access, log *slog.Logger,
) (http.Handler, error) {
	pages, err := console.New(b, access, cfg.ReadOnly, log)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle("/api/", api.Handler(b, cfg.ReadOnly, log))
	return mux, nil
}

// onDemand returns a handler that is made by the first request, once. Where that fails all of them
// are answered with 500, and the log tells why.
func onDemand(build func() (http.Handler, error), log *slog.Logger) http.Handler {
	made := sync.OnceValue(func() http.Handler {
		h, err := build()
		if err != nil {
			log.Error("the console cannot be served", "error", err)
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "the console cannot be served; the log tells why",
					http.StatusInternalServerError)
			})
		}
		return h
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { made().ServeHTTP(w, r) })
}
