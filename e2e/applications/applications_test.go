package applications

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"hookline/e2e"
)

// TestApplications has users at work. E2E_APPLICATIONS says how many there are of each application,
// of whom one does what was recorded in an hour, and more; four, unless it is set.
func TestApplications(t *testing.T) {
	t.Parallel()
	users, long := 4, os.Getenv("E2E_APPLICATIONS")
	if long != "" {
		var err error
		if users, err = strconv.Atoi(long); err != nil || users < 1 {
			t.Fatalf("E2E_APPLICATIONS=%q: it takes a number of users", long)
		}
	}
	for _, name := range []string{"tryton", "request-tracker", "ledgersmb"} {
		t.Run(name, func(t *testing.T) {
			if long == "" {
				t.Parallel()
			}
			work(t, name, users)
		})
	}
}

// writers is how many connections the users have.
const writers = 2

func work(t *testing.T, name string, users int) {
	t.Helper()
	random := e2e.Random(t)
	app := read(t, name)
	db := e2e.NewDatabase(t)
	db.Exec(app.schema)
	app.identify(t, db.Conn)
	settings := []string{
		"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_HOLD_MAX=300ms",
		e2e.Often,
	}
	m := newMirror(t, random.Uint64())
	db.SetUp(settings...)
	db.Exec("INSERT INTO hookline.webhook (url, secret) VALUES ($1, $2)", m.URL, m.secret)
	sut := e2e.Start(t, db, settings...)

	var acts atomic.Int64
	tick := make(chan struct{}, 1) // after each act
	var group sync.WaitGroup
	for n := range writers {
		fresh := 10_000 * (n + 1) // what is done once more has keys of its own
		w := &worker{
			application: app, Rand: rand.New(rand.NewPCG(random.Uint64(), 2)), conn: db.Session(),
			fresh: &fresh,
		}
		for user := n; user < users; user += writers {
			w.users, w.next = append(w.users, user), append(w.next, wasThere)
		}
		group.Go(func() {
			for {
				more, err := w.act(t.Context())
				if err != nil {
					t.Errorf("a statement of the application has failed: %v", err)
				}
				if !more || err != nil {
					return
				}
				acts.Add(1)
				select {
				case tick <- struct{}{}:
				default:
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	kills, next := 0, int64(20+random.IntN(60))
	for working := true; working; {
		select {
		case <-tick:
			if acts.Load() >= next {
				sut.Kill()
				kills++
				next = acts.Load() + int64(30+random.IntN(120))
				sut = e2e.Start(t, db, settings...)
			}
		case <-ended:
			working = false
		}
	}
	sut.Kill()
	kills++
	sut = e2e.Start(t, db, settings...)
	list := listObjects(t, db, settings...)
	var rows int
	e2e.Eventually(t, func() error {
		var differ []string
		if rows, differ = m.compare(t, app, db.Conn, list); len(differ) > 0 {
			return fmt.Errorf("%d of %d rows differ:\n%s", len(differ), rows,
				strings.Join(differ[:min(len(differ), 10)], "\n"))
		}
		return nil
	})
	sut.Stop()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.wrong) > 0 {
		t.Errorf("%d events are wrong:\n%s", len(m.wrong),
			strings.Join(m.wrong[:min(len(m.wrong), 5)], "\n"))
	}
	if rows < 10*users || m.refused == 0 {
		t.Errorf("%d rows were compared, and %d requests refused", rows, m.refused)
	}
	t.Logf("%s: %d acts of %d users, %d events, %d requests refused, %d events that came again, "+
		"%d kills; of %d rows none differs", name, acts.Load(), users, len(m.ids), m.refused, m.again,
		kills, rows)
}
