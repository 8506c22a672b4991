package operate

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"hookline/admin/api"
	"hookline/cdc"
	"hookline/config"
	"hookline/internal/doctor"
)

// An examination opens connections of its own, and costs as much as some thousand deliveries.
const (
	checkEvery = api.ExamineEvery // the time between two, at least
	lookEvery  = time.Minute      // for who only looks whether all is well, while no problem is known
)

// errChecking says that there is nothing to tell yet.
var errChecking = errors.New("the doctor is still examining")

// lastDiagnosis is the doctor's, made when somebody asks: one at a time, and not each time. Safe
// for concurrent use.
type lastDiagnosis struct {
	mu      sync.Mutex
	running chan struct{} // closed at its end; nil when none runs
	began   time.Time     // the last one
	found   *api.Diagnosis
}

// Diagnosis runs the checks, unless that was done a moment ago, and waits for the result.
func (d *Backend) Diagnosis(ctx context.Context) (api.Diagnosis, error) {
	return d.diagnosis.latest(ctx, d.cfg, checkEvery, math.MaxInt64)
}

// latest has the doctor check unless that was done so short a time ago, waits so long for it, and
// returns what was found last. The error is errChecking when there is nothing yet.
func (e *lastDiagnosis) latest(
	ctx context.Context,
	cfg config.Config,
	every, wait time.Duration,
) (api.Diagnosis, error) {
	e.mu.Lock()
	if e.found != nil && !e.found.Healthy {
		every = checkEvery // it is to be seen soon that it was mended
	}
	if e.running == nil && time.Since(e.began) >= every {
		e.began, e.running = time.Now(), make(chan struct{})
		go e.renew(context.WithoutCancel(ctx), cfg) // others may wait for it, too
	}
	running := e.running
	e.mu.Unlock()
	if running != nil {
		select {
		case <-running:
		case <-time.After(wait):
		case <-ctx.Done():
			return api.Diagnosis{}, ctx.Err()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.found == nil {
		return api.Diagnosis{}, errChecking
	}
	return *e.found, nil
}

func (e *lastDiagnosis) renew(ctx context.Context, cfg config.Config) {
	all, err := doctor.CheckAll(ctx, cfg)
	if err != nil { // beside what was found until then
		all = doctor.Diagnose(append(all.Findings, cdc.Finding{
			Level: cdc.Wrong, Check: "doctor", Found: err.Error(), Hint: "hookline doctor tells more",
		}))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.found = &api.Diagnosis{
		Healthy:  all.Healthy,
		Problems: all.Problems,
		Warnings: all.Warnings,
		Findings: all.Findings,
		Examined: time.Now().UTC(),
	}
	close(e.running)
	e.running = nil
}
