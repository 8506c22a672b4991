package webhook

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/cdc"
	"hookline/internal/migrate"
	"hookline/internal/pg"
	"hookline/internal/spelling"
	"hookline/mapper/twenty"
)

// What an operator does to webhooks: with the database itself, whatever a Registry has loaded. A
// change is kept only if its row, read back by the code that serves it, is served. Those that stand
// in the CRM's own tables can be looked at, and tested.

// ErrNotOwn says that a webhook is not Hookline's to change.
var ErrNotOwn = errors.New("it belongs to the CRM, and is changed there")

// NotFoundError says that there is no such webhook, or more than one.
type NotFoundError struct {
	Name    string
	Nearest string   // what may have been meant, "" for nothing
	Several []string // the keys of those that it may stand for
}

func (e *NotFoundError) Error() string {
	switch {
	case e.Several != nil:
		return fmt.Sprintf("%q may be any of %s", e.Name, strings.Join(e.Several, ", "))
	case e.Nearest != "":
		return fmt.Sprintf("there is no webhook %q; did you mean %s?", e.Name, e.Nearest)
	}
	return fmt.Sprintf("there is no webhook %q", e.Name)
}

// InvalidError says why a webhook would not be served as it was asked for. It holds nothing secret.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return e.Reason }

// Row is a webhook with all that may be shown of it: secrets and the values of headers are not.
type Row struct {
	Status
	ID          string    `json:"id"`
	URL         string    `json:"url"` // as MaskURL has it
	Format      string    `json:"format"`
	Headers     []string  `json:"headers,omitempty"` // their names
	Rekey       string    `json:"rekey,omitempty"`
	Per         string    `json:"per,omitempty"`
	Previous    string    `json:"previous,omitempty"`
	Filter      string    `json:"filter,omitempty"`
	Fields      []string  `json:"fields,omitzero"`
	Mask        []string  `json:"mask,omitzero"`
	Settle      string    `json:"settle,omitempty"`
	SettleMax   string    `json:"settleMax,omitempty"`
	CatchUp     string    `json:"catchUp,omitempty"`
	Signed      bool      `json:"signed"`
	Expires     time.Time `json:"expires,omitzero"`
	Description string    `json:"description,omitempty"`
	Created     time.Time `json:"created,omitzero"`
	Own         bool      `json:"own"` // it stands in Hookline's own table, and can be changed

	PaceRow
	TLSRow

	// PublicKey checks the signatures of a secret that is a private key; "" of any other.
	PublicKey string `json:"publicKey,omitempty"`

	// PreviousUntil is until when the secret of before a rotation signs, too; zero when it does
	// not.
	PreviousUntil time.Time `json:"previousSecretUntil,omitzero"`
	// PreviousLeft says that it signs no more, and stands in the row still: EndRotation removes it,
	// and so does whatever else Hookline changes of the row.
	PreviousLeft bool `json:"previousSecretLeft,omitempty"`

	sub     *Subscription // as it would be served if it were switched on; nil when it cannot be
	rotates bool          // its table has columns for a secret that was rotated
	mistake string        // why not, or what of it is left out
}

