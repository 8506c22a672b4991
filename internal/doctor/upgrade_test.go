package doctor

import (
	"strings"
	"testing"
)

func TestUpgradeFindings(t *testing.T) {
	levels := func(f upgradeFacts) (levels string, sql []string) {
		for _, found := range f.findings() {
			levels += " " + string(found.Level)
			sql = append(sql, found.SQL...)
		}
		return levels, sql
	}
	for name, test := range map[string]struct {
		facts upgradeFacts
		want  string
		sql   string
	}{
		"ready": {upgradeFacts{major: 17, minor: 10}, " ok ok ok ok", ""},
		"before 17": {
			upgradeFacts{major: 16, minor: 14, lost: []string{"x"}, others: []string{"y"}},
			" ok ok", "",
		},
		"faulty":      {upgradeFacts{major: 17, minor: 4}, " warning ok ok ok", ""},
		"faulty, too": {upgradeFacts{major: 15, minor: 13}, " warning ok", ""},
		"in the way": {
			upgradeFacts{
				major: 18, minor: 4, prepared: []string{"o'neil"}, lost: []string{"x"},
				others: []string{"y"},
			},
			" ok problem problem warning",
			"ROLLBACK PREPARED 'o''neil';SELECT pg_drop_replication_slot('x')",
		},
	} {
		if got, sql := levels(test.facts); got != test.want || strings.Join(sql, ";") != test.sql {
			t.Errorf("%s: %s %q, want %s %q", name, got, sql, test.want, test.sql)
		}
	}
}
