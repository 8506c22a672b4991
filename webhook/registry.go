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
	"hookline/mapper/tenants"
	"hookline/mapper/twenty"
)

// maxGone bounds how many deleted webhooks are remembered, in case they come back.
const maxGone = 4096

// Registry holds the webhooks of a database. Its methods belong to one goroutine, the pump's, but
// for Find, Moved, List, Get and Known.
type Registry struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics

	onChange func(key string)
	summary  string // the last one logged
	snapshot *cdc.Snapshot
	tenants  twenty.Workspaces // as the sources have them, too
	tenancy  tenants.Tenancy
	stale    bool      // see Stale
	behind   bool      // see Behind
	emptied  []string  // see Emptied
	expiry   time.Time // when the first of them expires; zero for never
	index    index
	warned   map[string]bool // what has been told once
	told     map[string]bool // keys that observeKnown has told since Load
	// tables, by cdc.Table, of which it has been told that they are left out
	left sync.Map
	gone map[string]*atomic.Pointer[Subscription] // of deleted rows, by key

	// The pump holds mu to write sources and rows, others to read them.
	mu     sync.Mutex
	tables map[cdc.Table]*webhookTable
	rows   map[string]*row
}

// row is a row of a webhook table as it was last seen.
type row struct {
	table   *webhookTable
	id      string
	values  values // an update may leave some of them unsent
	status  Status
	current *atomic.Pointer[Subscription]
}

// Open returns an empty registry. The error is of the configuration, or of the metrics'
// registration.
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
		cfg: cfg, log: log, metrics: m, warned: map[string]bool{},
		index:    index{tenants: map[string]*tenant{}, matches: matches{}, others: matches{}},
		onChange: func(string) {}, rows: map[string]*row{},
		gone: map[string]*atomic.Pointer[Subscription]{},
	}
	if cfg.Profile == profileTwenty {
		r.index.exactOnly = twenty.ExactOnly
	}
	return r, nil
}

// OnChange has f called with the key of each subscription that changes, comes or goes from now on,
// when Current tells the new state; of one that was gone when Load has read it, f may be called
// again. It is called by the goroutine that calls Load or Observe, and may call Get and Known of
// the Registry, and nothing else.
func (r *Registry) OnChange(f func(key string)) { r.onChange = f }

