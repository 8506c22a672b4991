package webhook

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/mapper"
)

// maxGone bounds how many deleted webhooks are remembered, in case they come back.
const maxGone = 4096

// Registry holds the webhooks of a database. Its methods belong to one goroutine, the pump's, but for Find, Moved,
// List and Get.
type Registry struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics

	onChange func(key string)
	summary  string // the last one logged
	snapshot *cdc.Snapshot
	tenants  workspaces // as the sources have them, too
	tenancy  mapper.Tenancy
	stale    bool      // see Stale
	expiry   time.Time // when the first of them expires; zero for never
	index    index
	warned   map[string]bool                          // what has been told once
	left     sync.Map                                 // tables, by cdc.Table, of which it has been told that they are left out
	gone     map[string]*atomic.Pointer[Subscription] // of deleted rows, by key

	// The pump holds mu to write sources and rows, others to read them.
	mu      sync.Mutex
	sources map[cdc.Table]*source
	rows    map[string]*row
}

// row is a row of a webhook table as it was last seen.
type row struct {
	source  *source
	id      string
	values  values // an update may leave some of them unsent
	status  Status
	current *atomic.Pointer[Subscription]
}

// Open returns an empty registry. The error is of the configuration, or of the metrics' registration.
func Open(cfg Config, log *slog.Logger, registerer prometheus.Registerer) (*Registry, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(registerer)
	if err != nil {
		return nil, err
	}
	r := &Registry{
		cfg: cfg, log: log, metrics: m, warned: map[string]bool{}, index: index{tenants: map[string]*tenant{}, matches: matches{}, others: matches{}},
		onChange: func(string) {}, rows: map[string]*row{}, gone: map[string]*atomic.Pointer[Subscription]{},
	}
	if cfg.Profile == profileTwenty {
		r.index.exactOnly = exactOnly
	}
	return r, nil
}

// OnChange has f called with the key of each subscription that changes, comes or goes from now on, when Current tells the new state.
// It is called by the goroutine that calls Load or Observe, and must not call the Registry.
func (r *Registry) OnChange(f func(key string)) { r.onChange = f }

// Load reads all webhooks anew from tx, which sees the given snapshot and has cdc.SessionSettings. The error is a *cdc.Problem when the
// tables are not there, or not fit to be followed; the registry is then as it was before.
func (r *Registry) Load(ctx context.Context, tx pgx.Tx, snapshot *cdc.Snapshot) error {
	sources, tenancy, err := r.find(ctx, tx)
	if err != nil {
		return fmt.Errorf("find webhooks: %w", err)
	}
	var tenants workspaces
	if r.cfg.Profile == profileTwenty {
		if tenants, err = readWorkspaces(ctx, tx); err != nil {
			return fmt.Errorf("read workspaces: %w", err)
		}
	}
	tuples := make([][]cdc.Tuple, len(sources))
	for i, s := range sources {
		if tuples[i], err = s.described.read(ctx, tx); err != nil {
			return fmt.Errorf("read webhooks: %w", err)
		}
	}
	r.snapshot, r.tenants, r.tenancy = snapshot, tenants, tenancy
	r.mu.Lock()
	r.sources = map[cdc.Table]*source{}
	for _, s := range sources {
		r.sources[s.table] = s.source
	}
	r.mu.Unlock()
	seen := map[string]bool{}
	for i, s := range sources {
		s.workspaces = tenants
		r.warn(s.source)
		for _, tuple := range tuples[i] {
			status, _ := r.put(s.source, s.layout.id(tuple), s.values(tuple, unknown))
			seen[status.Key] = true
		}
	}
	for key, w := range r.rows {
		if !seen[key] {
			r.remove(w)
		}
	}
	r.summarize()
	return nil
}

// warn tells once what an operator should know about a whole table.
func (r *Registry) warn(s *source) {
	once := func(message string) {
		if !r.warned[message] {
			r.warned[message] = true
			r.log.Warn(message, "table", s.name())
		}
	}
	if s.has[fieldSecret] == "" {
		once("the table has no column secret, signing_secret or secret_key: its webhooks are sent unsigned")
	}
	if message := "columns of a table of webhooks are not read"; s.kind == generic && s.unread != nil && !r.warned[message] {
		r.warned[message] = true
		r.log.Info(message, "table", s.name(), "columns", s.unread)
	}
	if s.kind == ofTwenty && !s.marked {
		once("Twenty sends to these webhooks too, so their receivers hear of everything twice; " +
			"with HOOKLINE_TWENTY_WEBHOOKS=marked only operations with the prefix hookline: are served")
	}
}

