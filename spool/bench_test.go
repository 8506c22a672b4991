package spool_test

import (
	"fmt"
	"strings"
	"testing"

	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/sender"
	"hookline/spool"
)

const (
	batch   = 1000
	bodies  = 1000 // bytes of a record: with its row's other columns, some 1.3 kB on disk
	targets = 50   // webhooks
)

// benchSpool returns a spool on a server that does not wait for the disk.
func benchSpool(b *testing.B) *spool.Spool {
	s, err := spool.Open(b.Context(), spool.Config{
		URL:      postgrestest.NewDatabase(b),
		MaxBytes: 1 << 40,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	if err := s.Migrate(b.Context(), discard); err != nil {
		b.Fatal(err)
	}
	if err := s.Claim(b.Context()); err != nil {
		b.Fatal(err)
	}
	return s
}

// benchBatch returns deliveries of the next events, in turns to all webhooks.
func benchBatch(first int) []sender.Spooled {
	list := make([]sender.Spooled, batch)
	for i := range list {
		p := parts(first + i)
		p.Data = fmt.Appendf(nil, `{"text":"%s"}`, strings.Repeat("x", bodies))
		list[i] = sender.Spooled{
			Webhook: fmt.Sprint("core.webhook/", i%targets),
			Event:   mapper.NewEvent(p),
		}
	}
	return list
}

func perSecond(b *testing.B, rows int) {
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkPark(b *testing.B) {
	s := benchSpool(b)
	n := 0
	for b.Loop() {
		b.StopTimer()
		list := benchBatch(n)
		b.StartTimer()
		if _, err := s.Put(b.Context(), list); err != nil {
			b.Fatal(err)
		}
		n += batch
	}
	perSecond(b, n)
}

// BenchmarkDrain reads pages of a queue and reports them delivered.
func BenchmarkDrain(b *testing.B) {
	s := benchSpool(b)
	n, spooled := 0, 0
	for b.Loop() {
		b.StopTimer()
		list := benchBatch(spooled)
		for i := range list {
			list[i].Webhook = "a"
		}
		if _, err := s.Put(b.Context(), list); err != nil {
			b.Fatal(err)
		}
		spooled += batch
		b.StartTimer()
		page, err := s.Waiting(b.Context(), sender.Page{Webhook: "a", Rows: batch, Bytes: 1 << 30})
		if err != nil {
			b.Fatal(err)
		}
		reports := make([]sender.Report, len(page))
		for i, d := range page {
			reports[i] = sender.Report{Webhook: "a", Event: d.Event.ID, Delivered: true}
		}
		if err := s.Report(b.Context(), reports); err != nil {
			b.Fatal(err)
		}
		n += len(page)
	}
	perSecond(b, n)
}
