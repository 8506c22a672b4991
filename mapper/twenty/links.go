package twenty

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/mapper"
)

// links knows the rows that decide which records may be told, as far as they have been asked for.
// The noteTargets of a note are such rows. It has them as they are at the change in hand, and
// follows them with the stream. It forgets what it has not been asked for lately; then the database
// is asked.
//
// What it says of a commit is exact, though the database shows a later state: the stream is read
// ahead up to where the answer was given, and what it brings is taken back.
type links struct {
	stream  mapper.Stream
	pool    *pgxpool.Pool
	retry   mapper.Retry
	catalog *Catalog
	plans   map[uint32]linkPlan // by OID

	most int // see mostLinks
	// what is known; old is what has not been asked for since young began
	young, old map[linkKey]*linkSet
	guesses    map[linkKey]guess  // what was asked in vain
	trust      map[*watch]cdc.LSN // from where on the stream has all changes of the table

	tx      *cdc.Tx // in hand
	before  changes // what it has changed so far
	blurred bool    // before is not all of it
	recent  recentTransactions

	coming []*linkChange  // read ahead, the oldest first
	of     changes        // coming, by what they are about
	blind  map[*watch]int // how many of coming are
	reach  cdc.LSN        // transactions that end here or earlier have been read ahead, or passed

	unread *unreadTables
	asked  int                  // queries
	missed []linkKey            // what the judge in hand would have to know
	wanted map[linkKey]struct{} // what coming changes will want to know
}

// mostLinks is how many lookups are kept in each of two generations: some 10 MiB.
const mostLinks = 16 << 10

// mostWanted is how many lookups the database is asked for at once, beside those that are waited
// for.
const mostWanted = 1000

type linkKey struct {
	lookup
	value string
}

// linkRow is a row: the values of watch.columns, "" for null.
type linkRow []string

// linkSet is the rows that a lookup finds.
type linkSet struct {
	rows []linkRow
	some bool // there may be more
}

// set makes row what the set has under an id; nil, and it has none.
func (s *linkSet) set(id string, row linkRow) {
	for i, r := range s.rows {
		if r[linkID] != id {
			continue
		}
		if s.rows[i] = row; row == nil {
			last := len(s.rows) - 1
			s.rows[i], s.rows = s.rows[last], s.rows[:last]
		}
		return
	}
	if row != nil {
		s.rows = append(s.rows, row)
	}
}

// linkChange is a change of a row that decides.
type linkChange struct {
	tx            *cdc.Tx
	index         uint32
	w             *watch
	before, after linkRow // nil where there is none
	blind         bool    // there was a row before, and the stream does not tell which
}

// changes are what has changed, by what it is about, the oldest first.
type changes map[linkKey][]*linkChange

// id returns the row's id.
func (c *linkChange) id() string {
	if c.after != nil {
		return c.after[linkID]
	}
	return c.before[linkID]
}

// keys calls f with each lookup that the change is about.
func (c *linkChange) keys(f func(linkKey)) {
	for _, at := range c.w.lookups {
		var was string
		if c.before != nil {
			if was = c.before[at]; was != "" {
				f(linkKey{lookup{c.w, at}, was})
			}
		}
		if c.after != nil && c.after[at] != "" && c.after[at] != was {
			f(linkKey{lookup{c.w, at}, c.after[at]})
		}
	}
}

// found returns the row if the lookup finds it, else nil.
func (k linkKey) found(row linkRow) linkRow {
	if row == nil || row[k.at] != k.value {
		return nil
	}
	return row
}

// watchPlan is how a relation's rows are kept.
type watchPlan struct {
	*watch
	places []int // of the relation's columns, for each of watch.columns; -1 where it is missing
}

func newWatchPlan(w *watch, rel *cdc.Relation) *watchPlan {
	p := &watchPlan{watch: w}
	for _, c := range w.columns {
		p.places = append(p.places, rel.Column(c))
	}
	return p
}

func (p *watchPlan) row(t cdc.Tuple) linkRow {
	row := make(linkRow, len(p.places))
	for i, c := range p.places {
		if c >= 0 {
			row[i] = t[c].String()
		}
	}
	return row
}

// change returns what of a change decides. That of a table which is emptied tells of none of its
// rows.
func (p *watchPlan) change(change cdc.Change) *linkChange {
	c := &linkChange{tx: change.Tx, index: change.Index, w: p.watch}
	if change.New != nil {
		c.after = p.row(change.New)
	}
	if change.Old != nil && !change.OldIsKey {
		c.before = p.row(change.Old)
	}
	c.blind = change.Kind != cdc.Insert && c.before == nil
	return c
}