// Settings are what is said of a webhook. What is nil is not said: of a new one the table's
// defaults hold, of another it stays as it is.
type Settings struct {
	URL         *string            `json:"url,omitempty"`
	Secret      *Secret            `json:"secret,omitempty"` // "" sends unsigned
	Operations  []string           `json:"operations,omitempty"`
	Workspace   *string            `json:"workspace,omitempty"` // "" for null
	Format      *string            `json:"format,omitempty"`    // "" for HOOKLINE_PAYLOAD_FORMAT
	Headers     *map[string]string `json:"headers,omitempty"`   // all of them; an empty map for none
	Rekey       *string            `json:"rekey,omitempty"`     // "" for whole
	Per         *string            `json:"per,omitempty"`       // "" for the profile's
	Previous    *string            `json:"previous,omitempty"`  // "" for nothing
	Filter      *string            `json:"filter,omitempty"`    // "" for none
	Fields      []string           `json:"fields,omitzero"`     // all of it; an empty list for all fields
	Mask        []string           `json:"mask,omitzero"`       // all of it; an empty list for none
	Ignore      []string           `json:"ignore,omitzero"`     // all of it; an empty list for nothing
	Settle      *string            `json:"settle,omitempty"`    // a duration; "" for none
	SettleMax   *string            `json:"settleMax,omitempty"` // likewise; "" for ten times Settle
	CatchUp     *string            `json:"catchUp,omitempty"`   // "" for all
	Description *string            `json:"description,omitempty"`
	Enabled     *bool              `json:"enabled,omitempty"`

	PaceSettings
	TLSSettings
}

// columns returns what is said, as columns of Hookline's own table and their values.
func (s *Settings) columns() (names []string, values []any, err error) {
	set := func(name string, value any) { names, values = append(names, name), append(values, value) }
	optional := func(name string, text *string) {
		if text != nil && *text == "" {
			set(name, nil)
		} else if text != nil {
			set(name, *text)
		}
	}
	if s.URL != nil {
		set("url", *s.URL)
	}
	if s.Secret != nil {
		set("secret", string(*s.Secret))
	}
	if s.Operations != nil {
		set("operations", s.Operations)
	}
	optional("workspace_id", s.Workspace)
	optional("format", s.Format)
	optional("rekey", s.Rekey)
	optional("per", s.Per)
	if err := s.PaceSettings.columns(set); err != nil {
		return nil, nil, err
	}
	s.TLSSettings.columns(set)
	optional("previous", s.Previous)
	optional("filter", s.Filter)
	list := func(name string, entries []string) {
		if len(entries) > 0 {
			set(name, entries)
		} else if entries != nil {
			set(name, nil)
		}
	}
	list("fields", s.Fields)
	list("mask", s.Mask)
	list("ignore", s.Ignore)
	if s.Settle != nil && *s.Settle == "" && s.SettleMax == nil { // which means nothing without
		set("settle_max", nil)
	}
	for name, text := range map[string]*string{"settle": s.Settle, "settle_max": s.SettleMax} {
		if err := setInterval(set, name, text); err != nil {
			return nil, nil, err
		}
	}
	optional("catch_up", s.CatchUp)
	optional("description", s.Description)
	if s.Headers != nil && len(*s.Headers) == 0 {
		set("headers", nil)
	} else if s.Headers != nil {
		text, err := json.Marshal(*s.Headers)
		if err != nil {
			return nil, nil, fmt.Errorf("headers: %w", err)
		}
		set("headers", string(text))
	}
	if s.Enabled != nil {
		set("enabled", *s.Enabled)
	}
	for i, value := range values {
		if text, ok := value.(string); ok && strings.Contains(text, "\x00") {
			return nil, nil, &InvalidError{names[i] + ": has a NUL character"}
		}
	}
	return names, values, nil
}

// Rows returns all webhooks as the database has them now, ordered by Key. conn has
// pg.SessionSettings, as that of the other methods of this file. Safe for concurrent use.
func (r *Registry) Rows(ctx context.Context, conn *pgx.Conn) (rows []Row, err error) {
	err = pgx.BeginTxFunc(ctx, conn, lookOnly, func(tx pgx.Tx) error {
		rows, err = r.list(ctx, tx)
		return err
	})
	return rows, err
}

var lookOnly = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// Row returns one webhook, by its key, its ID, or the beginning of an ID that no other has. The
// error is a *NotFoundError when there is none. Safe for concurrent use.
func (r *Registry) Row(ctx context.Context, conn *pgx.Conn, name string) (Row, error) {
	rows, err := r.Rows(ctx, conn)
	if err != nil {
		return Row{}, err
	}
	return pick(rows, name)
}

