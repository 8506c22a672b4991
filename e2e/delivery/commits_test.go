package delivery

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// One webhook hears of commits, another one of changes; and a large transaction is told in parts,
// whenever Hookline is killed.
func TestCommits(t *testing.T) {
	t.Parallel()
	for _, on := range pairs {
		t.Run(on.String(), func(t *testing.T) {
			t.Parallel()
			testCommits(t, on.major, on.identity)
		})
	}
}

// pair is a version of Postgres, and what becomes of replica identities.
type pair struct {
	major    int
	identity string // HOOKLINE_REPLICA_IDENTITY
}

func (p pair) String() string { return fmt.Sprintf("Postgres %d, %s", p.major, p.identity) }

// pairs are both identities, and both versions. The other identity on 18 comes where that is the
// default version.
var pairs = []pair{{0, "full"}, {0, "keep"}, {18, "full"}}

const accounts = `
	CREATE TABLE accounts (id text PRIMARY KEY, login_state text, note text,
	  version int NOT NULL DEFAULT 0);
	INSERT INTO accounts (id, login_state) VALUES ('ada', 'ok'), ('bob', 'ok'), ('eve', 'ok'), ('joe',
	  'ok');
	CREATE TABLE items (id text PRIMARY KEY, filling text NOT NULL, version int NOT NULL);
	INSERT INTO items SELECT to_char(i, 'FM0000'), repeat('x', 6400), 0 FROM generate_series(1, 600) i`

// savings are transactions as applications write them.
var savings = []string{
	`UPDATE accounts SET login_state = NULL WHERE id = 'ada';
	UPDATE accounts SET version = 1 WHERE id = 'ada';
	UPDATE accounts SET login_state = 'ok', note = 'hashed' WHERE id = 'ada'`,

	`INSERT INTO accounts (id, note) SELECT 'new', string_agg(md5(i::text), '') FROM generate_series(1, 400) i;
	UPDATE accounts SET version = 1 WHERE id = 'new'; UPDATE accounts SET version = 2 WHERE id = 'new'`,

	`INSERT INTO accounts (id) VALUES ('never'); UPDATE accounts SET version = 1 WHERE id = 'never'; DELETE FROM accounts WHERE id = 'never'`,
	`DELETE FROM accounts WHERE id = 'bob'; INSERT INTO accounts (id, version) VALUES ('bob', 2)`,
	`UPDATE accounts SET id = 'eve2' WHERE id = 'eve'; UPDATE accounts SET id = 'eve3', version = 3 WHERE id = 'eve2'`,
	// nothing differs
	`UPDATE accounts SET version = 9 WHERE id = 'joe'; UPDATE accounts SET version = 0 WHERE id = 'joe'`,
	`DELETE FROM accounts WHERE id = 'joe'`,
}

