package spool_test

import (
	"fmt"
	"reflect"
	"testing"

	"hookline/internal/eventschema"
	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/notice"
	"hookline/spool"
)

// How tables are is kept for each slot, together with the notices that tell of it.
func TestDescribed(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			url := postgrestest.NewDatabaseMajor(t, major)
			s := open(t, spool.Config{URL: url})
			other := open(t, spool.Config{URL: url, Slot: "other"})
			want := func(s *spool.Spool, want map[string]eventschema.Forms) {
				t.Helper()
				got, err := s.Described(t.Context())
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%v, %v, want %v", got, err, want)
				}
			}
			describe := func(s *spool.Spool, now map[string]eventschema.Forms, rows ...notice.Row) {
				t.Helper()
				noted, err := s.Describe(t.Context(), now, rows)
				if err != nil || len(noted) != len(rows) || len(rows) > 0 && noted[0].ID == 0 {
					t.Errorf("noted %v, %v", noted, err)
				}
			}
			forms := map[string]eventschema.Forms{"public.größe": {"ü": "{}"}, "a.b": {}}
			describe(s, forms)
			want(s, forms)
			want(other, map[string]eventschema.Forms{})
			told := notice.Row{What: mapper.SchemaChanged, Data: []byte(`{"message":"It is so."}`)}
			describe(s, map[string]eventschema.Forms{"a.b": nil, "public.größe": {"x": "1"}}, told)
			want(s, map[string]eventschema.Forms{"public.größe": {"x": "1"}})
			if left, err := s.Unsettled(t.Context()); err != nil || len(left) != 1 {
				t.Errorf("unsettled are %v, %v", left, err)
			}
			told.Data = []byte("no JSON")
			if _, err := s.Describe(t.Context(), map[string]eventschema.Forms{"public.größe": nil},
				[]notice.Row{told}); err == nil {
				t.Error("what is no notice is written down")
			}
			want(s, map[string]eventschema.Forms{"public.größe": {"x": "1"}})
		})
	}
}
