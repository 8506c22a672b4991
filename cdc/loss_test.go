package cdc

import (
	"strings"
	"testing"
)

// TestLoss: wal_status is all that Postgres 14 to 16 tell; from 17 on there is an
// invalidation_reason.
func TestLoss(t *testing.T) {
	for _, test := range []struct{ walStatus, invalidation, says string }{
		{"reserved", "", ""},
		{"extended", "", ""},
		{"unreserved", "", ""},
		{"lost", "", "max_slot_wal_keep_size"},
		{"lost", "wal_removed", "max_slot_wal_keep_size"},
		{"lost", "idle_timeout", "idle_replication_slot_timeout"},
		{"lost", "rows_removed", "rows_removed"},
		{"lost", "wal_level_insufficient", "wal_level_insufficient"},
		{"reserved", "idle_timeout", "idle_replication_slot_timeout"},
	} {
		if got := lostReason(test.walStatus, test.invalidation); (got == "") != (test.says == "") ||
			!strings.Contains(got, test.says) {
			t.Errorf("loss(%q, %q) is %q, want %q in it", test.walStatus, test.invalidation, got, test.says)
		}
	}
}
