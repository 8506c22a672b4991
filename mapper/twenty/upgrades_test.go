package twenty

import (
	"math/rand/v2"
	"testing"
	"time"

	"hookline/cdc"
)

func TestTwentyVersion(t *testing.T) {
	for text, want := range map[string]version{
		"2.38.1": {2, 38}, "v2.38": {2, 38}, "2.38.0-rc.1": {2, 38}, "10.0.0": {10, 0},
		"": {}, "unknown": {}, "2": {}, "2.x": {}, "x.2": {}, "2.": {},
	} {
		if got := parseVersion(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
	v := version{2, 29}
	if !v.from(2, 29) || !v.from(1, 40) || v.from(2, 30) || v.from(3, 0) || (version{}).from(0, 1) {
		t.Error("versions are not compared by their parts")
	}
}

// upgradeRelation is core."upgradeMigration", whose columns are in no order that matters.
var upgradeRelation = &cdc.Relation{Schema: "core", Name: "upgradeMigration", Columns: []cdc.Column{
	{Name: "id"},
	{Name: "executedByVersion"},
	{Name: "name"},
	{Name: "status"},
	{Name: "workspaceId"},
	{Name: "createdAt"},
	{Name: "isInitial"},
	{Name: "errorMessage"},
}}

// upgradeMigration is a row of that table, added at the given minute.
func upgradeMigration(minute int, name, executedBy, status, workspace string) cdc.Change {
	value := func(text string) cdc.Value {
		if text == "" {
			return cdc.Value{}
		}
		return cdc.Text([]byte(text))
	}
	initial := "f"
	if status == "initial" {
		status, initial = "completed", "t"
	}
	at := minutes(minute).Format("2006-01-02 15:04:05.999999-07")
	return cdc.Change{Kind: cdc.Insert, Relation: upgradeRelation, New: cdc.Tuple{
		value("id"), value(executedBy), value(name), value(status), value(workspace), value(at),
		value(initial),
		{},
	}}
}

func minutes(n int) time.Time { return time.Date(2026, 9, 1, 12, n, 0, 250_000_000, time.UTC) }

func TestUpgrades(t *testing.T) {
	const (
		apple     = "00000000-0000-4000-8000-000000000001"
		pear      = "00000000-0000-4000-8000-000000000002"
		quince    = "00000000-0000-4000-8000-000000000003"
		normalize = "2.38.0_NormalizeCompanyDomainNamesCommand_1787935130000"
	)
	rows := []cdc.Change{
		upgradeMigration(0, "2.21.0_Something_1", "2.21.3", "completed", ""),
		upgradeMigration(1, "2.21.0_Something_2", "2.21.3", "completed", apple),
		upgradeMigration(1, "2.21.0_Something_2", "2.21.3", "completed", pear),
		// Server 2.40 comes, and runs what the versions between have.
		upgradeMigration(10, "2.22.0_Fast_3", "2.40.1", "completed", ""),
		upgradeMigration(11, "2.22.0_Fast_3", "2.40.1", "completed", apple),
		upgradeMigration(20, normalize, "2.40.1", "completed", apple),
		upgradeMigration(21, "2.38.0_Later_1787935140000", "2.40.1", "completed", apple),
		// It fails for one workspace, and is done again.
		upgradeMigration(22, normalize, "2.40.1", "failed", pear),
		upgradeMigration(30, normalize, "2.40.1", "completed", pear),
		upgradeMigration(40, normalize, "2.40.1", "completed", pear), // of no account
		upgradeMigration(41, "2.40.0_Last_5", "2.40.1", "completed", ""),
		// A workspace that comes later has everything, which the last command says that there was
		// then.
		upgradeMigration(50, "2.38.0_Last_5", "2.40.1", "initial", quince),
		upgradeMigration(60, "nonsense", "unknown", "completed", ""),
		upgradeMigration(61, "2.99.0_Fails_6", "2.99.0", "failed", ""), // a server that did not come up
	}
	command := 2
	if upgradeCommands[command].class != "NormalizeCompanyDomainNamesCommand" {
		t.Fatal("the test is of another command")
	}
	for range 20 { // in any order, and twice: as read at the start, and from a stream that is behind
		u := newUpgrades()
		twice := append(append([]cdc.Change{}, rows...), rows...)
		rand.Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
		for _, row := range twice {
			u.follow(row)
		}
		for _, row := range rows {
			if u.follow(row) {
				t.Errorf("%s is told to be news, and is known", row.New[2])
			}
		}
		if u.server != (version{2, 40}) {
			t.Errorf("the server is %v, want 2.40", u.server)
		}
		for _, test := range []struct {
			workspace string
			at        int
			want      bool
		}{
			{apple, 5, false},
			{apple, 10, true},
			{apple, 15, true},
			{apple, 20, true},
			{apple, 21, false},
			{apple, 55, false},
			{pear, 9, false},
			{pear, 12, true},
			{pear, 25, true},
			{pear, 30, true},
			{pear, 31, false},
			{quince, 15, true},
			{quince, 51, false},
		} {
			if got := u.during(command, uuidOf(cdc.Text([]byte(test.workspace))),
				minutes(test.at)); got != test.want {
				t.Errorf("workspace %s, minute %d: during is %v, want %v", test.workspace[34:], test.at, got,
					test.want)
			}
		}
	}
}
