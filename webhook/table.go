package webhook

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/mapper/tenants"
	"hookline/mapper/twenty"
)

// RowState is how a webhook stands.
type RowState string

const (
	Active   RowState = "active"   // it is served
	Skipped  RowState = "skipped"  // its row has a mistake
	Disabled RowState = "disabled" // it is switched off, or soft-deleted
)

// Status tells of one webhook, without anything secret.
type Status struct {
	Key   string `json:"key"`
	Table string `json:"table"`
	Host  string `json:"host"` // "" when the URL is not one
	// Workspace is its tenant; * for all of them; "" in a database without tenants.
	Workspace  string   `json:"workspace,omitempty"`
	Operations []string `json:"operations"`       // as the row has them
	Ignore     []string `json:"ignore,omitempty"` // likewise: which changes it does not hear of
	State      RowState `json:"state"`
	// Reason is why it is not active; of an active one, what of its row is left out.
	Reason string `json:"reason,omitempty"`
	// Keeps says, of a skipped one, that what it hears of is kept until its row is well again.
	// Otherwise it hears of nothing meanwhile.
	Keeps bool `json:"keeps,omitempty"`
	// Since is since when a skipped one gets nothing; zero where that is not known.
	Since time.Time `json:"since,omitzero"`

	mistake string // what is wrong with it, whether it is switched off or not
}

// Meanwhile tells, of a skipped one, what becomes of what it would get.
func (s *Status) Meanwhile() string {
	if s.Keeps {
		return "what waits for it, and what it hears of, is kept until then"
	}
	return "what waits for it is kept until then; what is committed meanwhile does not come later"
}

func (s *Status) equal(t *Status) bool {
	return s.Key == t.Key && s.Host == t.Host && s.Workspace == t.Workspace && s.State == t.State &&
		s.Reason == t.Reason && s.Keeps == t.Keeps &&
		slices.Equal(s.Operations, t.Operations) && slices.Equal(s.Ignore, t.Ignore)
}

// kind is whose a table of webhooks is.
type kind uint8

const (
	ofTwenty kind = iota
	generic
	own
)

// reads reports whether a field counts in a table of that kind.
func (k kind) reads(f columnRole) bool {
	return k == own || f <= roleWorkspace || k == generic && (f < roleRekey || f == rolePer)
}

// webhookTable is one table of webhooks.
type webhookTable struct {
	table     cdc.Table
	oid       uint32 // of the relation that it was read from
	kind      kind
	tenants   bool   // the database has tenants, so every webhook belongs to one
	divided   bool   // it is a generic one, and has them
	tenant    string // the column of a CRM's table that names it, "" where it has its usual name
	folding   tenants.Folding
	tenantIn  uint32        // its type, without domains, in the tables of records; 0 when unknown
	workspace string        // of all rows; "" when each names its own
	marked    bool          // operations without the mark are not ours
	format    mapper.Format // unless a row asks for another
	changes   bool          // its webhooks hear of each change, unless a row asks for commits

	workspaces twenty.Workspaces // as the Registry follows them

	generated  []string            // columns that count, and the stream does not have: see Behind
	unread     []string            // columns that may mean something, and not to us
	primaryKey []string            // its columns
	has        [columnRoles]string // the columns' names when the table was read
	relation   *cdc.Relation       // what layout was made for
	layout     *layout             // nil when rows of relation cannot be told apart
}

func (s *webhookTable) name() string { return s.table.Schema + "." + s.table.Name }

// key is Subscription.Key of a row.
func (s *webhookTable) key(id string) string { return s.name() + "/" + id }

// follow makes rel the relation that the next tuples are of. A column that goes away after the
// table was read keeps its last value: a secret must not vanish, nor a filter, because a column got
// a new name.
func (s *webhookTable) follow(rel *cdc.Relation) error {
	if s.relation == rel {
		return nil
	}
	var err error
	s.relation = rel
	s.layout, err = newLayout(rel, s.kind, s.primaryKey, s.tenant)
	return err
}

func (s *webhookTable) values(row cdc.Tuple, before values) values {
	v := s.layout.values(row, before)
	for f, name := range s.has {
		if name != "" && s.layout.names[f] == "" {
			v.fields[f] = before.fields[f]
		}
	}
	return v
}

