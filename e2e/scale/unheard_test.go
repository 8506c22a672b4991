package scale

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"hookline/e2e"
	"hookline/internal/natstest"
)

// A sender is killed whose acknowledgements reached nobody, as they do while a consumer has no
// leader. What it had put into the spool is there, and in the stream: it comes once, whether it
// waits there or was delivered.
func TestKilledUnheard(t *testing.T) {
	t.Parallel()
	const parked, later = 4, 20
	for name, delivered := range map[string]bool{"waits": false, "delivered": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nats := natstest.Start(t, natstest.Options(t.TempDir()))
			link := newLink(t, nats.Addr().String())
			g := newGround(t, nats.ClientURL(), 2)
			g.settings = append(g.settings, "HOOKLINE_HOLD_MAX=100ms",
				"HOOKLINE_RETRY_SCHEDULE=500ms"+strings.Repeat(",500ms", 500))
			inSpool := func(want int) {
				t.Helper()
				e2e.Eventually(t, func() error {
					const sql = `SELECT count(*) FROM hookline.delivery`
					if n := e2e.Value[int](g.db, sql); n != want {
						return fmt.Errorf("%d deliveries are in the spool, want %d", n, want)
					}
					return nil
				})
			}
			reader := g.start("reader").Until("active")
			sender := g.start("sender", "HOOKLINE_NATS_URL=nats://"+link.address)
			holds(t, partitions, sender)
			for _, box := range g.boxes {
				box.Answers(e2e.Always(http.StatusServiceUnavailable))
			}
			link.deaf.Store(true)
			g.unpacked(reader, "parked", parked) // so few that the receiver does not count as failing
			inSpool(2 * parked)
			if delivered {
				for _, box := range g.boxes {
					box.Answers(nil)
				}
				inSpool(0)
			}
			sender.Kill()
			for _, box := range g.boxes {
				box.Answers(nil)
			}
			if left := messages(t, nats.ClientURL()); left != 2*parked {
				t.Errorf("%d deliveries are in the stream, want %d", left, 2*parked)
			}

			sender = g.start("sender")
			e2e.Eventually(t, func() error {
				if n := messages(t, nats.ClientURL()); n > 0 {
					return fmt.Errorf("%d deliveries are in the stream", n)
				}
				return nil
			})
			g.db.OneByOne("later", later)
			for _, box := range g.boxes {
				box.UntilAccepted(parked + later)
			}
			g.arrived(sender, reader) // nothing twice
		})
	}
}

// messages is how many are in the stream that have deliveries.
func messages(t *testing.T, url string) int {
	t.Helper()
	stream, err := natstest.Client(t, url).Stream(t.Context(), streamName)
	if err != nil {
		t.Fatal(err)
	}
	const own = 2                                    // position and mark
	return int(stream.CachedInfo().State.Msgs) - own //nolint:gosec // few
}

// link carries what clients say to a NATS server, and back. While it is deaf, what they acknowledge
// gets lost.
type link struct {
	address string
	deaf    atomic.Bool
}

func newLink(t *testing.T, server string) *link {
	t.Helper()
	l := &link{}
	l.address = relay(t, server, func(client, there net.Conn) {
		go func() {
			defer client.Close()
			defer there.Close()
			_, _ = io.Copy(client, there)
		}()
		go func() {
			defer client.Close()
			defer there.Close()
			_ = l.carry(there, bufio.NewReader(client))
		}()
	})
	return l
}

// carry passes on one protocol message after the other: a line, and behind one that publishes, the
// bytes that it tells of.
func (l *link) carry(to io.Writer, from *bufio.Reader) error {
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			return err
		}
		words := strings.Fields(line)
		var data []byte
		if len(words) == 0 {
			return errors.New("it says nothing")
		}
		if words[0] == "PUB" || words[0] == "HPUB" {
			n, err := strconv.Atoi(words[len(words)-1])
			if err != nil {
				return err
			}
			data = make([]byte, n+len("\r\n"))
			if _, err := io.ReadFull(from, data); err != nil {
				return err
			}
			if l.deaf.Load() && strings.HasPrefix(words[1], "$JS.ACK.") {
				continue
			}
		}
		if _, err := to.Write(append([]byte(line), data...)); err != nil {
			return err
		}
	}
}
