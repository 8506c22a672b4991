package bus

import (
	"reflect"
	"testing"
	"time"

	"hookline/mapper"
)

func message(parts mapper.Parts) Message {
	return Message{
		Webhook: "hookline.webhook/7", Version: "0123456789abcdef", Seen: 1<<32 - 1,
		Event: mapper.NewEvent(parts),
	}
}

func fullParts() mapper.Parts {
	return mapper.Parts{
		ID: "evt_01234567_00000000019512c8_0_1p", Object: "person", Action: mapper.Updated,
		Workspace: "w", Record: 1<<64 - 1, Former: 3, Time: time.UnixMicro(1_700_000_000_123_456),
		Position: 7<<24 | 1, ObjectID: "o", Member: "m", Updated: []string{"name", ""},
		Data: []byte(`{"name":"Ada <&>  "}`), Previous: []byte(`{}`), Key: []byte(`{"id":1}`),
		PreviousKey: []byte(`{"id":2}`), Context: []byte(`{"by":"x"}`),
	}
}

func TestMessage(t *testing.T) {
	empty := mapper.Parts{ID: "evt_1", Object: "o", Data: []byte("null"), Updated: []string{}}
	for _, parts := range []mapper.Parts{fullParts(), empty} {
		for _, form := range []mapper.Format{mapper.FormatEvent, mapper.FormatTwenty} {
			parts.Format = form
			m := message(parts)
			got, err := decode(m.encode(nil))
			if err != nil {
				t.Fatal(err)
			}
			want := m.Event.Parts()
			if have := got.Event.Parts(); !reflect.DeepEqual(have, want) {
				t.Errorf("decoded %+v\nwant %+v", have, want)
			}
			if got.Event = m.Event; got != m {
				t.Errorf("decoded %+v, want %+v", got, m)
			}
		}
	}
}

// Each message that is cut short is refused.
func TestMessageCut(t *testing.T) {
	m := message(fullParts())
	whole := m.encode(nil)
	for n := range whole {
		if _, err := decode(whole[:n]); err == nil {
			t.Fatalf("%d of %d bytes were taken", n, len(whole))
		}
	}
	if _, err := decode(append(whole, 0)); err == nil {
		t.Error("a byte behind it was taken")
	}
}

func FuzzMessage(f *testing.F) {
	m := message(fullParts())
	f.Add(m.encode(nil))
	f.Fuzz(func(t *testing.T, src []byte) {
		m, err := decode(src)
		if err != nil {
			return
		}
		again, err := decode(m.encode(nil))
		if err != nil || again.Event.ID != m.Event.ID || again.Webhook != m.Webhook {
			t.Errorf("%q became %q: %v", src, m.encode(nil), err)
		}
	})
}

// The partition of a webhook is for life: it is FNV-1a, as others compute it.
func TestPartitionOf(t *testing.T) {
	for key, want := range map[string]int{"": 5, "a": 12, "foobar": 8} {
		// FNV-1a of 32 bits: 811c9dc5, e40c292c, bf9cf968
		if got := PartitionOf(key, 32); got != want {
			t.Errorf("PartitionOf(%q, 32) = %d, want %d", key, got, want)
		}
	}
}
