package twenty

import (
	"fmt"
	"strings"
	"testing"

	"hookline/e2e"
	"hookline/internal/twentydb"
)

// upgrade is what Twenty does from 2.35 to 2.38 in a workspace that has sent and received mail, a
// transaction for each.
type upgrade struct {
	e2e.Workspace
	company string // whose address is not in the form that 2.38 wants
}

func newUpgrade(w e2e.Workspace) upgrade {
	u := upgrade{w, e2e.UUID()}
	w.Exec(`INSERT INTO `+w.Schema+
		`.company (id, "domainNamePrimaryLinkUrl") VALUES ($1, 'https://www.Example.com')`, u.company)
	return u
}

func (u upgrade) done(command, workspace string) {
	u.T.Helper()
	u.Exec(`INSERT INTO core."upgradeMigration" (name, status, "executedByVersion", "workspaceId")
		VALUES ($1, 'completed', '2.38.2', nullif($2, '')::uuid)`, command, workspace)
}

func (u upgrade) begin() { u.done("2.35.0_AddUsageLimitFastInstanceCommand_1787571779598", "") }

// addTargets makes the table of targets and fills it.
func (u upgrade) addTargets() {
	u.T.Helper()
	_, err := u.Conn.Exec(u.T.Context(), fmt.Sprintf(`
		BEGIN;
		INSERT INTO core."objectMetadata"
		SELECT (jsonb_populate_record(o, '{"id": "f0000000-0000-4000-8000-000000000001", "nameSingular": "messageThreadTarget",
			"namePlural": "messageThreadTargets", "universalIdentifier": "f0000000-0000-4000-8000-000000000002"}')).*
		FROM core."objectMetadata" o WHERE "nameSingular" = 'noteTarget' AND "workspaceId" = '%s';
		INSERT INTO core."fieldMetadata" ("objectMetadataId", type, name, label, "workspaceId", "universalIdentifier", "applicationId")
		SELECT id, type, name, name, "workspaceId", gen_random_uuid(), "applicationId"
		FROM core."objectMetadata", (VALUES ('UUID', 'id'), ('DATE_TIME', 'createdAt'), ('DATE_TIME', 'updatedAt'),
			('BOOLEAN', 'isAutomaticallyAssigned'), ('BOOLEAN', 'isManuallyAssigned')) field (type, name)
		WHERE "nameSingular" = 'messageThreadTarget';
		CREATE TABLE %s."messageThreadTarget" (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
			"createdAt" timestamptz NOT NULL DEFAULT now(), "updatedAt" timestamptz NOT NULL DEFAULT now(),
			"isAutomaticallyAssigned" boolean NOT NULL DEFAULT false, "isManuallyAssigned" boolean NOT NULL DEFAULT true);
		COMMIT`, u.ID, u.Schema))
	if err != nil {
		u.T.Fatal(err)
	}
	u.done("2.37.0_SyncMessageCalendarTargetMetadataCommand_1787832412051", u.ID)
	u.Exec(`INSERT INTO ` + u.Schema + `."messageThreadTarget" ("isAutomaticallyAssigned", "isManuallyAssigned")
		SELECT true, false FROM generate_series(1, 300)`)
}

func (u upgrade) targetsAdded() {
	u.done("2.37.0_BackfillMessageCalendarTargetsCommand_1787832413051", u.ID)
}

func (u upgrade) normalize() {
	u.T.Helper()
	u.Exec(`UPDATE ` + u.Schema +
		`.company SET "domainNamePrimaryLinkUrl" = 'example.com' WHERE "domainNamePrimaryLinkUrl" LIKE '%Example.com'`)
}

func (u upgrade) normalized() {
	u.done("2.38.0_NormalizeCompanyDomainNamesCommand_1787935130000", u.ID)
}

// target is what a user does: a target by hand.
func (u upgrade) target() e2e.Entry {
	u.T.Helper()
	id := e2e.UUID()
	u.Exec(`INSERT INTO `+u.Schema+`."messageThreadTarget" (id) VALUES ($1)`, id)
	return u.Did("messageThreadTarget.created", id)
}

// renamed is what a user does to the company that is upgraded.
func (u upgrade) renamed(name string) e2e.Entry {
	u.T.Helper()
	u.Exec(`UPDATE `+u.Schema+`.company SET name = $1, "updatedAt" = now() WHERE id = $2`, name,
		u.company)
	return u.Did("company.updated", u.company)
}

// TestTwentyUpgrades: what an upgrade writes by SQL is not announced, whether Hookline is there all
// the time, is killed in the middle, or comes when all is over; and what users do meanwhile is.
func TestTwentyUpgrades(t *testing.T) {
	t.Parallel()
	for _, major := range []int{0, 18} {
		for _, killed := range []bool{false, true} {
			t.Run(fmt.Sprint(major, killed), func(t *testing.T) {
				db := e2e.Twenty{Database: e2e.NewDatabaseMajor(t, major)}
				if err := twentydb.Load(t.Context(), db.Conn); err != nil {
					t.Fatal(err)
				}
				box, apple := e2e.NewInbox(t), db.Apple()
				u := newUpgrade(apple)
				apple.AddWebhook(box, "*.*")
				sut := e2e.Start(t, db.Database).Until("active")
				u.begin()
				heard := []e2e.Entry{u.renamed("a")}
				box.UntilAccepted(1)
				d, _ := db.Doctor()
				e2e.WantFinding(t, d, "version of Twenty", "ok", "2.38, as ")
				e2e.WantFinding(t, d, "upgrade of Twenty", "warning", "NormalizeCompanyDomainNamesCommand",
					apple.ID)
				if killed {
					sut.Kill()
					box.ExpectReplay()
				}
				u.addTargets()
				u.normalize()
				heard = append(heard, u.renamed("b"))
				if killed {
					sut = e2e.Start(t, db.Database).Until("active")
					heard = append(heard, u.target())
					box.UntilAccepted(len(heard))
					sut.Kill()
					box.ExpectReplay()
				}
				heard = append(heard, u.target(), apple.AddPerson())
				u.targetsAdded()
				u.normalized()
				if killed {
					sut = e2e.Start(t, db.Database).Until("active")
				}
				heard = append(heard, u.target(), u.renamed("c"))
				box.UntilAccepted(len(heard))
				if text := sut.Get("/metrics"); !killed &&
					!strings.Contains(text, "hookline_upgrade_rows_total 301\n") {
					t.Errorf("not all that the upgrade wrote is counted: %s", text)
				}
				d, _ = db.Doctor()
				e2e.WantFinding(t, d, "version of Twenty", "ok", "2.38, as ")
				e2e.Finish(t, sut, box.Gets(heard...))
			})
		}
	}
}