// Subscription returns a webhook as it would be served if it were switched on. The error is an
// *InvalidError when its row has a mistake. Safe for concurrent use.
func (r *Registry) Subscription(ctx context.Context, conn *pgx.Conn, name string,
) (*Subscription, Row, error) {
	row, err := r.Row(ctx, conn, name)
	if err == nil && row.sub == nil {
		err = &InvalidError{cmp.Or(row.mistake, row.Reason)}
	}
	return row.sub, row, err
}

// Add adds a webhook to Hookline's own table, and returns it with the secret that it has: one is
// made up where none is given. The error is an *InvalidError when it would not be served. Safe for
// concurrent use.
func (r *Registry) Add(ctx context.Context, conn *pgx.Conn, s Settings,
) (row Row, secret Secret, err error) {
	if s.URL == nil {
		return Row{}, "", &InvalidError{"url: is not given"}
	}
	if s.Secret == nil {
		s.Secret = new(newSecret())
	}
	err = r.change(ctx, conn, func(tx pgx.Tx) error {
		names, values, err := s.columns()
		if err != nil {
			return err
		}
		places := make([]string, len(names))
		for i := range names {
			places[i] = fmt.Sprintf("$%d", i+1)
		}
		sql := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) RETURNING id::text", r.cfg.own(),
			strings.Join(names, ", "), strings.Join(places, ", "))
		var id string
		if err := tx.QueryRow(ctx, sql, values...).Scan(&id); err != nil {
			return err
		}
		row, err = r.kept(ctx, tx, id)
		return err
	})
	return row, *s.Secret, err
}

// Edit changes a webhook of Hookline's own table. The error is a *NotFoundError, ErrNotOwn, or an
// *InvalidError when the webhook would not be served. Safe for concurrent use.
func (r *Registry) Edit(ctx context.Context, conn *pgx.Conn, name string, s Settings) (Row, error) {
	return r.update(ctx, conn, name, true, func(Row) ([]string, []any, error) { return s.columns() })
}

// Pause switches a webhook of Hookline's own table off: what waits for it is dropped, and events of
// the time until Resume are not sent later. Errors are those of Edit. Safe for concurrent use.
func (r *Registry) Pause(ctx context.Context, conn *pgx.Conn, name string) (Row, error) {
	return r.update(ctx, conn, name, false, enable(false))
}

// Resume switches a webhook of Hookline's own table on again. Errors are those of Edit. Safe for
// concurrent use.
func (r *Registry) Resume(ctx context.Context, conn *pgx.Conn, name string) (Row, error) {
	return r.update(ctx, conn, name, true, enable(true))
}

func enable(on bool) func(Row) ([]string, []any, error) {
	return func(Row) ([]string, []any, error) { return []string{"enabled"}, []any{on}, nil }
}

// Rotate gives a webhook of Hookline's own table another secret, and returns it; "" has one made
// up. A private key that is made up is not returned. The one that it had signs, too, until grace is
// over. Errors are those of Edit; a second rotation within the grace period of the first is invalid
// unless grace is 0. Safe for concurrent use.
func (r *Registry) Rotate(ctx context.Context, conn *pgx.Conn, name string, secret Secret,
	grace time.Duration,
) (Row, Secret, error) {
	given := secret != ""
	secret = cmp.Or(secret, newSecret())
	row, err := r.update(ctx, conn, name, true, func(row Row) ([]string, []any, error) {
		if !given && row.sub != nil && row.sub.Secret.IsKeyPair() {
			secret = NewKeyPair()
		}
		names := []string{"secret", "previous_secret", "previous_secret_until"}
		values := []any{string(secret), nil, nil}
		switch {
		case row.sub == nil:
			return nil, nil, &InvalidError{cmp.Or(row.mistake, row.Reason)}
		case row.sub.Secret == secret:
			return nil, nil, &InvalidError{"secret: is the one that it has"}
		case grace < 0:
			return nil, nil, &InvalidError{"the grace period is negative"}
		case grace == 0 || row.sub.Secret == "":
			if !row.rotates {
				names, values = names[:1], values[:1]
			}
		case !row.rotates:
			return nil, nil, &cdc.Problem{
				What: fmt.Sprintf("table %s has no columns for a secret that was rotated", r.cfg.own()),
				Hint: "run `hookline setup`, or: " +
					migrate.SQL(r.cfg.Schema, migrate.Webhooks, "rotation") + ";",
			}
		case !row.PreviousUntil.IsZero():
			return nil, nil, &InvalidError{
				fmt.Sprintf(
					"the secret before this one signs, too, until %s: end that first, or rotate without "+
						"a grace period",
					row.PreviousUntil.Format(time.RFC3339),
				),
			}
		default:
			values[1], values[2] = string(row.sub.Secret), time.Now().Add(grace)
		}
		return names, values, nil
	})
	if !given && secret.IsKeyPair() { // which nobody else needs
		secret = ""
	}
	return row, secret, err
}