// read makes a subscription of a row, nil when the row is not to be served.
func (s *webhookTable) read(id string, row values) (*Subscription, Status) {
	sub, status := s.follows(id, row)
	if sub != nil && sub.Held != "" {
		sub = nil
	}
	return sub, status
}

// follows makes a subscription of a row, which is held when the row has a mistake; nil when the
// webhook is switched off.
func (s *webhookTable) follows(id string, row values) (*Subscription, Status) {
	r := reading{from: s, row: row, sub: &Subscription{Key: s.key(id), ID: id}, listed: []string{}}
	if r.complete() {
		r.workspace()
		r.url()
		r.secret()
		r.previous()
		r.operations()
		r.format()
		r.pace()
		r.keyPair()
		r.headers()
		r.rekey()
		r.operator()
		r.per()
		r.view()
		r.filter()
		r.ignore()
		r.settling()
		r.tls()
		r.expiry()
		r.narrow()
	}
	status := Status{
		Key: r.sub.Key, Table: s.name(), Host: r.sub.Host, Workspace: r.sub.Workspace,
		Operations: r.listed, Ignore: r.entries, State: Active,
		Reason: strings.Join(append(r.wrong, r.ignored...), "; "),
	}
	status.mistake = status.Reason
	switch {
	case row.off != "":
		status.State, status.Reason = Disabled, row.off
	case r.orphan:
		status.State, status.Reason = Disabled, "its workspace is deleted"
	case r.notOurs:
		status.State, status.Reason = Disabled, "no operation carries the prefix "+twenty.Mark
	case r.foreign:
		status.State, status.Reason = Disabled, r.columnOf(roleOperations)+": "+errMetadata.Error()
	case r.sub.expired(): // whatever else is wrong with it
		status.State, status.Reason = Disabled, s.has[roleExpiry]+" is over"
	case r.wrong != nil:
		status.State, status.Keeps = Skipped, r.hears()
		return r.hold(&status), status
	default:
		return r.sub, status
	}
	return nil, status
}

// reading is a row on its way to a subscription.
type reading struct {
	from    *webhookTable
	row     values
	sub     *Subscription
	listed  []string // the operations as the row has them
	entries []string // likewise what it ignores
	orphan  bool     // its workspace is soft-deleted
	notOurs bool     // every operation is Twenty's own
	foreign bool     // likewise, and of metadata
	wrong   []string // why the row cannot be served
	ignored []string // what of it is left out
	deaf    bool     // likewise, and it is not known what it hears of
	lost    bool     // likewise, nor whose it is
}

func (r *reading) fail(f columnRole, err error) {
	r.deaf, r.lost = r.deaf || unheard[f], r.lost || f == roleWorkspace
	r.wrong = append(r.wrong, r.columnOf(f)+": "+err.Error())
}

// columnOf returns the name of a column.
func (r *reading) columnOf(f columnRole) string {
	return cmp.Or(r.from.has[f], r.from.layout.names[f], roleNames[f][0])
}

// complete reports whether every field is known.
func (r *reading) complete() bool {
	for f := range columnRoles {
		if r.row.fields[f].IsUnchanged() {
			r.fail(f, errors.New("is not known, the server did not send it; a restart reads the table anew"))
			r.deaf, r.lost = true, true
		}
	}
	return r.wrong == nil
}

func (r *reading) workspace() {
	if r.from.workspace != "" {
		r.sub.Workspace = r.from.workspace
	} else {
		tenant, err := r.from.tenantOf(r.row.fields[roleWorkspace])
		if err != nil {
			r.fail(roleWorkspace, err)
		}
		r.sub.Workspace = tenant
	}
	if r.from.workspaces == nil || r.sub.Workspace == "" || r.sub.Workspace == mapper.Everyone {
		return
	}
	deleted, known := r.from.workspaces[r.sub.Workspace]
	if r.orphan = deleted; !known {
		r.wrong, r.deaf = append(r.wrong, "there is no workspace "+r.sub.Workspace), true
	}
}

func (r *reading) url() {
	given := r.row.fields[roleURL]
	if given.IsNull() {
		r.fail(roleURL, errors.New("is null"))
		return
	}
	var err error
	if r.sub.URL, r.sub.Host, err = parseURL(given.String(), r.from.kind == ofTwenty); err != nil {
		r.fail(roleURL, err)
	}
	if given.String() != r.sub.URL {
		r.sub.RowURL = given.String()
	}
}

