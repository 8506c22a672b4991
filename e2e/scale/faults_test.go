package scale

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats-server/v2/server"

	"hookline/e2e"
	"hookline/internal/natstest"
)

// untilReady waits until /readyz answers with a text in it.
func untilReady(t *testing.T, p *e2e.Process, text string) {
	t.Helper()
	e2e.Eventually(t, func() error {
		if got := p.Get("/readyz"); !strings.Contains(got, text) {
			return fmt.Errorf("/readyz answers %q, want %q in it", got, text)
		}
		return nil
	})
}

// says runs a command, and checks what it prints.
func (g *ground) says(code int, text string, args ...string) {
	g.t.Helper()
	p := e2e.Run(g.t, g.db.Env(g.settings...), args...)
	if got := p.Wait(); got != code {
		g.t.Errorf("%v ends with %d, want %d", args, got, code)
	}
	if out := p.Out.String() + p.Log.String(); !strings.Contains(out, text) {
		g.t.Errorf("%v says %q, want %q in it", args, out, text)
	}
}

// While the bus is away the slot waits, and all say so; it goes on by itself. A stream that is
// removed is a gap, which an operator accepts; and once the bus is left, one process does all.
func TestFaults(t *testing.T) {
	t.Parallel()
	options := natstest.Options(t.TempDir())
	options.Port = natstest.FreePort(t)
	nats, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	g := newGround(t, fmt.Sprintf("nats://127.0.0.1:%d", options.Port), 2)
	reader, sender := g.start("reader"), g.start("sender")
	untilReady(t, reader, "503 bus")
	untilReady(t, sender, "503 bus")
	for _, command := range []string{"doctor", "status"} {
		g.says(3, "the bus is away", command)
		g.says(3, "nothing new is delivered meanwhile, and nothing is lost", command)
	}
	nats.Start()
	t.Cleanup(func() { nats.Shutdown(); nats.WaitForShutdown() })
	reader.Until("active")
	sender.Until("active")
	e2e.Eventually(t, func() error {
		if n := sender.Metric(held); n != 8 {
			return fmt.Errorf("%v partitions are held", n)
		}
		return nil
	})
	g.says(0, "8 partitions at 1 sender, 1 replica", "status")
	g.says(0, "one replica", "doctor")

	// A webhook that is made in a transaction hears of what that does next.
	late := e2e.NewInbox(t)
	g.db.Transaction(func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO webhooks (url, secret, operations)
			VALUES ($1, $2, '{*.*}')`, late.URL(), late.Secret)
		if err == nil {
			_, err = tx.Exec(t.Context(), `INSERT INTO contacts (id) VALUES ('after')`)
		}
		return err
	})
	g.boxes = append(g.boxes, late)
	for _, box := range g.boxes {
		e2e.Eventually(t, box.Gets(g.db.Diary()...).Missing)
	}

	js := natstest.Client(t, nats.ClientURL())
	e2e.Eventually(t, func() error {
		s, err := js.Stream(t.Context(), "hookline-hookline")
		if err == nil && s.CachedInfo().State.Msgs > 2 { // position and mark
			err = fmt.Errorf("%d messages are left", s.CachedInfo().State.Msgs)
		}
		return err
	})
	if err := js.DeleteStream(t.Context(), "hookline-hookline"); err != nil {
		t.Fatal(err)
	}
	untilReady(t, reader, "503 gap (bus_lost)") // also while nothing is committed
	g.db.OneByOne("lost", 1)                    // nothing is lost of it: it is in the slot
	g.says(3, "gap (bus_lost)", "status")
	g.says(0, "what was in the bus is not delivered", "setup", "--accept-gap")
	reader.Until("active")
	for _, box := range g.boxes {
		e2e.Eventually(t, box.Gets(g.db.Diary()...).Missing)
	}

	// Somebody empties it. Its writer knows, as its own last message is gone, too.
	e2e.Eventually(t, func() error {
		if e2e.Value[int64](g.db, "SELECT last FROM hookline.bus") == 0 {
			return errors.New("how far the stream has come was not noted yet")
		}
		return nil
	})
	emptied, err := js.Stream(t.Context(), "hookline-hookline")
	if err == nil {
		err = emptied.Purge(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	untilReady(t, reader, "503 gap (bus_lost)")
	g.db.OneByOne("kept", 1)
	g.says(3, "stream hookline-hookline was emptied", "status")
	g.says(0, "what was in the bus is not delivered", "setup", "--accept-gap")
	reader.Until("active")
	g.db.OneByOne("later", 1)
	for _, box := range g.boxes {
		e2e.Eventually(t, box.Gets(g.db.Diary()...).Missing)
	}
	g.says(1, "a process reads slot", "setup", "--leave-bus")
	reader.Stop()

	alone := e2e.Start(t, g.db)
	untilReady(t, alone, "503 blocked")
	alone.Stop()
	e2e.Eventually(t, func() error {
		p := e2e.Run(t, g.db.Env(g.settings...), "status", "--json")
		if !strings.Contains(p.Out.String(), `"messages": 0`) {
			return fmt.Errorf("status says %s", p.Out.String())
		}
		return nil
	})
	sender.Stop()
	g.says(0, "the bus is left", "setup", "--leave-bus")
	alone = e2e.Start(t, g.db).Until("active")
	g.db.OneByOne("alone", 5)
	g.arrived(alone)
}

// A role and the settings have to fit together.
func TestRoles(t *testing.T) {
	t.Parallel()
	g := &ground{t: t, db: &e2e.Database{URL: "postgres://nobody@127.0.0.1:1/none", Name: "x", T: t}}
	g.says(1, "HOOKLINE_NATS_URL, which is not set", "run", "--role", "reader")
	g.settings = []string{"HOOKLINE_NATS_URL=nats://127.0.0.1:1"}
	g.says(1, "want --role reader or --role sender", "run")
	g.says(2, "--role", "run", "--role", "both")
	g.settings = append(g.settings, "HOOKLINE_STATE_DIR=/tmp")
	g.says(1, "HOOKLINE_STATE_DIR is set, to /tmp", "run", "--role", "sender")
}
