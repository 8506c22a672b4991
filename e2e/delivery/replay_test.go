package delivery

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hookline/e2e"
)

// Dead letters of one commit are sent again in the order in which they were told: one record leaves
// a key, another one takes it, and the first is changed once more, so that its id is the last.
func TestReplayOfACommit(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprintf("Postgres %d", major), func(t *testing.T) {
			t.Parallel()
			db, box := e2e.NewDatabaseMajor(t, major), e2e.NewInbox(t)
			db.Exec(
				"CREATE TABLE names (name text PRIMARY KEY, version int); INSERT INTO names VALUES ('a', " +
					"0), ('b', 0)")
			settings := []string{"HOOKLINE_WEBHOOKS_TABLE=hookline.webhook", "HOOKLINE_RETRY_SCHEDULE=1ms"}
			db.SetUp(settings...)
			db.Exec("INSERT INTO hookline.webhook (url, secret) VALUES ($1, $2)", box.URL(), box.Secret)
			box.Answers(e2e.Always(http.StatusInternalServerError))
			sut := e2e.Start(t, db, settings...).Until("active")
			db.Exec(`BEGIN; UPDATE names SET name = 'c' WHERE name = 'a'; UPDATE names SET name = 'a' WHERE name = 'b';
				UPDATE names SET version = 1 WHERE name = 'c'; COMMIT`)
			e2e.Eventually(t, func() error {
				if n := e2e.Value[int](db, "SELECT count(*) FROM hookline.delivery WHERE dead"); n < 2 {
					return fmt.Errorf("%d deliveries are dead, want 2", n)
				}
				return nil
			})
			box.Answers(nil)
			if p := e2e.Run(t, db.Env(), "deliveries", "replay", "--all"); p.Wait() != 0 {
				t.Fatal(p.Log.String())
			}
			e2e.Eventually(t, func() error {
				box.Mu.Lock()
				defer box.Mu.Unlock()
				var got []string
				for _, a := range box.Accepted {
					_, keys, _ := strings.Cut(a.Body, `"key":`)
					got = append(got, keys)
				}
				want := []string{
					`{"name":"c"},"previousKey":{"name":"a"}}`,
					`{"name":"a"},"previousKey":{"name":"b"}}`,
				}
				if !slices.Equal(got, want) {
					return fmt.Errorf("got %q, want %q", got, want)
				}
				return nil
			})
			sut.Stop()
		})
	}
}