// EndRotation has the secret of before a rotation sign no more, and removes it. Errors are those of
// Edit. Safe for concurrent use.
func (r *Registry) EndRotation(ctx context.Context, conn *pgx.Conn, name string) (Row, error) {
	return r.update(ctx, conn, name, false, func(row Row) ([]string, []any, error) {
		if row.PreviousUntil.IsZero() && !row.PreviousLeft {
			return nil, nil, &InvalidError{"no other secret than its own signs: there is no rotation to end"}
		}
		return []string{"previous_secret", "previous_secret_until"}, []any{nil, nil}, nil
	})
}

// Remove removes a webhook from Hookline's own table, and returns it as it was. What waits for it
// is dropped. Errors are those of Edit. Safe for concurrent use.
func (r *Registry) Remove(ctx context.Context, conn *pgx.Conn, name string) (row Row, err error) {
	err = r.change(ctx, conn, func(tx pgx.Tx) error {
		if row, err = r.own(ctx, tx, name); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE id::text = $1", r.cfg.own()), row.ID)
		return err
	})
	return row, err
}

// newSecret makes a secret up, as the table itself does: 64 hex digits.
func newSecret() Secret {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails, as it says
	return Secret(hex.EncodeToString(key[:]))
}

// update sets columns of one webhook. Where it must be served, it is looked at again before that is
// kept.
func (r *Registry) update(ctx context.Context, conn *pgx.Conn, name string, served bool,
	columns func(Row) ([]string, []any, error),
) (row Row, err error) {
	err = r.change(ctx, conn, func(tx pgx.Tx) error {
		before, err := r.own(ctx, tx, name)
		if err != nil {
			return err
		}
		// What somebody else is changing at this moment is waited for, and read anew.
		lock := "SELECT FROM " + r.cfg.own().String() + " WHERE id::text = $1 FOR UPDATE"
		if _, err := tx.Exec(ctx, lock, before.ID); err != nil {
			return err
		}
		if before, err = r.own(ctx, tx, before.Key); err != nil {
			return err
		}
		names, values, err := columns(before)
		if err != nil {
			return err
		}
		if row = before; len(names) == 0 {
			return nil
		}
		if before.PreviousLeft && !slices.Contains(names, "previous_secret") {
			names = append(slices.Clone(names), "previous_secret", "previous_secret_until")
			values = append(slices.Clone(values), nil, nil)
		}
		sets := make([]string, len(names))
		for i, column := range names {
			sets[i] = fmt.Sprintf("%s = $%d", column, i+2)
		}
		sql := fmt.Sprintf("UPDATE %s SET %s WHERE id::text = $1", r.cfg.own(), strings.Join(sets, ", "))
		if _, err := tx.Exec(ctx, sql, append([]any{before.ID}, values...)...); err != nil {
			return err
		}
		if served {
			row, err = r.kept(ctx, tx, before.ID)
			return err
		}
		row, err = r.own(ctx, tx, r.ownKey(before.ID))
		return err
	})
	return row, err
}

