package doctor

import (
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/admin/api"
	"hookline/cdc"
	"hookline/internal/crm"
	"hookline/mapper"
	"hookline/mapper/twenty"
	"hookline/webhook"
)

func TestCheckSlot(t *testing.T) {
	safe := func(n int64) *int64 { return &n }
	const mib = 1 << 20
	for name, test := range map[string]struct {
		slot  crm.SlotStatus
		rate  float64
		level cdc.Level
		says  string
	}{
		"at work": {
			crm.SlotStatus{Active: true, WALStatus: "reserved"},
			0, cdc.Fine,
			"is active, 0 B behind",
		},
		"unread": {
			crm.SlotStatus{WALStatus: "reserved", RetainedBytes: mib},
			0,
			cdc.Warning, "keeps 1.0 MiB",
		},
		"about to be lost": {crm.SlotStatus{
			Active: true, WALStatus: "unreserved",
			SafeBytes: safe(-mib),
		}, 1, cdc.Wrong, "lost after another 0 B"},
		"bounded": {crm.SlotStatus{
			Active: true, WALStatus: "reserved",
			SafeBytes: safe(60 * mib),
		}, mib, cdc.Fine, "another 60 MiB, some 1m0s"},
		"behind, and soon lost": {crm.SlotStatus{
			Active: true, SafeBytes: safe(60 * mib),
			LagBytes: 30 * mib,
		}, mib, cdc.Warning, "some 1m0s"},
		"behind, with time": {crm.SlotStatus{
			Active: true, SafeBytes: safe(60 * mib),
			LagBytes: 30 * mib,
		}, 60, cdc.Fine, "some 291h16m0s"},
		"nothing is written": {crm.SlotStatus{
			Active: true, SafeBytes: safe(60 * mib),
			LagBytes: 30 * mib,
		}, 0, cdc.Fine, "another 60 MiB"},
	} {
		f := checkSlot(test.slot, test.rate)
		if f.Level != test.level || !strings.Contains(f.Found, test.says) ||
			(f.Hint == "") != (f.Level == cdc.Fine) {
			t.Errorf("%s: %+v, want it %s, with %q", name, f, test.level, test.says)
		}
	}
}

func TestCheckQueues(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		queues []crm.QueueStatus
		gaps   []api.GaveUp
		levels []cdc.Level
		says   string // of the first
	}{
		"empty": {nil, nil, []cdc.Level{cdc.Fine}, "reachable; 0 waiting, 0 dead, 0 B"},
		"waiting": {
			[]crm.QueueStatus{{Waiting: 2, Bytes: 10, Oldest: now.Add(-time.Hour)}, {
				Waiting: 1, Bytes: 5,
				Oldest: now.Add(-3 * time.Hour),
			}},
			nil,
			[]cdc.Level{cdc.Fine},
			"3 waiting, 0 dead, 15 B, the first since 3 hours ago",
		},
		"dead": {[]crm.QueueStatus{{Dead: 2}}, nil, []cdc.Level{cdc.Warning}, "2 dead"},
		"paused": {
			[]crm.QueueStatus{{Paused: "410"}},
			nil,
			[]cdc.Level{cdc.Fine, cdc.Wrong},
			"reachable",
		},
		"deleted while it was paused": {
			[]crm.QueueStatus{{Paused: "410", Waiting: 1, Deleted: true}},
			nil,
			[]cdc.Level{cdc.Fine, cdc.Wrong},
			"1 waiting",
		},
		"deleted, and nothing waits": {
			[]crm.QueueStatus{{Paused: "410", Full: true, Deleted: true}},
			nil,
			[]cdc.Level{cdc.Fine},
			"0 waiting",
		},
		"full": {
			[]crm.QueueStatus{{Full: true}},
			[]api.GaveUp{{Events: 3, Began: now.Add(-time.Hour), Ended: now}, {Events: 4, Began: now}},
			[]cdc.Level{cdc.Fine, cdc.Wrong, cdc.Warning},
			"7 events given up so far",
		},
	} {
		var levels []cdc.Level
		found := checkQueues(test.queues, test.gaps, now)
		for _, f := range found {
			levels = append(levels, f.Level)
			if f.Level != cdc.Fine && f.Hint == "" {
				t.Errorf("%s: nothing is said that mends %+v", name, f)
			}
		}
		if !reflect.DeepEqual(levels, test.levels) || !strings.Contains(found[0].Found, test.says) {
			t.Errorf("%s: %+v, want levels %v, and %q", name, found, test.levels, test.says)
		}
	}
}

func TestCheckConnection(t *testing.T) {
	for code, want := range map[string]string{
		"28P01": "password", "28000": "pg_hba.conf", "3D000": "psql -l", "53300": "max_connections",
		"XX000": "HOOKLINE_DATABASE_URL",
	} {
		f := checkConnection(&pgconn.PgError{Code: code, Message: "refused"})
		if f.Level != cdc.Wrong || !strings.Contains(f.Hint, want) {
			t.Errorf("%s: %+v, want %q", code, f, want)
		}
	}
}

// Of Twenty's webhooks, those count as doubles that Twenty's own server sends to as well.
func TestCheckDoubles(t *testing.T) {
	hook := func(table string, state webhook.RowState, operations ...string) webhook.Status {
		return webhook.Status{Table: table, State: state, Operations: operations}
	}
	twenty := twenty.New(twenty.Config{}, slog.New(slog.DiscardHandler))
	for name, test := range map[string]struct {
		serves string
		hooks  []webhook.Status
		doubly bool
	}{
		"plain": {"all", []webhook.Status{hook("core.webhook", webhook.Active, "*.*")}, true},
		"older": {
			"all",
			[]webhook.Status{hook("workspace_1.webhook", webhook.Active, "*.*")},
			true,
		},
		"partly marked": {"all", []webhook.Status{hook("core.webhook", webhook.Active, "hookline:*.*",
			"person.*")}, true},
		"marked": {
			"all",
			[]webhook.Status{hook("core.webhook", webhook.Active, "hookline:*.*")},
			false,
		},
		"off": {"all", []webhook.Status{hook("core.webhook", webhook.Disabled, "*.*")}, false},
		"ours": {
			"all",
			[]webhook.Status{hook("hookline.webhook", webhook.Active, "*.*")},
			false,
		},
		"only the named": {
			"marked",
			[]webhook.Status{hook("core.webhook", webhook.Active, "*.*")},
			false,
		},
	} {
		found := checkDoubles(webhook.Config{TwentyWebhooks: test.serves, Schema: "hookline"}, twenty,
			test.hooks)
		if (found != nil) != test.doubly {
			t.Errorf("%s: %+v, want a warning: %t", name, found, test.doubly)
		}
	}
}

// silent is a catalog of a database of which nothing is announced.
type silent struct{ mapper.Catalog }

func (silent) Announces([]cdc.Table, string, string) (bool, error) { return false, nil }

// Who asks for operator events hears of them, in Hookline's own table; in the CRM's nobody does.
func TestOperatorEventsAreAnnounced(t *testing.T) {
	for table, want := range map[string]int{"hookline.webhook": 1, "public.webhooks": 3} {
		found := checkOperations(webhook.Config{Schema: "hookline"}, silent{}, nil, webhook.Status{
			Table: table, State: webhook.Active,
			Operations: []string{"hookline.*", "hookline.failing", "deal.created", "*.created"},
		})
		if len(found) != want {
			t.Errorf("%s: %+v, want %d warnings", table, found, want)
		}
	}
}
