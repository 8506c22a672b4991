package run

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
)

// process is how the process stands, over all its sessions: as the source of the present one does,
// or in a halt, which is a *cdc.Gap or a *cdc.Blocked. A halt lasts from when it is found until a
// session has come past it, so nothing flickers while the process tries. Safe for concurrent use.
type process struct {
	log *slog.Logger

	mu     sync.Mutex
	source *cdc.Source // of the present session; nil before the first
	state  cdc.State   // of source
	ending bool        // no other session follows
	halt   error       // nil unless there is one
	// What has the server send nothing, in the present session; nil when nothing has.
	held *cdc.Held
	bus  *cdc.Problem // what keeps the bus from taking or bringing deliveries; nil for nothing

	contact func() time.Time // in place of the source's; nil for that
}

func newProcess(log *slog.Logger, registerer prometheus.Registerer) *process {
	p := &process{log: log}
	gauge := func(name, help, label, value string, is func() bool) {
		registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: name, Help: help, ConstLabels: prometheus.Labels{label: value},
		}, func() float64 {
			if is() {
				return 1
			}
			return 0
		}))
	}
	for _, state := range cdc.States {
		gauge("hookline_state", "1 for the state that this process is in: active reads the slot, "+
			"standby waits for it, gap and blocked wait for an operator.",
			"state", state.String(), func() bool { return p.State() == state })
	}
	for _, reason := range cdc.Reasons {
		gauge("hookline_gap", "1 while nothing is delivered because changes were lost, or belong to "+
			"another database.",
			"reason", string(reason), func() bool {
				gap := p.Gap()
				return gap != nil &&
					gap.Reason == reason
			})
	}
	registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hookline_held", Help: "1 while the server sends nothing because it waits for a standby.",
	}, func() float64 {
		if p.Held() != nil {
			return 1
		}
		return 0
	}))
	return p
}

// follow has the process follow the source of a new session, which has yet to acquire its slot.
func (p *process) follow(source *cdc.Source) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.source, p.state, p.held = source, cdc.Connecting, nil
	source.OnState(p.enter)
}

// isHalt reports whether err is, or wraps, what makes a halt.
func isHalt(err error) bool {
	_, gap := errors.AsType[*cdc.Gap](err)
	_, blocked := errors.AsType[*cdc.Blocked](err)
	return gap || blocked
}

// enter takes note of a new state of the source, and of what has brought it there.
func (p *process) enter(state cdc.State, err error) {
	if isHalt(err) {
		p.declare(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state = state; err != nil || state == cdc.Stopped && !p.ending {
		p.state = cdc.Connecting // the session is over; the next one connects anew, or the process ends
	}
	if p.halt == nil || state != cdc.Standby && state != cdc.Active {
		return
	}
	if gap := p.gap(); gap != nil {
		p.log.Info("the gap is over", "reason", gap.Reason, "state", state)
	} else {
		p.log.Info("nothing is in the way of the stream any more", "state", state)
	}
	p.halt = nil
}

// end takes note that the present session is the last one.
func (p *process) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending = true
}

// declare tells of a halt: aloud when it is news, otherwise it only stays.
func (p *process) declare(halt error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.gap()
	if gap, ok := errors.AsType[*cdc.Gap](halt); ok {
		if before == nil || before.Reason != gap.Reason {
			p.log.Error("gap: nothing is delivered until an operator has seen to it", "reason", gap.Reason,
				"what", gap.What, "to_mend_it", gap.Hint)
		}
		p.halt = gap
	} else if blocked, ok := errors.AsType[*cdc.Blocked](halt); ok {
		if p.blocked() == nil {
			p.log.Error("blocked: the slot is not read until an operator has seen to it", "what",
				blocked.What, "to_mend_it", blocked.Hint)
		}
		p.halt = blocked
	}
}

func (p *process) halted() bool { return p.Gap() != nil || p.Blocked() != nil }

// gap is Gap while the lock is held.
func (p *process) gap() *cdc.Gap {
	gap, _ := errors.AsType[*cdc.Gap](p.halt)
	return gap
}

// blocked is Blocked while the lock is held.
func (p *process) blocked() *cdc.Blocked {
	blocked, _ := errors.AsType[*cdc.Blocked](p.halt)
	return blocked
}

// Gap returns the gap that the process is in, or nil.
func (p *process) Gap() *cdc.Gap {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gap()
}

// Blocked returns what is in the way of the stream though nothing is lost, or nil.
func (p *process) Blocked() *cdc.Blocked {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blocked()
}

// hold takes note of what has the server send nothing, nil when nothing has. It tells when that
// begins and ends.
func (p *process) hold(held *cdc.Held) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case held != nil && p.held == nil:
		p.log.Error("held: the server sends nothing until an operator has seen to it", "what", held.What,
			"to_mend_it", held.Hint)
	case held == nil && p.held != nil:
		p.log.Info("the server sends again what is committed")
	}
	p.held = held
}

// Held returns what has the server send nothing though the slot is read, or nil.
func (p *process) Held() *cdc.Held {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

func (p *process) State() cdc.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.gap() != nil:
		return cdc.InGap
	case p.blocked() != nil:
		return cdc.StateBlocked
	}
	return p.state
}

// tellBus takes note of what keeps the bus from taking or bringing deliveries, nil when nothing
// does.
func (p *process) tellBus(problem *cdc.Problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bus = problem
}

// Bus returns what keeps the bus from taking or bringing deliveries, or nil.
func (p *process) Bus() *cdc.Problem {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bus
}

// LastContact is when the present session's source last heard of the server.
func (p *process) LastContact() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.contact != nil {
		return p.contact()
	}
	if p.source == nil {
		return time.Time{}
	}
	return p.source.LastContact()
}
