package tenants

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// Whatever is committed, and whatever fails, dies and is sent again in between: everybody hears of
// his own, all of it in order, and no request, accepted or not, has anything of another tenant in
// it.
func TestNobodyHearsOfAnother(t *testing.T) {
	for name, test := range map[string]struct {
		new      func(*testing.T, *rand.Rand) *world
		settings []string
	}{
		"generic": {newGeneric, []string{genericTenants, "HOOKLINE_SHARED_TABLES=public.countries"}},
		"twenty":  {newTwenty, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := e2e.Random(t)
			w := test.new(t, random)
			settings := append(test.settings, e2e.Often, "HOOKLINE_HOLD_MAX=300ms")
			w.settings = settings
			inboxes := map[string]*e2e.Inbox{}
			for _, tenant := range w.tenants {
				inboxes[tenant] = e2e.NewInbox(t)
				w.hook(inboxes[tenant], tenant, "*.*")
			}
			silent, everything := e2e.NewInbox(t), e2e.NewInbox(t)
			w.hook(silent, nobody, "*.*")
			traveller, visitors := newTraveller(w), newVisitors(w)
			w.SetUp(settings...)
			w.Exec(`INSERT INTO hookline.webhook (url, secret, workspace_id) VALUES ($1, $2, '*')`,
				everything.URL(), everything.Secret)
			choosers, settler := newChoosers(w), newSettler(w)

			const lives, steps = 4, 40
			for life := range lives {
				sut := e2e.Start(t, w.Database, settings...).Until("active")
				// one of them fails at times, for records that change with each life
				for i, tenant := range w.tenants {
					inboxes[tenant].Answers(failing(life+i, random.IntN(3)))
					choosers[i].Answers(failing(life+i, random.IntN(2)))
				}
				settler.Answers(failing(life, random.IntN(3)))
				for i := range steps {
					w.step()
					if i%8 == 0 {
						visitors.step()
					}
					if i == steps/2 {
						traveller.move()
					}
				}
				if life < lives-1 {
					everything.UntilAccepted(len(w.all) / 2)
					sut.Kill()
					for _, box := range inboxes {
						box.ExpectReplay()
					}
					for _, c := range choosers {
						c.ExpectReplay()
					}
					settler.ExpectReplay()
					traveller.inbox.ExpectReplay()
					everything.ExpectReplay()
					continue
				}
				want := map[*e2e.Inbox][]e2e.Entry{everything: w.all, silent: nil}
				for tenant, box := range inboxes {
					box.Answers(nil)
					want[box] = w.heard[tenant]
				}
				for _, c := range choosers {
					c.Answers(nil)
					want[c.Inbox] = c.due(w)
				}
				for box, entries := range want {
					e2e.Eventually(t, box.Gets(entries...).Missing)
				}
				settler.Answers(nil)
				e2e.Eventually(t, func() error { return settler.told(w) })
				sut.Stop()
				for box, entries := range want {
					compare(box, entries)
				}
			}
			w.replay(inboxes, everything, traveller, settings)
			for tenant, box := range inboxes {
				w.inspect(box, tenant)
			}
			for _, c := range choosers {
				w.inspectChooser(c)
			}
			w.inspect(settler.Inbox, settler.tenant)
			traveller.inspect()
			visitors.inspect()
		})
	}
}

// compare checks that an inbox got all of the entries and nothing else, each record's in order.
// What was sent before a process died may come again, once from the spool and once from the stream:
// that counts where it came first.
func compare(box *e2e.Inbox, entries []e2e.Entry) {
	box.T.Helper()
	due, got := map[string][]e2e.Entry{}, map[string][]e2e.Entry{}
	for _, e := range entries {
		due[e.Key()] = append(due[e.Key()], e)
	}
	bodies := map[string]string{}
	for _, a := range box.Accepted {
		if body, again := bodies[a.ID]; !again {
			got[a.Key()] = append(got[a.Key()], a.Entry)
		} else if body != a.Body {
			box.T.Errorf("the body of %s has changed from\n%s\nto\n%s", a.ID, body, a.Body)
		}
		bodies[a.ID] = a.Body
	}
	for _, record := range slices.Sorted(maps.Keys(got)) {
		if due[record] == nil {
			box.T.Errorf("unexpected: %+v", got[record])
		}
	}
	for _, record := range slices.Sorted(maps.Keys(due)) {
		if !slices.Equal(got[record], due[record]) {
			box.T.Errorf("%s: got\n%+v\nwant\n%+v", record, got[record], due[record])
		}
	}
}

