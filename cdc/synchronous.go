package cdc

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// Whatever reads a replication slot can be a synchronous standby: when synchronous_standby_names
// matches its application_name, the server has commits wait for what it reports as flushed.
// Hookline reports what is settled, so the CRM would wait for the receivers of webhooks.
//
// https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-SYNCHRONOUS-STANDBY-NAMES

const synchronousNames = "synchronous_standby_names"

// Blocked is a Problem for whose sake the slot is not read, though nothing is lost: the stream goes
// on where it was once that is fixed.
type Blocked struct{ Problem }

// Unwrap makes every Blocked a Problem.
func (b *Blocked) Unwrap() error { return &b.Problem }

// standbyNames is a value of synchronous_standby_names.
type standbyNames struct {
	method string // FIRST or ANY
	count  int
	names  []string
}

// parseStandbyNames reads a value that a server has accepted; the zero value when it is empty, nil
// when it is not understood.
//
// https://github.com/postgres/postgres/blob/master/src/backend/replication/syncrep_gram.y
func parseStandbyNames(setting string) *standbyNames {
	tokens, ok := standbyTokens(setting)
	if !ok {
		return nil
	}
	s := &standbyNames{}
	if len(tokens) == 0 {
		return s
	}
	s.method, s.count = "FIRST", 1
	parenthesised := func(rest []standbyToken) bool {
		return len(rest) > 2 && rest[0].number() > 0 && rest[1].is("(") && rest[len(rest)-1].is(")")
	}
	switch rest := tokens[1:]; {
	case tokens[0].keyword() != "" && parenthesised(rest):
		s.method, s.count, tokens = tokens[0].keyword(), rest[0].number(), rest[2:len(rest)-1]
	case parenthesised(tokens):
		s.count, tokens = tokens[0].number(), tokens[2:len(tokens)-1]
	}
	for i, t := range tokens {
		switch comma := i%2 == 1; {
		case comma != t.is(","), !comma && (t.is("(") || t.is(")") || t.keyword() != ""):
			return nil
		case !comma:
			s.names = append(s.names, t.text)
		}
	}
	if len(tokens)%2 == 0 {
		return nil
	}
	return s
}

// standbyToken is a name, a number, or a sign.
type standbyToken struct {
	text   string
	quoted bool
}

func (t standbyToken) is(sign string) bool { return !t.quoted && t.text == sign }

// keyword returns FIRST or ANY, "" for anything else.
func (t standbyToken) keyword() string {
	if upper := strings.ToUpper(t.text); !t.quoted && (upper == "FIRST" || upper == "ANY") {
		return upper
	}
	return ""
}

// number returns a number that is above zero, 0 for anything else.
func (t standbyToken) number() int {
	if n, err := strconv.Atoi(t.text); err == nil && !t.quoted {
		return max(0, n)
	}
	return 0
}

// standbyTokens splits a value as the server does.
//
// https://github.com/postgres/postgres/blob/master/src/backend/replication/syncrep_scanner.l
func standbyTokens(s string) (tokens []standbyToken, ok bool) {
	for s != "" {
		n := 1
		switch c := s[0]; {
		case strings.IndexByte(" \t\n\r\f\v", c) >= 0:
			s = s[1:]
			continue
		case c == '"':
			var b strings.Builder
			for s = s[1:]; ; s = s[1:] {
				end := strings.IndexByte(s, '"')
				if end < 0 {
					return nil, false
				}
				b.WriteString(s[:end])
				if s = s[end+1:]; s == "" || s[0] != '"' {
					break
				}
				b.WriteByte('"')
			}
			tokens = append(tokens, standbyToken{b.String(), true})
			continue
		case isDigit(c):
			for n < len(s) && isDigit(s[n]) {
				n++
			}
		case isNameStart(c):
			for n < len(s) && (isNameStart(s[n]) || isDigit(s[n]) || s[n] == '$') {
				n++
			}
		case strings.IndexByte("(),*", c) < 0:
			return nil, false
		}
		tokens, s = append(tokens, standbyToken{text: s[:n]}), s[n:]
	}
	return tokens, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNameStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= 0x80
}

