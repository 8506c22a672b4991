package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Diagnosis is what `hookline doctor --json` prints.
type Diagnosis struct {
	Healthy            bool
	Problems, Warnings int
	Findings           []Finding
}

// Finding returns the first finding of a check; an empty one when there is none.
func (d Diagnosis) Finding(check string) Finding {
	for _, f := range d.Findings {
		if f.Check == check {
			return f
		}
	}
	return Finding{}
}

// Finding is one of the lines of a diagnosis.
type Finding struct {
	Level, Check, Found, Mend string
	SQL                       []string
}

// moving are checks whose figures differ from one moment to the next, with all the other tests on
// the same server.
var moving = []string{"slot", "max_replication_slots", "max_wal_senders"}

// ages are how long ago something was, which is more a moment later.
var ages = regexp.MustCompile(`since (now|[0-9a-z]+ [a-z]+ (ago|from now))`)

// Doctor asks for a diagnosis, as text and as JSON, and checks that both say the same, with the
// exit code that belongs to it, and that the database is left as it was.
func (db *Database) Doctor(settings ...string) (d Diagnosis, text string) {
	db.T.Helper()
	before := db.Prepared()
	asked, asJSON := Run(db.T, db.Env(settings...), "doctor"),
		Run(db.T, db.Env(settings...), "doctor", "--json")
	code := asked.Wait()
	text = asked.Out.String()
	if asJSON.Wait() != code {
		db.T.Errorf("doctor ends with %d, doctor --json with %d", code, asJSON.Wait())
	}
	if err := json.Unmarshal([]byte(asJSON.Out.String()), &d); err != nil {
		db.T.Fatalf("doctor --json: %v:\n%s%s", err, asJSON.Out.String(), asJSON.Log.String())
	}
	if want := map[bool]int{true: 0, false: 3}[d.Healthy]; code != want {
		db.T.Errorf("exit code %d, want %d:\n%s%s", code, want, text, asked.Log.String())
	}
	problems, warnings := 0, 0
	for _, f := range d.Findings {
		switch f.Level {
		case "problem":
			problems++
		case "warning":
			warnings++
		}
		if f.Level != "ok" && f.Mend == "" {
			db.T.Errorf("%s: nothing is said that mends it: %s", f.Check, f.Found)
		}
		for _, line := range append(append([]string{f.Check, f.Found}, strings.Split(f.Mend, "\n")...),
			f.SQL...) {
			ageless := ages.ReplaceAllString(text, "since")
			has := strings.Contains(ageless, ages.ReplaceAllString(line, "since"))
			if !has && !slices.Contains(moving, f.Check) {
				db.T.Errorf("the text does not hold %q of %s:\n%s", line, f.Check, text)
			}
		}
	}
	if d.Healthy != (problems == 0) || d.Problems != problems || d.Warnings != warnings {
		db.T.Errorf("healthy %t, %d problems and %d warnings are told, %d and %d are listed", d.Healthy,
			d.Problems, d.Warnings, problems, warnings)
	}
	if after := db.Prepared(); after != before {
		db.T.Errorf("the doctor has changed the database from %s to %s", before, after)
	}
	return d, text
}

// Mend runs the SQL of all problems, and nothing else, as a superuser.
func (db *Database) Mend(d Diagnosis) {
	db.T.Helper()
	for _, f := range d.Findings {
		if f.Level == "problem" {
			for _, sql := range f.SQL {
				db.Exec(sql)
			}
		}
	}
}

// WantFinding checks level and text of a check. All of the texts have to be there, in what was
// found, in what mends it, or in the SQL.
func WantFinding(t *testing.T, d Diagnosis, check, level string, texts ...string) {
	t.Helper()
	f := d.Finding(check)
	all := strings.Join(append([]string{f.Found, f.Mend}, f.SQL...), "\n")
	if f.Level != level {
		t.Errorf("%s is %q, want %q: %s", check, f.Level, level, all)
	}
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("%s does not hold %q: %s", check, text, all)
		}
	}
}