// Readers returns what judges which records may be told, for one mapper.
func (t *Catalog) Readers(pool *pgxpool.Pool, retry mapper.Retry, log *slog.Logger) mapper.Readers {
	t.links = &links{
		most: mostLinks, pool: pool, retry: retry, catalog: t, unread: newUnreadTables(log),
	}
	t.links.Reset()
	return t.links
}

// linkPlan is what a relation has to do with who may read records.
type linkPlan struct {
	relation *cdc.Relation // a relation that is sent anew is another one
	watch    *watchPlan    // nil where its rows decide nothing
	rule     *relationRule // nil where each of its records may be told, or none is announced
}

// planOf returns the plan of a relation, compiled once until Reset.
func (l *links) planOf(rel *cdc.Relation) linkPlan {
	p := l.plans[rel.OID]
	if p.relation != rel {
		p = linkPlan{relation: rel, watch: l.catalog.watch(rel), rule: l.catalog.ruleOf(rel)}
		l.plans[rel.OID] = p
	}
	return p
}

// Watch returns what follows the changes of a relation, nil when its rows decide nothing.
func (l *links) Watch(rel *cdc.Relation) mapper.Watch {
	if p := l.planOf(rel); p.watch != nil {
		return watching{l, p.watch}
	}
	return nil
}

type watching struct {
	links *links
	plan  *watchPlan
}

func (w watching) Follow(change cdc.Change) { w.links.follow(w.plan, change) }

// Guard returns what judges the records of a relation, nil when each of them may be told.
func (l *links) Judge(rel *cdc.Relation) mapper.Judge {
	if p := l.planOf(rel); p.rule != nil {
		return judging{l, p.rule}
	}
	return nil
}

type judging struct {
	links *links
	rule  *relationRule
}

func (g judging) Born(ctx context.Context, insert cdc.Change) error {
	return g.links.born(ctx, g.rule, insert)
}

func (g judging) Verdict(ctx context.Context, q mapper.Question) (mapper.Verdict, error) {
	return g.links.judge(ctx, g.rule, q)
}

// Follow says which stream the changes come from.
func (l *links) Follow(s mapper.Stream) { l.stream = s }

// Unreadable counts the tables that decide and that the role may not read. Safe for concurrent use.
func (l *links) Unreadable() int { return int(l.unread.count.Load()) }

// Reset forgets everything. What has been read ahead comes again in its turn.
func (l *links) Reset() {
	l.plans = map[uint32]linkPlan{}
	l.forget()
}

// forget drops what is known of rows.
func (l *links) forget() {
	l.young, l.old, l.guesses = map[linkKey]*linkSet{}, nil, map[linkKey]guess{}
	l.trust, l.blind, l.wanted = map[*watch]cdc.LSN{}, map[*watch]int{}, map[linkKey]struct{}{}
	l.before, l.coming, l.of, l.missed = changes{}, nil, changes{}, nil
}

// get returns what is known of a lookup, nil when that is nothing.
func (l *links) get(key linkKey) *linkSet {
	if s := l.young[key]; s != nil {
		return s
	}
	s := l.old[key]
	if s != nil {
		l.put(key, s)
	}
	return s
}

// known reports whether all rows that a lookup finds are known.
func (l *links) known(key linkKey) bool {
	s := l.get(key)
	return s != nil && !s.some
}

func (l *links) put(key linkKey, s *linkSet) {
	if len(l.young) >= l.most {
		l.old, l.young = l.young, make(map[linkKey]*linkSet, l.most)
	}
	l.young[key] = s
}

// mostBefore is of how many changes a transaction's beginning is remembered.
const mostBefore = 50_000

// enter has l go on to a transaction. After a failover the stream may begin anew at an earlier
// position.
func (l *links) enter(tx *cdc.Tx) {
	if l.tx == tx {
		return
	}
	last := l.tx
	if l.tx = tx; last != nil && sameTx(last, tx) {
		return // sent again, by a new connection
	}
	if last != nil {
		if l.recent.add(last); tx.Commit < last.Commit {
			l.forget()
			l.reach = 0
		}
	}
	if len(l.before) > 0 {
		l.before = changes{}
	}
	l.blurred = false
	l.reach = max(l.reach, tx.Commit)
}

func sameTx(a, b *cdc.Tx) bool { return a.Commit == b.Commit && a.XID == b.XID }