func (r *Registry) ownKey(id string) string { return r.cfg.Schema + "." + OwnTable + "/" + id }

// change calls f in a transaction that gives a lock up after a second.
func (r *Registry) change(ctx context.Context, conn *pgx.Conn, f func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '1s'"); err != nil {
			return err
		}
		return f(tx)
	})
	return r.explain(conn, err)
}

// explain says what mends what the server has refused. Its message may quote a value; the code does
// not.
func (r *Registry) explain(conn *pgx.Conn, err error) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	role := pg.Identifier(conn.Config().User)
	switch refused.Code {
	case pg.InsufficientPrivilege:
		return &cdc.Problem{
			What: fmt.Sprintf("role %s may not change table %s", role, r.cfg.own()),
			Hint: fmt.Sprintf("as its owner: GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %s;",
				r.cfg.own(), role),
		}
	case pg.UndefinedTable:
		return &NoTable{cdc.Problem{
			What: fmt.Sprintf("Hookline's own table of webhooks, %s, is missing", r.cfg.own()),
			Hint: "run `hookline setup`",
		}}
	case pg.UndefinedColumn:
		return &cdc.Problem{
			What: fmt.Sprintf("table %s was made by an older version, and lacks a column", r.cfg.own()),
			Hint: "run `hookline setup`",
		}
	case pg.LockNotAvailable:
		return &cdc.Problem{
			What: fmt.Sprintf("somebody else changes table %s at this moment", r.cfg.own()),
			Hint: "try again",
		}
	case pg.InvalidTextRepresentation:
		return &InvalidError{"workspace_id: is not a UUID, and nothing else is taken by table " +
			r.cfg.own().String()}
	}
	return fmt.Errorf("change table %s: the server refuses (SQLSTATE %s)", r.cfg.own(), refused.Code)
}

// kept returns a webhook of Hookline's own table, or an *InvalidError when it would not be served
// as it was asked for.
func (r *Registry) kept(ctx context.Context, tx pgx.Tx, id string) (Row, error) {
	row, err := r.own(ctx, tx, r.ownKey(id))
	if err == nil && row.mistake != "" {
		err = &InvalidError{row.mistake}
	}
	return row, err
}

// own returns a webhook of Hookline's own table.
func (r *Registry) own(ctx context.Context, tx pgx.Tx, name string) (Row, error) {
	rows, err := r.list(ctx, tx)
	if err != nil {
		return Row{}, err
	}
	row, err := pick(rows, name)
	if err == nil && !row.Own {
		err = fmt.Errorf("webhook %s: %w", row.Key, ErrNotOwn)
	}
	return row, err
}

// pick returns the row that a name stands for.
func pick(rows []Row, name string) (Row, error) {
	var begin []string
	var found Row
	names := make([]string, 0, len(rows))
	for _, row := range rows {
		if row.Key == name {
			return row, nil
		}
		names = append(names, row.Key)
		if name != "" && (row.ID == name || strings.HasPrefix(row.ID, name) && !isNumber(row.ID)) {
			found, begin = row, append(begin, row.Key)
		}
	}
	if exact := slices.IndexFunc(rows, func(row Row) bool { return row.ID == name }); exact >= 0 {
		if !slices.ContainsFunc(rows[exact+1:], func(row Row) bool { return row.ID == name }) {
			return rows[exact], nil
		}
	}
	switch len(begin) {
	case 1:
		return found, nil
	case 0:
		return Row{}, &NotFoundError{Name: name, Nearest: spelling.Nearest(name, names)}
	}
	return Row{}, &NotFoundError{Name: name, Several: begin}
}

// isNumber reports whether an ID is one. Its beginning is another one: who means 1, which is gone,
// does not mean 10.
func isNumber(id string) bool { return strings.Trim(id, "0123456789") == "" }

