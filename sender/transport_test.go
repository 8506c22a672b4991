package sender

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"hookline/webhook"
)

// Over all owners, no more connections are kept for later than there may be attempts at once.
func TestConnectionsOfManyOwners(t *testing.T) {
	const most, owners = 3, 12
	states := make(chan http.ConnState, 10*owners)
	server := httptest.NewUnstartedServer(recording(t, nil, nil))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) { states <- state }
	server.StartTLS()
	t.Cleanup(server.Close)
	s := newSender(t, Config{MaxRequests: most})
	s.trust(server.Certificate())
	for i := range owners {
		to := subscription(fmt.Sprint(i), server.URL)
		to.Secret = webhook.Secret(fmt.Sprint("secret of ", i))
		if v, _ := s.once(newEvent(1, 1), to, 1, nil); v.Outcome != Delivered {
			t.Fatal(v)
		}
	}
	for closed := 0; closed < owners-most-1; {
		if await(t, states, "connection that is closed") == http.StateClosed {
			closed++
		}
	}
}
