package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"hookline/internal/operate"
	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/sender"
	"hookline/spool"
)

var discard = slog.New(slog.DiscardHandler)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestMoment(t *testing.T) {
	var m moment
	if err := m.UnmarshalText([]byte("2025-02-10T16:30:00+01:00")); err != nil ||
		!time.Time(m).Equal(time.Date(2025, 2, 10, 15, 30, 0, 0, time.UTC)) {
		t.Errorf("a time: %v, %v", time.Time(m), err)
	}
	if err := m.UnmarshalText([]byte("2h30m")); err != nil ||
		time.Since(time.Time(m)).Round(time.Hour/2) != 5*time.Hour/2 {
		t.Errorf("2h30m: %v, %v", time.Time(m), err)
	}
	for _, text := range []string{"", "-2h", "2025-02-10", "yesterday"} {
		if err := m.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(),
			"2h for two hours ago") {
			t.Errorf("%q is %v, %v, want an error that tells what it takes", text, time.Time(m), err)
		}
	}
}

// command reads a command line of hookline deliveries.
func command(t *testing.T, args ...string) (c deliveriesCommand, err error) {
	t.Helper()
	parser, err := kong.New(&c, about)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return c, err
}

func TestReplayAndDiscardWantToKnowWhich(t *testing.T) {
	for _, name := range []string{"replay", "discard"} {
		if _, err := command(t, name, "--dry-run"); err == nil || !strings.Contains(err.Error(),
			"--all") {
			t.Errorf("%s of nothing in particular: %v", name, err)
		}
		for _, which := range []string{
			"evt_1", "--all", "--webhook=a", "--event=person.*", "--event=*.*",
			"--since=2h", "--until=2h",
		} {
			if _, err := command(t, name, which); err != nil {
				t.Errorf("%s %s: %v", name, which, err)
			}
		}
	}
}

var (
	committed = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	later     = committed.Add(time.Hour)
)

