package scale

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/natstest"
)

// A process without a bus is killed, and reader and senders take its place. What it had put into
// the spool ahead of its checkpoint, Postgres brings again: it is not published, whether it waits
// there or was delivered.
func TestOntoBusAfterAKill(t *testing.T) {
	t.Parallel()
	const events = 4
	for name, delivered := range map[string]bool{"waits": false, "delivered": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGround(t, "", 2)
			alone := append(g.settings, "HOOKLINE_HOLD_MAX=100ms",
				"HOOKLINE_RETRY_SCHEDULE=500ms"+strings.Repeat(",500ms", 500))
			held, parked := g.boxes[0], g.boxes[1]
			held.CloseAfter(0)
			parked.Answers(e2e.Always(http.StatusServiceUnavailable))
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
			sut := e2e.Start(t, g.db, alone...).Until("active")
			g.db.OneByOne("parked", events)
			held.UntilHeld(events) // so no checkpoint passes any of it
			inSpool(events)
			if delivered {
				parked.Answers(nil)
				inSpool(0)
			}
			sut.Kill()
			parked.Answers(nil)

			nats := natstest.Start(t, natstest.Options(t.TempDir()))
			g.settings = append(alone, "HOOKLINE_NATS_URL="+nats.ClientURL())
			held.OpenGate()
			reader, sender := g.start("reader").Until("active"), g.start("sender").Until("active")
			g.db.OneByOne("later", events)
			g.arrived(reader, sender) // nothing twice: of the other webhook nothing was accepted
		})
	}
}
