package spool_test

import (
	"errors"
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
				known, err := s.Described(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				noted, err := s.Describe(t.Context(), known, now, rows)
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
			now := map[string]eventschema.Forms{"public.größe": {"x": "1"}}
			if _, err := s.Describe(t.Context(), now, map[string]eventschema.Forms{"public.größe": nil},
				[]notice.Row{told}); err == nil {
				t.Error("what is no notice is written down")
			}
			want(s, map[string]eventschema.Forms{"public.größe": {"x": "1"}})
		})
	}
}

// Of processes that have found the same change at the same time, whether of a table that was known or
// of one that comes, or goes, one writes it down, and its notice; the others hear of that.
func TestDescribedOnce(t *testing.T) {
	t.Parallel()
	s := open(t, spool.Config{URL: postgrestest.NewDatabase(t)})
	before := map[string]eventschema.Forms{"a.changed": {"x": "1"}, "a.gone": {"x": "1"}}
	if _, err := s.Describe(t.Context(), nil, before, nil); err != nil {
		t.Fatal(err)
	}
	for _, now := range []map[string]eventschema.Forms{
		{"a.changed": {"x": "2"}},
		{"a.new": {"y": "1"}},
		{"a.gone": nil},
		{"a.changed": {"x": "3"}, "a.gone": {"z": "1"}, "a.new": nil, "a.newer": {}},
	} {
		known, err := s.Described(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		const processes = 8
		ends := make(chan error, processes)
		for range processes {
			go func() {
				_, err := s.Describe(t.Context(), known, now, []notice.Row{
					{What: mapper.SchemaChanged, Data: []byte(`{"message":"It is so."}`)},
				})
				ends <- err
			}()
		}
		wrote := 0
		for range processes {
			if err := <-ends; err == nil {
				wrote++
			} else if !errors.Is(err, spool.ErrDescribed) {
				t.Error(err)
			}
		}
		if wrote != 1 {
			t.Errorf("%d processes have written down %v", wrote, now)
		}
	}
	if left, err := s.Unsettled(t.Context()); err != nil || len(left) != 4 {
		t.Errorf("unsettled are %v, %v", left, err)
	}
}
