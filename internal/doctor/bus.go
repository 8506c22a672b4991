package doctor

import (
	"context"
	"fmt"
	"log/slog"

	"hookline/cdc"
	"hookline/internal/bus"
	"hookline/internal/crm"
)

// bus looks how the bus stands, where deliveries go through one.
func (x *checkup) bus(ctx context.Context) ([]cdc.Finding, error) {
	const check = "bus"
	if !x.reachable {
		return nil, nil // what is known of it is there
	}
	if !x.cfg.Bus.On() {
		return nil, crm.LeftBus(ctx, x.store)
	}
	report, err := bus.ReadReport(ctx, x.cfg.Bus, x.store, slog.New(slog.DiscardHandler))
	if bus.IsAway(err) {
		return []cdc.Finding{{
			Level: cdc.Wrong, Check: check, Found: err.Error(),
			Hint: "HOOKLINE_NATS_URL has to lead to NATS servers with JetStream that can be reached " +
				"from here; " + bus.Meanwhile,
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	if report == nil {
		return []cdc.Finding{cdc.OK(check, "reachable; hookline run --role reader makes the stream")}, nil
	}
	found := []cdc.Finding{cdc.OK(check, "%s", report)}
	if report.Replicas == 1 {
		found = append(found, cdc.Finding{
			Level: cdc.Warning, Check: check,
			Found: fmt.Sprintf("stream %s has one replica: a power cut costs what its server has not "+
				"synced yet, by default of the last two minutes", report.Stream),
			Hint: fmt.Sprintf("three servers, and nats stream edit %s --replicas=3 --allow-batch; "+
				"or sync_interval: always in the server's configuration", report.Stream),
		})
	}
	if report.Replicas > 1 && !report.Batches {
		found = append(found, cdc.Finding{
			Level: cdc.Warning, Check: check,
			Found: fmt.Sprintf("stream %s has %d replicas and takes no atomic batches: what is committed "+
				"gets there one by one, some nine times slower", report.Stream, report.Replicas),
			Hint: fmt.Sprintf("nats stream edit %s --allow-batch, with NATS 2.12 or newer", report.Stream),
		})
	}
	for _, p := range report.Problems() {
		found = append(found, p.Finding(check))
	}
	return found, nil
}