func (r *Registry) summarize() {
	states := map[State]int{}
	for _, w := range r.rows {
		states[w.status.State]++
	}
	tables := []string{}
	for _, t := range r.Tables() {
		tables = append(tables, t.Schema+"."+t.Name)
	}
	level := slog.LevelInfo
	if summary := fmt.Sprint(tables, states); summary == r.summary {
		level = slog.LevelDebug
	} else {
		r.summary = summary
	}
	r.log.Log(context.Background(), level, "webhooks read",
		"tables", tables, "active", states[Active], "skipped", states[Skipped], "disabled", states[Disabled])
}

// Tenancy returns how a generic database's webhooks are kept apart, as of the last Load.
func (r *Registry) Tenancy() mapper.Tenancy { return r.tenancy }

// Unread returns the columns of the CRM's table of webhooks that may mean something, and are not read, as of the last Load.
func (r *Registry) Unread() (columns []string) {
	for _, s := range r.sources {
		if s.kind == generic {
			columns = s.unread
		}
	}
	return columns
}

// Tables returns the tables that webhooks come from, as of the last Load. They have to be published.
func (r *Registry) Tables() []cdc.Table {
	return slices.SortedFunc(maps.Keys(r.sources), func(a, b cdc.Table) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
}

// Observe takes a change of a table of webhooks, unless Load has seen it, and reports whether the change was of such a table. It looks at
// changes of Twenty's workspaces, too, and leaves them to others.
func (r *Registry) Observe(change cdc.Change) bool {
	table := cdc.Table{Schema: change.Relation.Schema, Name: change.Relation.Name}
	s := r.sources[table]
	if s == nil {
		s = r.adopt(change.Relation)
	}
	switch {
	case table == coreWorkspace && r.tenants != nil && !r.snapshot.Covers(change.Tx):
		r.observeWorkspace(change)
		return false
	case s == nil:
		return false
	case r.snapshot.Covers(change.Tx):
		return true
	case change.Kind == cdc.Truncate:
		for _, w := range r.rows {
			if w.source.table == s.table {
				r.remove(w)
			}
		}
		r.log.Info("table of webhooks truncated", "table", s.name())
		return true
	}
	followed := s.relation
	if err := s.follow(change.Relation); err != nil {
		r.log.Error("changes of webhooks are no longer followed, until a restart", "table", s.name(), "error", err)
	}
	if s.layout != nil {
		r.stale = r.stale || followed != s.relation && s.tenant != "" && s.layout.names[fieldWorkspace] == ""
		r.apply(s, change)
	}
	return true
}

// Stale reports, once, that the column that tells tenants apart is not there any more: webhooks keep those that they had, and new ones are
// skipped.
func (r *Registry) Stale() bool {
	stale := r.stale
	r.stale = false
	return stale
}

// observeWorkspace reads the webhooks anew whose workspace has come, gone, or changed sides.
func (r *Registry) observeWorkspace(change cdc.Change) {
	for _, id := range r.tenants.observe(change) {
		for _, w := range r.rows {
			if w.status.Workspace == id {
				r.tell(r.put(w.source, w.id, w.values))
			}
		}
	}
}

func (r *Registry) apply(s *source, change cdc.Change) {
	old := change.Old
	if old == nil { // the key is as it was
		old = change.New
	}
	before, known := r.rows[s.key(s.layout.id(old))], unknown
	if before != nil {
		known = before.values
	}
	if before != nil && (change.New == nil || s.layout.id(change.New) != before.id) {
		r.remove(before)
		r.log.Info("webhook removed", "webhook", before.status.Key, "host", before.status.Host)
	}
	if change.New == nil {
		return
	}
	r.tell(r.put(s, s.layout.id(change.New), s.values(change.New, known)))
}

// tell logs what put has done.
func (r *Registry) tell(status Status, changed bool) {
	if changed {
		r.log.Info("webhook changed", "webhook", status.Key, "host", status.Host, "state", status.State)
	}
}

// put takes a row as it now stands, and reports whether that makes a difference. A mistake in it is logged when it is a new one.
func (r *Registry) put(s *source, id string, v values) (status Status, changed bool) {
	sub, status := s.read(id, v)
	w := r.rows[status.Key]
	if w == nil {
		w = &row{id: id, current: r.gone[status.Key]}
		if w.current == nil {
			w.current = new(atomic.Pointer[Subscription])
		}
		delete(r.gone, status.Key)
	}
	before := w.status
	r.mu.Lock()
	r.rows[status.Key] = w
	w.source, w.values, w.status = s, v, status
	r.mu.Unlock()
	r.await(sub)
	if before.State != "" {
		r.metrics.webhooks[before.State].Dec()
	}
	r.metrics.webhooks[status.State].Inc()
	changed = r.publish(w, sub) || !status.equal(&before)
	if status.Reason != "" && status.State != Disabled && (status.State != before.State || status.Reason != before.Reason) {
		message := "webhook skipped"
		if status.State == Active {
			message = "operations of a webhook left out"
		}
		r.log.Warn(message, "webhook", status.Key, "host", status.Host, "reason", status.Reason)
	}
	return status, changed
}

// remove takes a row that is gone.
func (r *Registry) remove(w *row) {
	r.mu.Lock()
	delete(r.rows, w.status.Key)
	r.mu.Unlock()
	r.metrics.webhooks[w.status.State].Dec()
	r.publish(w, nil)
	if len(r.gone) == maxGone {
		clear(r.gone) // one that comes back after that is another webhook to whatever is still queued
	}
	r.gone[w.status.Key] = w.current
}

// publish makes sub, nil for none, the current version of the row's subscription. A version that differs in nothing keeps its place.
func (r *Registry) publish(w *row, sub *Subscription) (changed bool) {
	before := w.current.Load()
	if before != nil && sub != nil && before.Workspace != sub.Workspace { // what is queued for it is of the workspace that it leaves
		r.publish(w, nil)
		r.mu.Lock()
		w.current, before = new(atomic.Pointer[Subscription]), nil
		r.mu.Unlock()
	}
	if sub != nil {
		sub.current = w.current
	}
	if reflect.DeepEqual(before, sub) {
		return false
	}
	r.index.replace(before, sub)
	w.current.Store(sub)
	r.onChange(w.status.Key)
	return true
}

// Match returns the subscriptions that hear of the event: those that it is for, and that have person.created, person.*, *.created or *.*
// among their operations, each once, ordered by Key. In Twenty's database workflowRun.updated is matched by its full name alone. The result
// is shared and must not be modified.
func (r *Registry) Match(s mapper.Subject) []*Subscription {
	if !r.expiry.IsZero() && !time.Now().Before(r.expiry) {
		r.expire()
	}
	return r.index.match(&s)
}

// expire takes webhooks out whose time is over.
func (r *Registry) expire() {
	r.expiry = time.Time{}
	for _, w := range r.rows {
		if sub := w.current.Load(); sub != nil && !sub.Expires.IsZero() {
			r.tell(r.put(w.source, w.id, w.values))
		}
	}
}

// await has webhooks be looked at when the time of sub is over.
func (r *Registry) await(sub *Subscription) {
	if sub != nil && !sub.Expires.IsZero() && (r.expiry.IsZero() || sub.Expires.Before(r.expiry)) {
		r.expiry = sub.Expires
	}
}

// Get returns the newest version of a subscription, nil when there is none of that key, or it is not served. Safe for concurrent use.
func (r *Registry) Get(key string) *Subscription {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.rows[key]; w != nil {
		if sub := w.current.Load(); sub != nil && !sub.Expired() {
			return sub
		}
	}
	return nil
}

// List returns how every webhook stands, ordered by Key. Safe for concurrent use; the operations must not be modified.
func (r *Registry) List() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]Status, 0, len(r.rows))
	for _, w := range r.rows {
		list = append(list, w.status)
	}
	slices.SortFunc(list, func(a, b Status) int { return cmp.Compare(a.Key, b.Key) })
	return list
}
