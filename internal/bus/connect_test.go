package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"hookline/cdc"
	"hookline/internal/natstest"
)

// Whatever is wrong with a server or a user is told, with what is to be done, and without passwords.
func TestConnectFaults(t *testing.T) {
	const secret = "confidential"
	address := func(s *server.Server, user string) string {
		return strings.Replace(s.ClientURL(), "nats://", "nats://"+user+":"+secret+"@", 1)
	}
	locked := natstest.Options(t.TempDir())
	locked.Username, locked.Password = "hookline", "another"
	without := natstest.Options(t.TempDir())
	without.JetStream = false
	accounts := natstest.Options(t.TempDir())
	accounts.NoSystemAccount = false
	plain := server.NewAccount("PLAIN")
	accounts.Accounts = []*server.Account{plain}
	accounts.Users = []*server.User{{Username: "plain", Password: secret, Account: plain}}
	gone := natstest.Start(t, natstest.Options(t.TempDir()))
	goneURL := address(gone, "x")
	gone.Shutdown()

	for name, c := range map[string]struct {
		url, what string
		away      bool
	}{
		"no server":       {goneURL, "NATS at 127.0.0.1", true},
		"wrong password":  {address(natstest.Start(t, locked), "hookline"), "does not let Hookline in", false},
		"no JetStream":    {natstest.Start(t, without).ClientURL(), "has no JetStream", false},
		"not for account": {address(natstest.Start(t, accounts), "plain"), "is off for the account", false},
		"no URL":          {"nats://u:" + secret + "@[::", "", true},
	} {
		_, err := Connect(t.Context(), config(c.url), slog.New(slog.DiscardHandler))
		if err == nil || IsAway(err) != c.away || !strings.Contains(fmt.Sprint(err), c.what) {
			t.Errorf("%s: %v", name, err)
		}
		if _, told := errors.AsType[*cdc.Problem](err); told == c.away {
			t.Errorf("%s is a problem: %v", name, told)
		}
		if strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("%s: the password is shown", name)
		}
	}
}

// Two databases in one bus keep apart; one that takes another's name is told.
func TestTwoDatabases(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	mine, other := config(s.ClientURL()), config(s.ClientURL())
	other.Name = "other"
	b, c := connect(t, mine), connect(t, other)
	wait(t, send(t, publisher(t, b, &memory{}), "w", rangeOf(0, 3)...))
	wait(t, send(t, publisher(t, c, &memory{}), "w", rangeOf(5, 7)...))
	if n, m := len(stored(t, b, mine)), len(stored(t, b, other)); n != 3 || m != 2 {
		t.Errorf("%d and %d are stored", n, m)
	}
	_, _, err := connect(t, mine).MakeStream(t.Context(), &memory{})
	if blocked, ok := errors.AsType[*cdc.Blocked](err); !ok || !strings.Contains(blocked.Hint, "HOOKLINE_NAME") {
		t.Errorf("with another's name: %v", err)
	}
}

// Who leaves the bus removes the stream of its own, and none that another database has made.
func TestRemove(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t, natstest.Options(t.TempDir()))
	cfg, log := config(server.ClientURL()), slog.New(slog.DiscardHandler)
	b, mine := connect(t, cfg), &memory{}
	if _, _, err := b.MakeStream(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	other := &Memo{Stream: cfg.Stream(), Incarnation: "another", Partitions: 4}
	if left, err := FindLeft(t.Context(), cfg, other, log); err != nil || !left.Foreign {
		t.Errorf("another database finds %+v, %v", left, err)
	}
	if err := Remove(t.Context(), cfg, other, log); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.MakeStream(t.Context(), mine); err != nil {
		t.Errorf("another database has removed the stream: %v", err)
	}
	if _, err := b.bucket(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := FindLeft(t.Context(), cfg, mine.memo, log); err != nil || left.Foreign {
		t.Errorf("its own database finds %+v, %v", left, err)
	}
	if err := Remove(t.Context(), cfg, mine.memo, log); err != nil {
		t.Fatal(err)
	}
	if left, err := FindLeft(t.Context(), cfg, mine.memo, log); err != nil || left != nil {
		t.Errorf("what is removed is found: %+v, %v", left, err)
	}
	_, _, err := b.MakeStream(t.Context(), mine)
	if gap, ok := errors.AsType[*cdc.Gap](err); !ok || gap.Reason != cdc.BusLost {
		t.Errorf("the stream is still there: %v", err)
	}
}

// What lies in a partition that nobody has is told, and what no consumer brings.
func TestReport(t *testing.T) {
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	cfg := config(s.ClientURL())
	b := connect(t, cfg)
	m := &memory{}
	read := func() *Report {
		t.Helper()
		r, err := ReadReport(t.Context(), cfg, m, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := read(); r != nil {
		t.Errorf("before the stream is made: %v", r)
	}
	sendEach(t, publisher(t, b, m), "w", rangeOf(0, 10)...)
	partition := PartitionOf("w", 4)
	if r := read(); r.Messages != 10 || len(r.Unheld) != 4 || len(r.Problems()) != 1 ||
		r.Waiting != 10 || r.Parts[partition] != (Part{Waiting: 10}) ||
		!slices.Equal(r.Fullest(2), []int{partition}) {
		t.Errorf("without a sender: %+v, %v", r, r.Problems())
	}
	k := keep(t, b, 4)
	until(t, "all partitions are held", func() bool { return len(k.held()) == 4 })
	if r := read(); len(r.Unheld) != 0 || len(r.Stranded) != 1 || r.Stranded[0] != partition {
		t.Errorf("without a consumer: %+v", r)
	}
	var got collected
	end := run(t, newIntake(b, 1), func(m Message, _ func()) { got.add(m.Event.ID) })
	defer end()
	until(t, "all came", func() bool { return got.len() == 10 })
	if r := read(); len(r.Problems()) != 0 || r.InHand != 10 || r.Messages != 10 ||
		r.Parts[partition] != (Part{InHand: 10}) || len(r.Fullest(2)) > 0 {
		t.Errorf("in order: %+v, %v", r, r.Problems())
	}
}

// A cluster loses its leader, and then another server, while much is on its way: all is stored once
// and in order, with three replicas.
func TestCluster(t *testing.T) {
	servers, urls := natstest.Cluster(t)
	cfg := config(urls)
	cfg.Replicas = 3
	b := connect(t, cfg)
	var p *Publisher
	until(t, "the cluster is there", func() bool {
		_, err := b.js.AccountInfo(t.Context())
		return err == nil
	})
	p = publisher(t, b, &memory{})
	list := rangeOf(0, 2000)
	wait(t, send(t, p, "w", list[:1000]...))
	stream, err := b.js.Stream(t.Context(), cfg.Stream())
	if err != nil {
		t.Fatal(err)
	}
	leader := stream.CachedInfo().Cluster.Leader
	settled := send(t, p, "w", list[1000:1200]...)
	for _, s := range servers {
		if s.Name() == leader {
			s.Shutdown()
		}
	}
	rest := send(t, p, "w", list[1200:]...)
	wait(t, settled)
	wait(t, rest)
	var got []string
	until(t, "all are stored", func() bool { // a new leader may have to read what it has
		got = stored(t, b, cfg)
		return len(got) >= len(list)
	})
	if !slices.Equal(got, ids(list)) {
		t.Errorf("%d are stored, or in another order", len(got))
	}
}