// Load reads all webhooks anew from tx, which sees the given snapshot and has pg.SessionSettings.
// The error is a *cdc.Problem when the tables are not there, or not fit to be followed; the
// registry is then as it was before.
func (r *Registry) Load(ctx context.Context, tx pgx.Tx, snapshot *cdc.Snapshot) error {
	sources, tenancy, err := r.find(ctx, tx)
	if err != nil {
		return fmt.Errorf("find webhooks: %w", err)
	}
	var tenants twenty.Workspaces
	if r.cfg.Profile == profileTwenty {
		if tenants, err = twenty.ReadWorkspaces(ctx, tx); err != nil {
			return fmt.Errorf("read workspaces: %w", refused(err, twenty.WorkspaceTable, tx))
		}
	}
	tuples := make([][]cdc.Tuple, len(sources))
	for i, s := range sources {
		if tuples[i], err = s.info.read(ctx, tx); err != nil {
			return fmt.Errorf("read webhooks: %w", err)
		}
	}
	r.snapshot, r.tenants, r.tenancy = snapshot, tenants, tenancy
	r.told = map[string]bool{}
	r.mu.Lock()
	r.tables = map[cdc.Table]*webhookTable{}
	for _, s := range sources {
		r.tables[s.table] = s.webhookTable
	}
	r.mu.Unlock()
	seen := map[string]bool{}
	for i, s := range sources {
		s.workspaces = tenants
		r.warn(s.webhookTable)
		for _, tuple := range tuples[i] {
			status, _ := r.put(s.webhookTable, s.layout.id(tuple), s.values(tuple, unknown))
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
func (r *Registry) warn(s *webhookTable) {
	once := func(message string) {
		if !r.warned[message] {
			r.warned[message] = true
			r.log.Warn(message, "table", s.name())
		}
	}
	if s.has[roleSecret] == "" {
		once(
			"the table has no column secret, signing_secret or secret_key: its webhooks are sent unsigned")
	}
	if message := "columns of a table of webhooks are not read"; s.kind == generic &&
		s.unread != nil &&
		!r.warned[message] {
		r.warned[message] = true
		r.log.Info(message, "table", s.name(), "columns", s.unread)
	}
	if s.kind == ofTwenty && !s.marked {
		once("Twenty sends to these webhooks too, so their receivers hear of everything twice; " +
			"with HOOKLINE_TWENTY_WEBHOOKS=marked only operations with the prefix hookline: are served")
	}
}

func (r *Registry) summarize() {
	states := map[RowState]int{}
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
	r.log.Log(context.Background(), level, "webhooks read", "tables", tables, "active", states[Active],
		"skipped", states[Skipped], "disabled", states[Disabled])
}

// Tenancy returns how a generic database's webhooks are kept apart, as of the last Load.
func (r *Registry) Tenancy() tenants.Tenancy { return r.tenancy }

// Unread returns the columns of the CRM's table of webhooks that may mean something, and are not
// read, as of the last Load.
func (r *Registry) Unread() (columns []string) {
	for _, s := range r.tables {
		if s.kind == generic {
			columns = s.unread
		}
	}
	return columns
}

// Tables returns the tables that webhooks come from, as of the last Load. They have to be
// published.
func (r *Registry) Tables() []cdc.Table {
	return slices.SortedFunc(maps.Keys(r.tables), func(a, b cdc.Table) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
}

// Observe takes a change of a table of webhooks, unless Load has seen it, and reports whether the
// change was of such a table. It looks at changes of Twenty's workspaces, too, and leaves them to
// others.
func (r *Registry) Observe(change cdc.Change) bool {
	table := cdc.Table{Schema: change.Relation.Schema, Name: change.Relation.Name}
	s := r.tables[table]
	if s == nil {
		s = r.adopt(change.Relation)
	}
	switch {
	case table == twenty.WorkspaceTable && r.tenants != nil && !r.snapshot.Covers(change.Tx):
		r.observeWorkspace(change)
		return false
	case s == nil:
		return false
	case r.snapshot.Covers(change.Tx):
		r.observeKnown(s, change)
		return true
	case change.Kind == cdc.Truncate:
		for _, w := range r.rows {
			if w.table.table == s.table {
				r.remove(w)
			}
		}
		r.log.Info("table of webhooks truncated", "table", s.name())
		return true
	}
	if s.generated != nil {
		r.behind = true
		return true
	}
	followed := s.relation
	if err := s.follow(change.Relation); err != nil {
		r.log.Error("changes of webhooks are no longer followed, until a restart", "table", s.name(),
			"error", err)
	}
	if s.layout != nil {
		r.stale = r.stale ||
			followed != s.relation && s.tenant != "" && s.layout.names[roleWorkspace] == ""
		r.apply(s, change)
	}
	return true
}

// observeKnown takes a change that Load has seen already. A webhook that is gone since, or switched
// off, is told once more, and no more often: who was told of it before may have been killed before
// all was done.
func (r *Registry) observeKnown(s *webhookTable, change cdc.Change) {
	if change.Kind == cdc.Truncate {
		if table := s.key(""); !slices.Contains(r.emptied, table) {
			r.emptied = append(r.emptied, table)
		}
		return
	}
	row := change.Old
	if row == nil {
		row = change.New
	}
	l, err := newLayout(change.Relation, s.kind, s.primaryKey, s.tenant)
	if err != nil || row == nil {
		return
	}
	if key := s.key(l.id(row)); !r.told[key] && r.Known(key) == nil {
		r.told[key] = true
		r.onChange(key)
	}
}

// Emptied returns, once, what the keys begin with of the webhooks of tables that had been truncated
// by when Load read them: any of those may be gone, also one of which Load knows nothing.
func (r *Registry) Emptied() (prefixes []string) {
	prefixes, r.emptied = r.emptied, nil
	return prefixes
}

// Stale reports, once, that the column that tells tenants apart is not there any more: webhooks
// keep those that they had, and new ones are skipped.
func (r *Registry) Stale() bool {
	stale := r.stale
	r.stale = false
	return stale
}

// Behind reports, once, that a webhook has changed in a table of which the stream does not have all
// that counts: Renew has to read it.
func (r *Registry) Behind() bool {
	behind := r.behind
	r.behind = false
	return behind
}

// observeWorkspace reads the webhooks anew whose workspace has come, gone, or changed sides.
func (r *Registry) observeWorkspace(change cdc.Change) {
	for _, id := range r.tenants.Observe(change) {
		for _, w := range r.rows {
			if w.status.Workspace == id {
				r.tell(r.put(w.table, w.id, w.values))
			}
		}
	}
}

func (r *Registry) apply(s *webhookTable, change cdc.Change) {
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

// put takes a row as it now stands, and reports whether that makes a difference. A mistake in it is
// logged when it is a new one.
func (r *Registry) put(s *webhookTable, id string, v values) (status Status, changed bool) {
	sub, status := s.follows(id, v)
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
	w.table, w.values, w.status = s, v, status
	r.mu.Unlock()
	r.await(sub)
	if before.State != "" {
		r.metrics.webhooks[before.State].Dec()
	}
	r.metrics.webhooks[status.State].Inc()
	changed = r.publish(w, sub) || !status.equal(&before)
	if status.Reason != "" && status.State != Disabled &&
		(status.State != before.State || status.Reason != before.Reason) {
		message := "webhook skipped"
		if status.State == Active {
			message = "part of a webhook's row left out"
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
		// one that comes back after that is another webhook to whatever is still queued
		clear(r.gone)
	}
	r.gone[w.status.Key] = w.current
}

// publish makes sub, nil for none, the current version of the row's subscription. A version that
// differs in nothing keeps its place.
func (r *Registry) publish(w *row, sub *Subscription) (changed bool) {
	before := w.current.Load()
	sub.staysWith(before)
	// what is queued for it is of the workspace that it leaves
	if sub.moved(before) {
		r.publish(w, nil)
		r.mu.Lock()
		w.current, before = new(atomic.Pointer[Subscription]), nil
		r.mu.Unlock()
	}
	sub.keepFilter(before)
	sub.keepTLS(before)
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

// Match returns the subscriptions that hear of the event, also those that are Held: those that it
// is for, and that have person.created, person.*, *.created or *.* among their operations, each
// once, ordered by Key. In Twenty's database workflowRun.updated is matched by its full name
// alone. The result is shared and must not be modified.
func (r *Registry) Match(s mapper.Subject) []*Subscription {
	if !r.expiry.IsZero() && !time.Now().Before(r.expiry) {
		r.expire()
	}
	return r.index.match(&s)
}

// Audience returns whether any hears of each change, and any of each commit. Without webhooks it is
// who a new one would hear as.
func (r *Registry) Audience() mapper.Audience {
	a := r.index.audience()
	if a == (mapper.Audience{}) {
		a = mapper.Audience{Changes: r.cfg.changes(), Commits: !r.cfg.changes()}
	}
	return a
}

// expire takes webhooks out whose time is over.
func (r *Registry) expire() {
	r.expiry = time.Time{}
	for _, w := range r.rows {
		if sub := w.current.Load(); sub != nil && !sub.Expires.IsZero() {
			r.tell(r.put(w.table, w.id, w.values))
		}
	}
}

// await has webhooks be looked at when the time of sub is over.
func (r *Registry) await(sub *Subscription) {
	if sub != nil && !sub.Expires.IsZero() && (r.expiry.IsZero() || sub.Expires.Before(r.expiry)) {
		r.expiry = sub.Expires
	}
}

// Get returns the newest version of a subscription, nil when there is none of that key, or it is
// not served. Safe for concurrent use.
func (r *Registry) Get(key string) *Subscription {
	if sub := r.Known(key); sub != nil && sub.Held == "" {
		return sub
	}
	return nil
}

// Known returns the newest version of a subscription, which may be Held; nil when there is none of
// that key, or it is switched off. Safe for concurrent use.
func (r *Registry) Known(key string) *Subscription {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.rows[key]; w != nil {
		if sub := w.current.Load(); sub != nil && !sub.expired() {
			return sub
		}
	}
	return nil
}

// Operators returns the subscriptions that hear of an operator event, ordered by Key. No pattern of
// records, such as *.*, is among what asks for one. Safe for concurrent use.
func (r *Registry) Operators(event mapper.Action) (subs []*Subscription) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.rows {
		sub := w.current.Load()
		if sub != nil && !sub.expired() && slices.Contains(sub.Operator, event) {
			subs = append(subs, sub)
		}
	}
	slices.SortFunc(subs, func(a, b *Subscription) int { return cmp.Compare(a.Key, b.Key) })
	return subs
}

// List returns how every webhook stands, ordered by Key. Safe for concurrent use; the operations
// must not be modified.
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