// newSpool has deliveries of event 1 and 2 to a, and of event 1 and 3 to b, of which 1 and 3 are
// dead.
func newSpool(t *testing.T, cfg spool.Config) *spool.Spool {
	t.Helper()
	s, err := spool.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := errors.Join(s.Migrate(t.Context(), discard), s.Claim(t.Context())); err != nil {
		t.Fatal(err)
	}
	event := func(n int) *mapper.Event {
		return mapper.NewEvent(mapper.Parts{
			ID: fmt.Sprint("evt_", n), Object: "person", Action: mapper.Updated,
			Time:    committed.Add(time.Duration(n) * time.Second),
			Updated: []string{"city"}, Data: fmt.Appendf(nil, `{"id":%d,"city":"Zoë"}`, n),
		})
	}
	_, err = s.Put(t.Context(), []sender.Spooled{
		{Webhook: "a", Event: event(1), Dead: true, Attempts: 12, Status: 500},
		{Webhook: "a", Event: event(2), Attempts: 3, Reason: "timeout", Due: later.Add(5 * time.Minute)},
		{Webhook: "b", Event: event(1), Dead: true, Reason: "address blocked"},
		{Webhook: "b", Event: event(3), Dead: true, Attempts: 12, Status: 410},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantLines checks that out has lines that match, in this order and no others.
func wantLines(t *testing.T, out string, patterns ...string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	match := func(line, pattern string) bool {
		return regexp.MustCompile(`^` + pattern + `$`).MatchString(line)
	}
	if !slices.EqualFunc(lines, patterns, match) {
		t.Errorf("it says\n%s\nwant\n%s", out, strings.Join(patterns, "\n"))
	}
}

func TestDeliveriesList(t *testing.T) {
	s := newSpool(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	list := func(args ...string) string {
		t.Helper()
		c, err := command(t, append([]string{"list"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := c.List.list(t.Context(), s, &out, later); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	head := `ID +EVENT +WEBHOOK +STATE +ATTEMPTS +LAST +COMMITTED +NEXT`
	three := `evt_3 +person.updated +b +dead +12 +410 +2025-03-01T12:00:03Z +-`
	two := `evt_2 +person.updated +a +waiting +3 +timeout +2025-03-01T12:00:02Z +in 5m0s`
	oneA := `evt_1 +person.updated +a +dead +12 +500 +2025-03-01T12:00:01Z +-`
	oneB := `evt_1 +person.updated +b +dead +0 +address blocked +2025-03-01T12:00:01Z +-`
	wantLines(t, list(), head, three, oneA, oneB)
	wantLines(t, list("--state=all"), head, three, two, oneA, oneB)
	wantLines(t, list("--state=all", "--limit=1"), head, three, `There are more: .*`)
	wantLines(t, list("--state=waiting"), head, two)
	wantLines(t, list("--webhook=b", "--event=evt_1"), head, oneB)
	wantLines(t, list("--event=person.*", "--since=2025-03-01T12:00:03Z"), head, three)
	wantLines(t, list("--event=*.updated", "--until=2025-03-01T12:00:03Z"), head, oneA, oneB)
	wantLines(t, list("--event=company.updated"), `None is dead\. --state waiting has those that wait, --state all has both\.`)
	if _, err := s.Want(t.Context(), spool.Filter{Webhook: "a"}); err != nil {
		t.Fatal(err)
	}
	wantLines(t, list("--webhook=a"), head, strings.TrimSuffix(oneA, "-")+"will be sent again")

	var decoded []spool.Delivery
	if err := json.Unmarshal([]byte(list("--json", "--state=all", "--limit=2")),
		&decoded); err != nil || len(decoded) != 2 ||
		decoded[0].ID != "evt_3" || decoded[1].State != spool.Waiting ||
		!decoded[1].Due.Equal(later.Add(5*time.Minute)) {
		t.Errorf("as JSON: %+v, %v", decoded, err)
	}
	if none := list("--json", "--webhook=c"); strings.TrimSpace(none) != "[]" {
		t.Errorf("none as JSON: %q", none)
	}
}

func TestDeliveriesShow(t *testing.T) {
	s := newSpool(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	show := func(args ...string) (string, error) {
		t.Helper()
		c, err := command(t, append([]string{"show"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err = c.Show.show(t.Context(), s, &out, later)
		return out.String(), err
	}
	out, err := show("evt_2")
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, out,
		`id +evt_2`, `event +person\.updated`, `webhook +a`, `state +waiting`, `attempts +3`,
		`last attempt +20.*`, `ended with +timeout`, `next attempt +in 5m0s`,
		`committed +2025-03-01T12:00:02Z \(59 minutes ago\)`, `parked +20.*`, `size +.* B`,
		`updated fields +city`,
		`\{`, `  "id": 2,`, `  "city": "Zoë"`, `\}`)
	if out, err = show("evt_1"); err != nil || strings.Count(out, `"id": 1`) != 2 {
		t.Errorf("of two webhooks: %v\n%s", err, out)
	}
	if out, err = show("evt_1", "--webhook=b"); err != nil ||
		strings.Count(out, `"id": 1`) != 1 || !strings.Contains(out, "address blocked") {
		t.Errorf("of b: %v\n%s", err, out)
	}
	if out, err = show("evt_3", "--webhook=a"); err == nil || out != "" ||
		!strings.Contains(err.Error(), "event evt_3 to webhook a") {
		t.Errorf("of none: %v\n%s", err, out)
	}
}

func TestDeliveriesReplay(t *testing.T) {
	s := newSpool(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	replay := func(args ...string) (string, error) {
		t.Helper()
		c, err := command(t, append([]string{"replay"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err = c.Replay.replay(t.Context(), s, operate.KnownWebhooks{Unread: errors.ErrUnsupported}, &out,
			later)
		return out.String(), err
	}
	wanted := func() (n int) {
		t.Helper()
		queues, err := s.Queues(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range queues {
			n += q.Wanted
		}
		return n
	}
	when := `A running Hookline begins within a second\. ` +
		`If none runs, they are sent at its next start\.`
	say := func(args []string, patterns ...string) {
		t.Helper()
		out, err := replay(args...)
		if err != nil {
			t.Errorf("%q: %v", args, err)
		}
		wantLines(t, out, patterns...)
	}
	out, err := replay("evt_1", "evt_8", "evt_9")
	if err == nil || out != "" || !strings.Contains(err.Error(), "evt_8") ||
		!strings.Contains(err.Error(), "evt_9") || wanted() != 0 {
		t.Errorf("unknown IDs: %v, %d wanted\n%s", err, wanted(), out)
	}
	say([]string{"--all", "--dry-run"}, ` +1 to webhook a`, ` +2 to webhook b`,
		`3 dead deliveries would be sent again\.`)
	if n := wanted(); n != 0 {
		t.Errorf("a dry run has marked %d", n)
	}
	say([]string{"--webhook=b", "--event=evt_3"}, ` +1 to webhook b`,
		`1 dead delivery will be sent again\.`, when)
	say([]string{"evt_2", "evt_3"},
		`evt_3 to webhook b will be sent again already\.`,
		`evt_2 to webhook a is not dead: it waits for its next attempt, in 5m0s\.`,
		`0 dead deliveries will be sent again\.`)
	say([]string{"--all", "--dry-run"}, ` +1 to webhook a`, ` +1 to webhook b`,
		`2 dead deliveries would be sent again\.`)
	say([]string{"--since=2025-03-01T12:00:00Z"}, ` +1 to webhook a`, ` +1 to webhook b`,
		`2 dead deliveries will be sent again\.`, when)
	if n := wanted(); n != 3 {
		t.Errorf("%d are wanted, want 3", n)
	}
}

func TestDeliveriesDiscard(t *testing.T) {
	s := newSpool(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	remove := func(args ...string) (string, error) {
		t.Helper()
		c, err := command(t, append([]string{"discard"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err = c.Discard.discard(t.Context(), s, &out)
		return out.String(), err
	}
	left := func() (ids []string) {
		t.Helper()
		list, err := s.Find(t.Context(), spool.Filter{}, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			ids = append(ids, d.Webhook+d.ID)
		}
		return ids
	}
	before := left()
	if out, err := remove("evt_1", "evt_9"); err == nil || out != "" || !strings.Contains(err.Error(),
		"evt_9") || !slices.Equal(left(), before) {
		t.Errorf("an unknown ID: %v, %q are left\n%s", err, left(), out)
	}
	out, err := remove("evt_1", "evt_2", "--dry-run")
	if err != nil || !slices.Equal(left(), before) {
		t.Errorf("a dry run: %v, %q are left", err, left())
	}
	stays := `evt_2 to webhook a is not dead: it waits for its next attempt, and stays\.`
	wantLines(t, out, stays, ` +1 to webhook a`, ` +1 to webhook b`,
		`2 dead deliveries would be removed\.`)
	if out, err = remove("evt_1", "evt_2", "--webhook=a"); err != nil {
		t.Error(err)
	}
	wantLines(t, out, stays, ` +1 to webhook a`, `1 dead delivery removed\.`)
	if out, err = remove("--all"); err != nil {
		t.Error(err)
	}
	wantLines(t, out, ` +2 to webhook b`, `2 dead deliveries removed\.`)
	if got := left(); !slices.Equal(got, []string{"aevt_2"}) {
		t.Errorf("%q are left, want the one that waits", got)
	}
}

// TestDeliveriesExit runs whole command lines.
func TestDeliveriesExit(t *testing.T) {
	t.Setenv("HOOKLINE_DATABASE_URL", postgrestest.NewDatabase(t))
	if err := (deliveriesList{}).Run(t.Context()); !errors.Is(err, spool.ErrNotSetUp) {
		t.Errorf("without tables: %v, want %v", err, spool.ErrNotSetUp)
	}
	if code := execute([]string{"deliveries", "replay"}, io.Discard); code != exitUsage {
		t.Errorf("replay of nothing in particular ends with %d, want %d", code, exitUsage)
	}
	if code := execute([]string{"deliveries", "discard", "--all"}, io.Discard); code != exitFailed {
		t.Errorf("discard without tables ends with %d, want %d", code, exitFailed)
	}
}

// TestDeliveriesOf looks into the spool that the settings name.
func TestDeliveriesOf(t *testing.T) {
	cfg := spool.Config{URL: postgrestest.NewDatabase(t), Schema: "elsewhere", Slot: "other"}
	t.Setenv("HOOKLINE_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
	t.Setenv("HOOKLINE_SPOOL_DATABASE_URL", cfg.URL)
	t.Setenv("HOOKLINE_SCHEMA", cfg.Schema)
	t.Setenv("HOOKLINE_SLOT", cfg.Slot)
	s := newSpool(t, cfg)
	if code := execute([]string{"deliveries", "replay", "--all"}, io.Discard); code != exitFine {
		t.Errorf("replay ends with %d, want %d", code, exitFine)
	}
	if n, err := s.Count(t.Context(), spool.Filter{State: spool.Dead, Unwanted: true}); err != nil ||
		len(n) != 0 {
		t.Errorf("not marked: %+v, %v", n, err)
	}
	if code := execute([]string{"deliveries", "show", "evt_9"}, io.Discard); code != exitFailed {
		t.Errorf("to show what is not there ends with %d, want %d", code, exitFailed)
	}
	if code := execute([]string{"deliveries", "list", "--json"}, io.Discard); code != exitFine {
		t.Errorf("list ends with %d, want %d", code, exitFine)
	}
}
