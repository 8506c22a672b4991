package operate

import (
	"testing"
	"time"

	"hookline/admin/api"
	"hookline/config"
)

// Who only looks whether all is well has the doctor examine once a minute; after 15 s who wants to
// know, and anybody while a problem is known.
func TestDoctorExaminesWhenItIsDue(t *testing.T) {
	var cfg config.Config
	cfg.CDC.URL = "postgres://nobody@127.0.0.1:1/crm?sslmode=disable"
	for _, test := range []struct {
		ago     time.Duration // since the last time
		every   time.Duration
		healthy bool
		due     bool
	}{
		{14 * time.Second, checkEvery, true, false},
		{16 * time.Second, checkEvery, true, true},
		{16 * time.Second, lookEvery, true, false},
		{59 * time.Second, lookEvery, true, false},
		{61 * time.Second, lookEvery, true, true},
		{14 * time.Second, lookEvery, false, false},
		{16 * time.Second, lookEvery, false, true},
	} {
		found := &api.Diagnosis{Healthy: test.healthy}
		e := &lastDiagnosis{began: time.Now().Add(-test.ago), found: found}
		if _, err := e.latest(t.Context(), cfg, test.every, time.Minute); err != nil {
			t.Fatal(err)
		}
		if due := e.found != found; due != test.due {
			t.Errorf("%+v: examined %t", test, due)
		}
	}
}
