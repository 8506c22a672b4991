package admin

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a net.Listener of connections in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// A body that does not come in time ends its request; one that has come does not, however long the
// answer takes.
func TestBodyComesInTime(t *testing.T) {
	for name, test := range map[string]struct {
		body, want string
	}{
		"whole":       {"0123456789", "200"},
		"never whole": {"01234", "408"},
	} {
		synctest.Test(t, func(t *testing.T) {
			listener := make(pipes, 1)
			server := &http.Server{Handler: inTime(bodyLasts, http.HandlerFunc(
				func(w http.ResponseWriter, r *http.Request) {
					if _, err := io.ReadAll(r.Body); err != nil {
						w.WriteHeader(http.StatusRequestTimeout)
						return
					}
					select {
					case <-r.Context().Done():
						w.WriteHeader(http.StatusInternalServerError)
					case <-time.After(3 * bodyLasts):
					}
				}))}
			go func() { _ = server.Serve(listener) }()
			there, here := net.Pipe()
			listener <- there
			began := time.Now()
			go func() {
				const head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
				_, _ = io.WriteString(here, head+test.body)
			}()
			answer, err := http.ReadResponse(bufio.NewReader(here), nil)
			if err == nil {
				_ = answer.Body.Close()
			}
			if err != nil || !strings.HasPrefix(answer.Status, test.want) {
				t.Errorf("%s: %v, %v after %s, want %s", name, answer, err, time.Since(began), test.want)
			}
			_ = here.Close()
			_ = server.Close()
		})
	}
}