func testCommits(t *testing.T, major int, identity string) {
	t.Helper()
	db := e2e.NewDatabaseMajor(t, major)
	db.Exec(accounts)
	settings := []string{
		"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_REPLICA_IDENTITY=" + identity, e2e.Often,
		"HOOKLINE_SECRET_COLUMNS=items.filling",
	}
	db.SetUp(settings...)
	commits, changes := newItems(t), newItems(t)
	for box, per := range map[*items]*string{commits: nil, changes: new("change")} {
		db.Exec("INSERT INTO hookline.webhook (url, secret, per) VALUES ($1, $2, $3)", box.URL(),
			box.Secret, per)
	}
	sut := e2e.Start(t, db, settings...).Until("active")
	for _, sql := range savings {
		db.Exec("BEGIN; " + sql + "; COMMIT")
	}
	want := map[*items][]string{
		commits: {
			"ada updated 1 hashed note,version", "new created 2 12800", "bob updated 2  loginState,version",
			"eve3 updated 3  id,version was eve", "joe deleted 0 ",
		},
		changes: {
			"ada updated 0  loginState", "ada updated 1  version", "ada updated 1 hashed loginState,note",
			"new created 0 12800", "new updated 1 12800 version", "new updated 2 12800 version",
			"never created 0 ", "never updated 1  version", "never deleted 1 ",
			"bob updated 2  loginState,version",
			"eve2 updated 0  id was eve", "eve3 updated 3  id,version was eve2",
			"joe updated 9  version", "joe updated 0  version", "joe deleted 0 ",
		},
	}
	if identity == "keep" { // nothing is known of the row before, nor of one that is gone but its key
		for _, list := range want {
			for i, text := range list {
				words := strings.Split(text, " ")
				switch words[1] {
				case "updated":
					_, was, moved := strings.Cut(text, " was ")
					if list[i] = strings.Join(words[:4], " "); moved {
						list[i] += " was " + was
					}
				case "deleted":
					list[i] = words[0] + " deleted 0 "
				}
			}
		}
		want[commits] = slices.Insert(want[commits], 4, "joe updated 0 ")
	}
	for box, list := range want {
		e2e.Eventually(t, func() error {
			if got := box.accounts(); !slices.Equal(sorted(got), sorted(list)) {
				return fmt.Errorf("got %q, want %q", sorted(got), sorted(list))
			}
			return nil
		})
	}
	db.Exec(
		"BEGIN; UPDATE items SET version = 1; UPDATE items SET version = 2 WHERE id > '0550'; UPDATE " +
			"items SET version = 3; COMMIT")
	for _, events := range []int{40, 400, 900} {
		e2e.Eventually(t, func() error {
			if n := commits.told(); n < events {
				return fmt.Errorf("%d items are told, want %d", n, events)
			}
			return nil
		})
		sut.Kill()
		sut = e2e.Start(t, db, settings...)
	}
	for _, box := range []*items{commits, changes} {
		e2e.Eventually(t, func() error { return box.complete(600, 3) })
	}
	sut.Stop()
	if parts := commits.parts; parts == 0 || parts >= 1200 || changes.parts > 0 {
		t.Errorf("%d events are told as parts, and %d of changes", parts, changes.parts)
	}
	if ids := len(changes.bodies); ids != 1250 {
		t.Errorf("%d events of changes, want 1250", ids)
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// items is an inbox that notes what it hears of accounts, and the last state of each item.
type items struct {
	*e2e.Inbox

	mu     sync.Mutex
	t      *testing.T
	texts  []string
	bodies map[string]string // of items, by id
	last   map[string]int    // versions
	whole  map[string]bool   // it was told as committed
	parts  int
}

func newItems(t *testing.T) *items {
	b := &items{
		Inbox: e2e.NewInbox(t), t: t, bodies: map[string]string{}, last: map[string]int{},
		whole: map[string]bool{},
	}
	b.Answers(b.answer)
	return b
}

func (b *items) answer(r receiver.Request) receiver.Answer {
	var body struct {
		Data struct {
			ID      string
			Note    string
			Version int
		}
		UpdatedFields []string
		PreviousKey   struct{ ID string }
		Part          *struct{ Of string }
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := json.Unmarshal(r.Body, &body); err != nil {
		b.t.Errorf("%s: %v", r.Body, err)
		return receiver.Answer{Status: http.StatusBadRequest}
	}
	object, action, _ := strings.Cut(r.Event, ".")
	if object == "account" {
		note := body.Data.Note
		if len(note) > 100 {
			note = fmt.Sprint(len(note))
		}
		text := fmt.Sprintf("%s %s %d %s", body.Data.ID, action, body.Data.Version, note)
		if body.UpdatedFields != nil {
			text += " " + strings.Join(body.UpdatedFields, ",")
		}
		if body.PreviousKey.ID != "" {
			text += " was " + body.PreviousKey.ID
		}
		b.texts = append(b.texts, text)
		return receiver.Answer{}
	}
	if before, again := b.bodies[r.ID]; again {
		if before != string(r.Body) {
			b.t.Errorf("%s came as\n%s\nand as\n%s", r.ID, before, r.Body)
		}
		return receiver.Answer{}
	}
	b.bodies[r.ID] = string(r.Body)
	id := body.Data.ID
	if b.last[id] > body.Data.Version {
		b.t.Errorf("item %s is told as of version %d after %d", id, body.Data.Version, b.last[id])
	}
	b.last[id] = body.Data.Version
	if b.whole[id] = body.Part == nil; body.Part != nil {
		b.parts++
		if !strings.HasPrefix(r.ID, body.Part.Of+"_") || !strings.HasSuffix(r.ID, "p") {
			b.t.Errorf("event %s is a part of %s", r.ID, body.Part.Of)
		}
	}
	return receiver.Answer{}
}

func (b *items) accounts() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.texts)
}

func (b *items) told() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.bodies)
}

// complete returns an error while not all items have come to a version.
func (b *items) complete(n, version int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, got := range b.last {
		if got != version {
			return fmt.Errorf("item %s is at version %d, want %d", id, got, version)
		}
	}
	if len(b.last) != n {
		return fmt.Errorf("%d items are told, want %d", len(b.last), n)
	}
	return nil
}
