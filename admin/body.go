package admin

import (
	"io"
	"net/http"
	"time"
)

// bodyLasts is how long the body of a request may take to come.
const bodyLasts = 30 * time.Second

// inTime has the body of a request come within a limit, and leaves the answer all its time. Without
// it who sends a byte now and then holds a connection, and what reads from it, for ever.
func inTime(limit time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			connection := http.NewResponseController(w)
			_ = connection.SetReadDeadline(time.Now().Add(limit)) // there is none in some tests
			r.Body = &timedBody{r.Body, connection}
		}
		next.ServeHTTP(w, r)
	})
}

// timedBody takes the deadline of a connection away once it is read: the connection is watched
// further, and the request would end with the deadline.
type timedBody struct {
	io.ReadCloser
	connection *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.connection.SetReadDeadline(time.Time{})
	}
	return n, err
}