func (r *reading) secret() {
	secret := r.row.fields[roleSecret]
	switch {
	// where null and '' are the same
	case secret.IsNull() && r.from.has[roleSecret] != "" && r.from.kind != ofTwenty:
		r.fail(roleSecret, errors.New("is null; an empty string asks for unsigned deliveries"))
	case bytes.HasPrefix(secret.Bytes(), []byte("enc:v2:")):
		r.fail(roleSecret, errors.New("is encrypted by the CRM, so nothing can be signed with it"))
	default:
		r.sub.Secret = Secret(secret.String())
		if err := r.sub.Secret.check(); err != nil {
			r.fail(roleSecret, err)
		}
	}
}

// previous reads the secret of before a rotation, and until when it signs, too.
func (r *reading) previous() {
	secret, until := r.row.fields[rolePrevious], r.row.fields[rolePreviousUntil]
	if secret.IsNull() || secret.String() == "" || r.sub.Secret == "" {
		return
	}
	at, err := parseTime(until.String())
	if err != nil || until.IsNull() {
		r.fail(rolePreviousUntil, errors.New(
			"is not a time, so it is not known until when the secret before signs, too"))
	}
	r.sub.Previous, r.sub.PreviousUntil = Secret(secret.String()), at
	if err := r.sub.Previous.check(); err != nil {
		r.fail(rolePrevious, err)
	}
}

func (r *reading) operations() {
	list, column := []string{"*.*"}, r.columnOf(roleOperations)
	var wrong []string
	if given := r.row.fields[roleOperations]; !given.IsNull() {
		var err error
		switch list, err = parseOperations(given.String()); {
		case errors.Is(err, pg.ErrNull):
			wrong = append(wrong, column+": has a null in it; want operations alone")
		case err != nil:
			r.fail(roleOperations, err)
			return
		}
	}
	r.listed = append(r.listed, list...)
	metadata := false
	r.notOurs = r.from.marked
	legacy := r.from.kind == ofTwenty && r.from.has[roleOperations] == twenty.LegacyColumn
	for _, operation := range r.listed {
		if legacy {
			operation = twenty.FromLegacy(operation)
		}
		pattern, isMarked := strings.CutPrefix(operation, twenty.Mark)
		if r.from.marked && !isMarked {
			continue
		}
		r.notOurs = false
		if events, ok := operatorEvents(pattern); ok && r.from.kind == own {
			r.sub.Operator = append(r.sub.Operator, events...)
			continue
			// which may be the records of an object of that name
		} else if ok && pattern != mapper.Operator+".*" {
			wrong = append(wrong, fmt.Sprintf(
				"%s: %.64q: operator events go to webhooks of Hookline's own table alone", column, pattern))
			continue
		}
		switch err := checkOperation(pattern); {
		case errors.Is(err, errMetadata):
			metadata = true
		case err != nil:
			wrong = append(wrong, column+": "+err.Error())
		default:
			r.sub.Operations = append(r.sub.Operations, pattern)
		}
	}
	switch {
	case r.sub.Operations != nil || r.sub.Operator != nil:
		r.ignored = append(r.ignored, wrong...)
	case wrong != nil:
		r.wrong = append(r.wrong, wrong...)
	case metadata && r.from.kind == ofTwenty: // which Twenty itself sends
		r.foreign = true
	case metadata:
		r.fail(roleOperations, errMetadata)
	case !r.notOurs:
		r.fail(roleOperations, errors.New("is empty; *.* hears of everything"))
	}
}

func (r *reading) format() {
	r.sub.Format = r.from.format
	given := r.row.fields[roleFormat]
	if r.from.kind == generic &&
		(given.String() == "" || strings.EqualFold(given.String(), "json")) {
		return // every body is JSON
	}
	if !given.IsNull() {
		err := r.sub.Format.UnmarshalText(given.Bytes())
		if err == nil && r.from.kind != own && r.sub.Format.IsCloudEvents() {
			err = fmt.Errorf("%s goes to webhooks of Hookline's own table alone", r.sub.Format)
		}
		if err == nil && r.from.kind != own && !r.sub.Format.OfRecords() {
			err = fmt.Errorf("%s is a form of operator events, "+
				"which go to webhooks of Hookline's own table alone", r.sub.Format)
		}
		if err != nil {
			r.fail(roleFormat, err)
		}
	}
}

