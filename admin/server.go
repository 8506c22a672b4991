package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server serves what only operators may see:
//
//	/debug/pprof/  Go's profiles of the process
//	/              the Site, if there is one
//
// Every request passes the guard first.
type Server struct {
	listener net.Listener // nil when nothing is served
	server   *http.Server
	end      context.CancelFunc // of the requests in hand
}

// Site is what is served beside the profiles. The zero Site is none.
type Site struct {
	Handler http.Handler
	// paths that need no token, such as that of the form that asks for it; or beginnings of them that
	// end in a slash
	Open []string
}

// Serve opens cfg.Addr and serves until Close those whom access lets in. It returns a Server that
// serves nothing when cfg wants none, or when an optional address cannot be had.
func Serve(cfg Config, access *Access, site Site, log *slog.Logger) (*Server, error) {
	if cfg.Addr == "" {
		return &Server{}, nil
	}
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil && cfg.Optional {
		log.Warn("the console is not served: set HOOKLINE_ADMIN_ADDR to another address, or to off",
			"addr", cfg.Addr, "error", err)
		return &Server{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("serve the console at HOOKLINE_ADMIN_ADDR=%q: %w", cfg.Addr, err)
	}
	mux := http.NewServeMux()
	if site.Handler != nil {
		mux.Handle("/", site.Handler)
	} else {
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(w, "/debug/pprof/  Go's profiles")
		})
	}
	handleProfiles(mux)

	requests, end := context.WithCancel(context.Background())
	s := &Server{listener: listener, end: end, server: &http.Server{
		Handler:           inTime(bodyLasts, guard(access, site.Open, log, mux)),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		// No WriteTimeout: a profile takes as long as its request says, and a page may listen for hours.
	}}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the console is no longer served", "error", err)
		}
	}()
	log.Info("serving console, API and profiles", "addr", s.Addr())
	return s, nil
}

// Addr is where it listens, "" when nothing is served.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Close stops serving. A profile in the making ends at once, with what there is, and so does
// listening; ctx bounds the wait for it.
func (s *Server) Close(ctx context.Context) error {
	if s.listener == nil {
		return nil
	}
	s.end()
	if err := s.server.Shutdown(ctx); err != nil {
		return errors.Join(err, s.server.Close())
	}
	return nil
}