// matches reports whether a walsender of that name counts as a synchronous standby, be it one that
// has to wait for others to fail. What is not understood may match.
func (s *standbyNames) matches(name string) bool {
	return s == nil ||
		slices.ContainsFunc(s.names, func(n string) bool { return n == "*" || sameName(n, name) })
}

// sameName compares as pg_strcasecmp does with names like ours, which are ASCII.
func sameName(a, b string) bool {
	lower := func(s string) string {
		return strings.Map(func(r rune) rune {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}, s)
	}
	return lower(a) == lower(b)
}

// without returns the value that names the same standbys, but not name. In place of *, and where
// none is left, stand those that are connected.
func (s *standbyNames) without(name string, connected []string) string {
	var names []string
	add := func(n string) {
		if !slices.ContainsFunc(names, func(other string) bool { return sameName(n, other) }) &&
			!sameName(n, name) {
			names = append(names, n)
		}
	}
	for _, n := range s.names {
		if n != "*" {
			add(n)
		}
	}
	if len(names) == 0 || slices.Contains(s.names, "*") {
		for _, n := range connected {
			add(n)
		}
	}
	if len(names) == 0 {
		names = []string{"name of the standby"}
	}
	for i, n := range names {
		names[i] = pg.Identifier(n)
	}
	return fmt.Sprintf("%s %d (%s)", s.method, min(s.count, len(names)), strings.Join(names, ", "))
}

// blocked reports whether a stream of that database would be a synchronous standby.
func (s *system) blocked() bool { return parseStandbyNames(s.synchronous).matches(s.application) }

// explainBlocked returns the Blocked that the stream has met, in the words of FindBlocked.
func (s *Source) explainBlocked(ctx context.Context) error {
	config, err := pg.PoolConfig(s.cfg.URL, 1)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	blocked, err := FindBlocked(ctx, conn)
	switch {
	case err != nil:
		return err
	case blocked != nil:
		return blocked
	}
	return fmt.Errorf("%s has changed at this moment", synchronousNames)
}

// FindBlocked looks for what keeps Hookline from reading the slot though nothing is lost; nil when
// there is nothing.
func FindBlocked(ctx context.Context, conn *pgx.Conn) (*Blocked, error) {
	finding, err := checkSynchronous(ctx, conn)
	if err != nil || finding.Level != Wrong {
		return nil, err
	}
	return &Blocked{Problem{What: finding.Found, Hint: finding.hintWithSQL()}}, nil
}

// checkSynchronous looks at synchronous_standby_names on a connection of the same name as the one
// that reads the slot.
func checkSynchronous(ctx context.Context, conn *pgx.Conn) (f Finding, err error) {
	var setting, own string
	var connected []string
	err = conn.QueryRow(ctx, `
		SELECT current_setting('`+synchronousNames+`'), current_setting('application_name'), ARRAY(
			SELECT DISTINCT r.application_name FROM pg_stat_replication r
			WHERE r.application_name <> '' AND r.pid NOT IN (
				SELECT active_pid FROM pg_replication_slots WHERE slot_type = 'logical'
				    AND active_pid IS NOT NULL)
			ORDER BY 1)`).Scan(&setting, &own, &connected)
	if err != nil {
		return f, fmt.Errorf("look at %s: %w", synchronousNames, err)
	}
	names := parseStandbyNames(setting)
	if !names.matches(own) {
		return OK(synchronousNames, "%s", cmp.Or(setting, "none")), nil
	}
	platform, err := queryPlatform(ctx, conn)
	if err != nil {
		return f, err
	}
	want := `FIRST 1 ("name of the standby")`
	if names != nil {
		want = names.without(own, connected)
	}
	f = Finding{
		Level: Wrong, Check: synchronousNames,
		Found: fmt.Sprintf("%s is %q and matches %q, the application_name of Hookline: as a "+
			"synchronous standby it would have every commit "+
			"of the CRM wait for the receivers of webhooks", synchronousNames, setting, own),
	}
	mend, sql := platform.set(synchronousNames, want, false)
	f.Hint, f.SQL = "name the standbys (by their application_name in pg_stat_replication); "+mend, sql
	return f, nil
}