// operator holds a webhook that hears of operator events to what goes with that: no tenant may hear
// of them, since they name webhooks of others; and a form that has a sentence alone has no room for
// a record.
func (r *reading) operator() {
	if r.sub.Operator != nil && r.sub.Workspace != "" && r.sub.Workspace != mapper.Everyone {
		r.fail(roleOperations,
			fmt.Errorf("operator events are for nobody who hears of one tenant alone: "+
				"workspace_id has to be %s for %s.*",
				mapper.Everyone, mapper.Operator))
	}
	if !r.sub.Format.OfRecords() && r.sub.Operations != nil {
		r.fail(
			roleFormat,
			fmt.Errorf("%s is a form of operator events alone; operations may be %s.*",
				r.sub.Format, mapper.Operator),
		)
	}
}

func (r *reading) headers() {
	given := r.row.fields[roleHeaders]
	switch {
	case r.from.kind == generic && given.String() == "",
		given.IsNull() && r.from.kind != own: // what a CRM takes for a URL is its own affair
		return
	case given.IsNull():
		if err := checkSize(r.sub); err != nil {
			r.fail(roleURL, err)
		}
		return
	}
	var err error
	if r.sub.Headers, err = parseHeaders(given.Bytes()); err == nil {
		err = cmp.Or(checkSize(r.sub), checkCloudEvents(r.sub))
	}
	if err != nil {
		r.fail(roleHeaders, err)
	}
	for _, name := range slices.Sorted(maps.Keys(r.sub.Headers)) {
		if IsOwnHeader(name) {
			r.ignored = append(r.ignored, fmt.Sprintf(
				"%s: %.64q is one that Hookline or HTTP sets itself, so it is left out; want others",
				r.columnOf(roleHeaders), name))
		}
	}
}

// rekey reads how a changed key is told.
func (r *reading) rekey() {
	switch given := r.row.fields[roleRekey]; {
	case given.IsNull():
	case given.String() == "split":
		r.sub.Split = true
	default:
		r.fail(roleRekey, fmt.Errorf("%.64q: want split, or null for an update", given.String()))
	}
}

// per reads whether the webhook hears of each change, or of each commit.
func (r *reading) per() {
	r.sub.Changes = r.from.changes
	switch given := r.row.fields[rolePer]; {
	case given.IsNull(), r.from.kind == generic && given.String() == "":
	case given.String() == perChange, given.String() == perCommit:
		r.sub.per = given.String()
		r.sub.Changes = r.sub.per == perChange
	default:
		r.fail(rolePer, fmt.Errorf("%.64q: want change or commit, or null for %s",
			given.String(), perName(r.from.changes)))
	}
}

// What the column says of it.
const (
	perCommit = "commit"
	perChange = "change"
)

// perName is what the column says of it.
func perName(changes bool) string {
	if changes {
		return perChange
	}
	return perCommit
}

// expiry reads the time from which on the webhook hears of nothing.
func (r *reading) expiry() {
	given := r.row.fields[roleExpiry]
	if given.IsNull() {
		return
	}
	var err error
	if r.sub.Expires, err = parseTime(given.String()); err != nil {
		r.fail(roleExpiry, err)
	}
}

// parseTime reads a timestamp or a date as Postgres prints it, in UTC. The zero time is infinity.
func parseTime(text string) (time.Time, error) {
	switch text {
	case "infinity":
		return time.Time{}, nil
	case "-infinity":
		return time.Unix(0, 0), nil
	}
	for _, layout := range []string{
		"2006-01-02 15:04:05.999999-07", "2006-01-02 15:04:05.999999", time.DateOnly, time.RFC3339,
	} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{},
		errors.New("is not a time, so it is not known until when the webhook is served")
}

// narrow skips a row that wants to hear of less in a way that is not known: it would hear of more
// than it asks for.
func (r *reading) narrow() {
	if r.row.narrow != "" {
		r.wrong = append(
			r.wrong,
			r.row.narrow+": is set, and it is not known what it narrows; operations say what a webhook "+
				"hears of",
		)
	}
}
