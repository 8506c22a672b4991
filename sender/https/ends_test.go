package https

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Wherever a request is, the end of all requests ends it, and so does its own time. Nothing is left
// of it.
func TestEnds(t *testing.T) {
	why := errors.New("why")
	type stage struct {
		dial   func(ctx context.Context, network, address string) (net.Conn, error)
		handle http.HandlerFunc
	}
	for where, at := range map[string]func(reached chan<- struct{}) stage{
		"dial": func(reached chan<- struct{}) stage {
			return stage{dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				close(reached)
				<-ctx.Done()
				return nil, ctx.Err()
			}}
		},
		"handshake": func(reached chan<- struct{}) stage {
			return stage{dial: func(context.Context, string, string) (net.Conn, error) {
				here, there := net.Pipe()
				go func() {
					_, _ = there.Read(make([]byte, 1))
					close(reached)
					_, _ = io.Copy(io.Discard, there)
				}()
				return here, nil
			}}
		},
		"answer": func(reached chan<- struct{}) stage {
			return stage{handle: func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				close(reached)
				<-r.Context().Done()
			}}
		},
		"body": func(reached chan<- struct{}) stage {
			return stage{handle: func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(w, "text")
				_ = http.NewResponseController(w).Flush()
				close(reached)
				<-r.Context().Done()
			}}
		},
	} {
		for _, http2 := range []bool{false, true} {
			for _, way := range []string{"all", "its time"} {
				t.Run(where+"/"+map[bool]string{false: "HTTP/1.1", true: "HTTP/2"}[http2]+"/"+way,
					func(t *testing.T) {
						reached := make(chan struct{})
						stage := at(reached)
						transport, server := receiverOf(t, Config{Dial: stage.dial},
							func(s *httptest.Server) { s.EnableHTTP2 = http2 }, stage.handle)
						ctx, cancel := context.WithCancelCause(t.Context())
						defer cancel(nil)
						transport = New(ctx, transport.cfg)
						defer transport.CloseIdleConnections()
						deadline, want := time.Now().Add(time.Hour), why
						if way == "its time" {
							deadline, want = time.Now().Add(300*time.Millisecond), context.DeadlineExceeded
						} else {
							go func() { <-reached; cancel(why) }()
						}
						resp, err := transport.Post(deadline, target(t, server.URL, ""), nil, []byte("{}"),
							Terms{})
						if err == nil {
							_, err = io.ReadAll(resp.Body)
							resp.Body.Close()
						}
						if !errors.Is(err, want) {
							t.Errorf("%v, want %v", err, want)
						}
					})
			}
		}
	}
}