// follow takes a change of a table that decides.
func (l *links) follow(p *watchPlan, change cdc.Change) {
	l.enter(change.Tx)
	c := l.next(p, change)
	if c.blind {
		l.rewind() // seldom: it is not worth finding out what could stay
		l.blurred = true
		return
	}
	if len(l.before) >= mostBefore {
		l.before, l.blurred = changes{}, true
	}
	c.keys(func(key linkKey) {
		if !l.blurred {
			l.before[key] = append(l.before[key], c)
		}
		switch s, row := l.get(key), key.found(c.after); {
		case s != nil:
			s.set(c.id(), row)
		case row != nil:
			l.put(key, &linkSet{rows: []linkRow{row}, some: true})
		}
	})
}

// rewind forgets what is known of the rows, but not what has been read ahead.
func (l *links) rewind() {
	l.young, l.old, l.guesses = map[linkKey]*linkSet{}, nil, map[linkKey]guess{}
}

// next returns what of a change decides, which may have been read ahead.
func (l *links) next(p *watchPlan, change cdc.Change) *linkChange {
	if len(l.coming) == 0 || !sameTx(l.coming[0].tx, change.Tx) ||
		l.coming[0].index != change.Index {
		return p.change(change)
	}
	c := l.coming[0]
	l.coming[0], l.coming = nil, l.coming[1:]
	if c.blind {
		l.blind[c.w]--
	}
	c.keys(func(key linkKey) {
		if list := l.of[key]; len(list) > 1 {
			l.of[key] = list[1:]
		} else {
			delete(l.of, key)
		}
	})
	return c
}

// born notes that a record has been made, so that no row can name it yet: a foreign key sees to
// that. One that was there before its table was published is not born when its row comes.
func (l *links) born(ctx context.Context, g *relationRule, change cdc.Change) error {
	if !change.Relation.Full() || len(g.rows) == 0 {
		return nil
	}
	l.enter(change.Tx)
	for _, down := range g.rows {
		if err := l.learnTrust(ctx, down.by.watch); err != nil {
			return err
		}
		key := linkKey{down.by, change.New[g.id].String()}
		if l.trusted(down.by.watch) && l.get(key) == nil {
			l.put(key, new(linkSet))
		}
	}
	return nil
}

// trusted reports whether the stream has brought all changes of a table since the transaction in
// hand.
func (l *links) trusted(w *watch) bool {
	from, known := l.trust[w]
	return known && l.tx.Commit >= from
}

// never is where from on the stream has all changes of a table of which that is not known.
const never = ^cdc.LSN(0)

// readAhead reads on until transactions that end at a position have been seen, and reports whether
// it has come so far.
func (l *links) readAhead(ctx context.Context, to cdc.LSN) (bool, error) {
	for l.reach < to {
		more, err := l.see(ctx, true)
		if err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// see takes what lies ahead, and reports whether there was something.
func (l *links) see(ctx context.Context, wait bool) (bool, error) {
	if l.stream.Ahead == nil {
		return false, nil
	}
	change, end, ok := l.stream.Ahead.Peek(ctx, wait)
	switch {
	case !ok:
		return false, ctx.Err()
	case change.Kind == 0:
		l.reach = max(l.reach, end)
		return true, nil
	case change.Tx.Commit > l.reach:
		l.reach = change.Tx.Commit
	}
	if change.Kind == cdc.End {
		return true, nil
	}
	p := l.planOf(change.Relation)
	if p.watch != nil && !change.Read {
		c := p.watch.change(change)
		l.coming = append(l.coming, c)
		if c.blind {
			l.blind[c.w]++
		}
		c.keys(func(key linkKey) { l.of[key] = append(l.of[key], c) })
	}
	if p.rule != nil {
		l.want(p.rule, change)
	}
	return true, nil
}

// want notes what a change that comes will have to be asked for, but for what will be known by
// then.
func (l *links) want(g *relationRule, change cdc.Change) {
	row := change.New
	if row == nil {
		row = change.Old
	}
	if row == nil || g.kind != ruleInherited ||
		change.Kind == cdc.Insert && len(g.rows) > 0 && change.Relation.Full() {
		return
	}
	g.asks(row, func(key linkKey) {
		if len(l.wanted) < mostWanted && key.value != "" && !l.known(key) {
			l.wanted[key] = struct{}{}
		}
	})
}

// recentTransactions are those that came last: the database may not show them yet.
type recentTransactions struct {
	ring [64]*cdc.Tx
	n    int
}

func (r *recentTransactions) add(tx *cdc.Tx) {
	r.ring[r.n%len(r.ring)] = tx
	r.n++
}

// visible reports whether a snapshot shows all of them, and tx.
func (r *recentTransactions) visible(s *cdc.Snapshot, tx *cdc.Tx) bool {
	for _, other := range r.ring {
		if other != nil && !s.Covers(other) {
			return false
		}
	}
	return s.Covers(tx)
}