// PickKey returns the one of the keys that a name stands for: a key, an ID, or the beginning of an
// ID that no other has and that is no number. The error is a *NotFoundError when that is none, or
// several.
func PickKey(keys []string, name string) (string, error) {
	rows := make([]Row, len(keys))
	for i, key := range keys {
		_, id, _ := strings.Cut(key, "/")
		rows[i] = Row{Status: Status{Key: key}, ID: id}
	}
	row, err := pick(rows, name)
	return row.Key, err
}

// list reads all webhooks.
func (r *Registry) list(ctx context.Context, tx pgx.Tx) (rows []Row, err error) {
	sources, _, err := r.find(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("find webhooks: %w", err)
	}
	var tenants twenty.Workspaces
	if r.cfg.Profile == profileTwenty {
		if tenants, err = twenty.ReadWorkspaces(ctx, tx); err != nil {
			return nil, fmt.Errorf("read workspaces: %w", refused(err, twenty.WorkspaceTable, tx))
		}
	}
	for _, s := range sources {
		s.workspaces = tenants
		tuples, err := s.info.read(ctx, tx)
		if err != nil {
			return nil, fmt.Errorf("read webhooks: %w", err)
		}
		for _, tuple := range tuples {
			rows = append(rows, s.row(s.layout.id(tuple), s.values(tuple, unknown)))
		}
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Key, b.Key) })
	return rows, r.annotate(ctx, tx, rows)
}

// row returns what may be shown of a row of the table.
func (s *webhookTable) row(id string, v values) Row {
	_, status := s.read(id, v)
	row := Row{Status: status, ID: id, Own: s.kind == own}
	row.rotates = s.kind == own && s.has[rolePreviousUntil] != ""
	row.URL, row.Rekey = MaskURL(v.fields[roleURL].String()), v.fields[roleRekey].String()
	row.Per = v.fields[rolePer].String()
	row.choices(&v)
	row.Signed = v.fields[roleSecret].String() != ""
	on := v
	on.off = ""
	sub, status := s.read(id, on)
	if row.mistake = status.Reason; s.kind == own {
		row.mistake = status.mistake
	}
	if row.sub = sub; sub == nil {
		return row
	}
	row.PaceRow, row.TLSRow = sub.Pace.row(), sub.TLS.row()
	row.PublicKey = sub.Secret.PublicKey()
	row.Thin = sub.View != nil && sub.View.Thin
	row.Format, row.Expires = sub.Format.String(), sub.Expires
	row.Headers = slices.Sorted(maps.Keys(sub.Headers))
	if sub.Previous != "" && time.Now().Before(sub.PreviousUntil) {
		row.PreviousUntil = sub.PreviousUntil
	} else {
		row.PreviousLeft = sub.Previous != ""
	}
	return row
}

// annotate adds what Hookline's own table says for people.
func (r *Registry) annotate(ctx context.Context, tx pgx.Tx, list []Row) error {
	if !slices.ContainsFunc(list, func(row Row) bool { return row.Own }) {
		return nil
	}
	rows, err := tx.Query(
		ctx,
		fmt.Sprintf(`SELECT id::text, coalesce(to_jsonb(w)->>'description', ''),
		(to_jsonb(w)->>'created_at')::timestamptz FROM %s w`, r.cfg.own()),
	)
	if err != nil {
		return err
	}
	type note struct {
		text string
		at   *time.Time
	}
	var id string
	var n note
	notes := map[string]note{}
	if _, err := pgx.ForEachRow(rows, []any{&id, &n.text, &n.at}, func() error {
		notes[id] = n
		return nil
	}); err != nil {
		return err
	}
	for i := range list {
		if n, ok := notes[list[i].ID]; ok && list[i].Own {
			list[i].Description = n.text
			if n.at != nil {
				list[i].Created = n.at.UTC()
			}
		}
	}
	return nil
}