// chosen reports whether a record is among some quarters of all, which others are in another life.
func chosen(record string, life, quarters int) bool {
	hash := fnv.New32a()
	fmt.Fprint(hash, record, life)
	return int(hash.Sum32()%4) < quarters
}

// failing turns those away that are chosen.
func failing(life, quarters int) func(receiver.Request) receiver.Answer {
	return func(r receiver.Request) receiver.Answer {
		if e, _ := e2e.Read(r); chosen(e.Record, life, quarters) {
			return receiver.Answer{Status: http.StatusServiceUnavailable}
		}
		return receiver.Answer{}
	}
}

// replay has some records be turned away for good by everybody, and sent again when many of them
// belong to somebody else by then.
func (w *world) replay(
	inboxes map[string]*e2e.Inbox, everything *e2e.Inbox, traveller *traveller, settings []string,
) {
	w.T.Helper()
	const life = 100
	settings = append(settings, "HOOKLINE_RETRY_SCHEDULE=20ms")
	sut := e2e.Start(w.T, w.Database, settings...).Until("active")
	of := func(state string) []e2e.Letter {
		return slices.DeleteFunc(w.Deliveries(state), func(l e2e.Letter) bool {
			return l.Webhook == traveller.key
		})
	}
	// What the lives before have sent twice may wait to be accepted once more.
	e2e.Eventually(w.T, func() error {
		if waiting := of("waiting"); len(waiting) > 0 {
			return fmt.Errorf("%d deliveries wait", len(waiting))
		}
		return nil
	})
	accepted := map[string]int{}
	for tenant, box := range inboxes {
		accepted[tenant] = box.Count()
		box.Answers(failing(life, 1))
	}
	before := len(w.all)
	told := map[string]int{}
	for tenant, list := range w.heard {
		told[tenant] = len(list)
	}
	heard := everything.Count()
	for range 30 {
		w.step()
	}
	dead := 0
	for tenant := range inboxes {
		for _, e := range w.heard[tenant][told[tenant]:] {
			if chosen(e.Record, life, 1) {
				dead++
			}
		}
	}
	// A receiver that turns several away in a row gets one at a time, at growing intervals.
	n := len(of("dead"))
	for ; n < dead; n = len(of("dead")) {
		e2e.Eventually(w.T, func() error {
			if len(of("dead")) == n {
				return fmt.Errorf("%d dead letters, want %d", n, dead)
			}
			return nil
		})
	}
	if n != dead {
		w.T.Errorf("%d dead letters, want %d", n, dead)
	}
	everything.UntilAccepted(heard + len(w.all) - before)
	for _, box := range inboxes {
		box.Answers(nil)
	}
	if p := e2e.Run(w.T, w.Env(), "deliveries", "replay", "--since", "1h"); p.Wait() != 0 {
		w.T.Fatalf("deliveries replay: exit code %d: %s", p.Wait(), p.Log.String())
	}
	for tenant, box := range inboxes {
		box.UntilAccepted(accepted[tenant] + len(w.heard[tenant]) - told[tenant])
	}
	sut.Stop()
}

// inspect looks at every request that came for a tenant.
func (w *world) inspect(box *e2e.Inbox, tenant string) {
	w.T.Helper()
	for _, r := range box.All() {
		for _, other := range append([]string{nobody}, w.tenants...) {
			if other == tenant || !strings.Contains(string(r.Body), note(other)) {
				continue
			}
			if other == nobody && strings.HasPrefix(r.Event, "country.") {
				continue
			}
			w.T.Errorf("%s has got %s %s of %q: %s", tenant, r.Event, r.ID, other, r.Body)
		}
	}
}
