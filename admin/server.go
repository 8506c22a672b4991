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
//
// Every request passes the guard first.
type Server struct {
	listener net.Listener // nil when nothing is served
	server   *http.Server
	end      context.CancelFunc // of the requests in hand
}

// Serve opens cfg.Addr and serves until Close. It returns a Server that serves nothing when cfg wants none, or when an optional address
// cannot be had.
func Serve(cfg Config, log *slog.Logger) (*Server, error) {
	if cfg.Addr == "" {
		return &Server{}, nil
	}
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil && cfg.Optional {
		log.Warn("profiles are not served: set HOOKLINE_ADMIN_ADDR to another address, or to off", "addr", cfg.Addr, "error", err)
		return &Server{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("serve profiles at HOOKLINE_ADMIN_ADDR=%q: %w", cfg.Addr, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "/debug/pprof/  Go's profiles") })
	handleProfiles(mux)

	requests, end := context.WithCancel(context.Background())
	s := &Server{listener: listener, end: end, server: &http.Server{
		Handler:           guard(cfg.Token, mux),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		// No WriteTimeout: a profile takes as long as its request says.
	}}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("profiles are no longer served", "error", err)
		}
	}()
	log.Info("serving profiles", "addr", s.Addr())
	return s, nil
}

// Addr is where it listens, "" when nothing is served.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Close stops serving. A profile in the making ends at once, with what there is; ctx bounds the wait for it.
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
