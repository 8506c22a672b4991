package bus

import (
	"testing"

	"hookline/internal/natstest"
)

// BenchmarkPublish puts deliveries into a stream of one server, beside which it runs.
func BenchmarkPublish(b *testing.B) {
	s := natstest.Start(b, natstest.Options(b.TempDir()))
	cfg := config(s.ClientURL())
	cfg.MaxBytes = 4 << 30
	p := publisher(b, connect(b, cfg), &memory{})
	list := rangeOf(0, b.N)
	b.ResetTimer()
	wait(b, send(b, p, "w", list...))
}
