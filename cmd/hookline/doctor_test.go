package main

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/internal/doctor"
)

func TestDiagnosisPrints(t *testing.T) {
	d := doctor.Diagnose([]cdc.Finding{
		cdc.OK("version", "Postgres %d", 16),
		{
			Level: cdc.Warning, Check: "max_slot_wal_keep_size", Found: "no limit", Hint: "as a superuser",
			SQL: []string{"ALTER SYSTEM", "SELECT 1"},
		},
		{Level: cdc.Wrong, Check: "primary", Found: "the server\nis a standby", Hint: "one\ntwo"},
	})
	if d.Healthy || d.Problems != 1 || d.Warnings != 1 {
		t.Errorf("healthy %t, %d problems, %d warnings; want 1 and 1", d.Healthy, d.Problems, d.Warnings)
	}
	const want = `ok       version                 Postgres 16
warning  max_slot_wal_keep_size  no limit
           as a superuser
             ALTER SYSTEM;
             SELECT 1;
problem  primary                 the server is a standby
           one
           two
1 problem, 1 warning
`
	var text, encoded strings.Builder
	if err := errors.Join(printDiagnosis(&text, &d), printJSON(&encoded, d)); err != nil ||
		text.String() != want {
		t.Errorf("it prints %v\n%s\nwant\n%s", err, text.String(), want)
	}
	var back doctor.Diagnosis
	if err := json.Unmarshal([]byte(encoded.String()), &back); err != nil || !reflect.DeepEqual(back,
		d) {
		t.Errorf("JSON reads as %+v, %v, want %+v", back, err, d)
	}
	if d = doctor.Diagnose(d.Findings[:2]); !d.Healthy {
		t.Error("a warning makes it unhealthy")
	}
}
