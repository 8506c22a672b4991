package bus

import (
	"errors"
	"testing"

	"hookline/cdc"
	"hookline/internal/natstest"
)

// A stream that somebody empties ends its writer with a gap, also where the writer goes on before
// anybody has looked, and its next position is there. What it has written since is kept.
func TestStreamEmptied(t *testing.T) {
	t.Parallel()
	for name, writes := range map[string]bool{"while it writes": true, "while it does not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := natstest.Start(t, natstest.Options(t.TempDir()))
			cfg := config(s.ClientURL())
			b, m := connect(t, cfg), &memory{}
			p := publisher(t, b, m)
			wait(t, send(t, p, "w", rangeOf(0, 3)...))
			stream, err := b.js.Stream(t.Context(), "hookline-crm")
			if err == nil {
				err = stream.Purge(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			if writes {
				wait(t, send(t, p, "w", event(3)))
			}
			<-p.Done()
			if gap, ok := errors.AsType[*cdc.Gap](p.Err()); !ok || gap.Reason != cdc.BusLost {
				t.Fatalf("it ends with %v", p.Err())
			}
			_, _, err = b.MakeStream(t.Context(), m)
			if _, ok := errors.AsType[*cdc.Gap](err); !ok {
				t.Errorf("the next reader finds %v", err)
			}

			// It is accepted. Whoever writes then takes nothing for lost, and finds the next time.
			m.memo.Last = 0
			for n := range 3 {
				p = publisher(t, b, m)
				wait(t, send(t, p, "w", event(10+n)))
				if _, _, err = b.MakeStream(t.Context(), m); err != nil {
					t.Error(err)
				}
				p.Close(t.Context())
			}
			if err := stream.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, _, err = b.MakeStream(t.Context(), m)
			if _, ok := errors.AsType[*cdc.Gap](err); !ok {
				t.Errorf("the next reader finds %v", err)
			}
		})
	}
}
