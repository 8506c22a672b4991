package spool_test

import (
	"fmt"
	"testing"

	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/notice"
	"hookline/spool"
)

// Notices are kept in order until they are settled; the last one about each thing for ever, others
// for a month.
func TestNotices(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			url := postgrestest.NewDatabaseMajor(t, major)
			s, other, db := open(t, spool.Config{URL: url}), open(t,
				spool.Config{URL: url, Slot: "other"}), connect(t, url)
			row := func(what mapper.Action, webhook string) notice.Row {
				return notice.Row{
					What: what, Webhook: webhook,
					Data: []byte(`{"message":"It is so.","webhook":"` + webhook + `"}`),
				}
			}
			noted, err := s.Note(t.Context(), []notice.Row{
				row(mapper.Failing, "a"), row(mapper.Failing, "b"), row(mapper.Recovered,
					"a"), row(mapper.Lagging, ""),
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range noted {
				if n.ID == 0 || n.At.IsZero() || i > 0 && n.ID <= noted[i-1].ID {
					t.Errorf("notice %d is %+v", i, n)
				}
			}
			want := func(what string, list []notice.Row, err error, want ...string) {
				t.Helper()
				var got []string
				for _, n := range list {
					got = append(got, n.What.String()+" "+n.Webhook)
				}
				if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s: %q, %v; want %q", what, got, err, want)
				}
			}
			left, err := s.Unsettled(t.Context())
			want("unsettled", left, err, "failing a", "failing b", "recovered a", "lagging ")
			if left[0].At != noted[0].At ||
				string(left[0].Data) != `{"message":"It is so.","webhook":"a"}` {
				t.Errorf("%+v has come back as %+v", noted[0], left[0])
			}
			if err := s.Settle(t.Context(), []int64{noted[0].ID, noted[2].ID, noted[3].ID}); err != nil {
				t.Fatal(err)
			}
			left, err = s.Unsettled(t.Context())
			want("unsettled then", left, err, "failing b")
			latest, err := s.Latest(t.Context())
			want("latest", latest, err, "recovered a", "failing b", "lagging ")
			left, err = other.Unsettled(t.Context())
			want("of another slot", left, err)

			db.exec(`UPDATE notice SET at = at - interval '31 days'`)
			if _, err = s.Note(t.Context(), []notice.Row{row(mapper.CaughtUp, "")}); err != nil {
				t.Fatal(err)
			}
			latest, err = s.Latest(t.Context())
			want("latest after a month", latest, err, "recovered a", "failing b", "caughtUp ")
			if n := db.await(`SELECT count(*) FROM notice`); n != 3 {
				t.Errorf("%d notices are kept after a month, want 3", n)
			}
			if err := s.ForgetNotices(t.Context()); err != nil {
				t.Fatal(err)
			}
			latest, err = s.Latest(t.Context())
			want("forgotten", latest, err)
		})
	}
}
