package scale

import (
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"hookline/e2e"
	"hookline/internal/natstest"
)

// Teardown removes the stream and the bucket of this database with all that is in it, and nothing
// of another one. It tells of them where it may not reach them, and removes nothing at all while it
// cannot.
func TestTeardown(t *testing.T) {
	t.Parallel()
	options := natstest.Options(t.TempDir())
	options.Port = natstest.FreePort(t)
	start := func() *server.Server { return natstest.Start(t, options) }
	nats := start()
	g := newGround(t, nats.ClientURL(), 1)
	js := natstest.Client(t, nats.ClientURL())
	other := jetstream.StreamConfig{Name: "hookline-other", Subjects: []string{"hookline.other.*"}}
	if _, err := js.CreateStream(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	g.db.OneByOne("contact", 3)
	reader := g.start("reader").Until("active")
	sender := g.start("sender") // which makes the bucket
	holds(t, partitions, sender)
	e2e.Eventually(t, g.boxes[0].Gets(g.db.Diary()...).Missing)
	sender.Stop()
	g.unpacked(reader, "more", 5)
	g.says(3, "5 waiting, 0 in hand, nobody has it", "status")
	g.says(1, "at work in this database", "teardown", "--yes")
	reader.Stop()

	const what = "stream and bucket hookline-hookline of NATS"
	g.says(0, "-- "+what+", with 5 unsettled messages\n", "teardown", "--dry-run")
	with := g.settings
	g.settings = nil
	g.says(0, "nats stream rm hookline-hookline", "teardown", "--dry-run")
	g.settings = with
	nats.Shutdown()
	nats.WaitForShutdown()
	g.says(1, "so nothing is; to leave it in NATS, unset HOOKLINE_NATS_URL", "teardown", "--yes")
	start()
	e2e.Eventually(t, func() error {
		_, err := js.AccountInfo(t.Context())
		return err
	})
	g.says(0, what+", with 5 unsettled messages: removed\n", "teardown", "--yes")
	for name := range js.StreamNames(t.Context()).Name() {
		if name != other.Name {
			t.Errorf("stream %s is left", name)
		}
	}
	if _, err := js.Stream(t.Context(), other.Name); err != nil {
		t.Errorf("the stream of another database: %v", err)
	}
	g.says(0, "nothing of Hookline to remove", "teardown", "--yes")
}

// Where another Hookline uses the same tables they stay. What they tell of the stream does not: it
// is removed, and would be taken for lost by a Hookline that comes back.
func TestTeardownBesideAnother(t *testing.T) {
	t.Parallel()
	nats := natstest.Start(t, natstest.Options(t.TempDir()))
	g := newGround(t, nats.ClientURL(), 1)
	g.start("reader").Until("active").Stop()
	g.db.Exec(`SELECT pg_create_logical_replication_slot('another', 'pgoutput')`)
	g.db.Exec(`INSERT INTO hookline.checkpoint SELECT (jsonb_populate_record(c,
		jsonb_build_object('slot', 'another', 'id', gen_random_uuid()))).* FROM hookline.checkpoint c`)
	g.says(0, "it is there for slot another, too", "teardown", "--yes")
	if n := e2e.Value[int](g.db, `SELECT count(*) FROM hookline.bus`); n != 0 {
		t.Error("the stream that was removed is remembered")
	}
	g.db.Exec(`SELECT pg_drop_replication_slot('another')`)
	g.says(0, "schema hookline: removed", "teardown", "--yes")
}
