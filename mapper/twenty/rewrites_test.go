package twenty

import (
	"fmt"
	"testing"

	"hookline/internal/twentydb"
	"hookline/mapper/mappertest"
)

// majors are the versions of Postgres that what the server does is tried on; 0 is the default one.
var majors = []int{0, 18}

// TestTwentyUpgrade upgrades the records of a workspace as Twenty does, while others go on working
// with them. What the commands of the upgrade write is not announced, and everything else is.
func TestTwentyUpgrade(t *testing.T) {
	const (
		normalize = `2.38.0_NormalizeCompanyDomainNamesCommand_1787935130000`
		backfill  = `2.37.0_BackfillMessageCalendarTargetsCommand_1787832413051`
		core      = `2.36.0_BackfillWorkflowRunCoreIdsCommand_1787748136001`
		first     = "'10000000-0000-4000-8000-000000000001'"
		domain    = `UPDATE company SET "domainNamePrimaryLinkUrl" = `
		asBefore  = domain + `'https://www.Example.com/a', name = 'N' WHERE id = ` + first
		rewrite   = domain +
			`'example.com', "domainNameSecondaryLinks" = '[{"url": "x.example.com", "label": "x/y"}]' WHERE id = ` + first
		target = `INSERT INTO "messageThreadTarget" ("targetPersonId", "isAutomaticallyAssigned", "isManuallyAssigned")
			VALUES ('30000000-0000-4000-8000-000000000001', `
		byUpgrade = target + `true, false)`
		run       = `UPDATE "workflowRun" SET "coreWorkflowId" = `
		id        = `'f0000000-0000-4000-8000-000000000001'`
	)
	note := func(name, executedBy, status, workspace string) string {
		if workspace = "'" + workspace + "'"; workspace == "''" {
			workspace = "NULL"
		}
		return fmt.Sprintf(`INSERT INTO core."upgradeMigration" (name, status, "executedByVersion", "workspaceId")
			VALUES ('%s', '%s', '%s', %s)`, name, status, executedBy, workspace)
	}
	steps := []struct {
		sql       string
		want      []string
		byUpgrade []string // announced only when what an upgrade writes is asked for
	}{
		// Before the upgrade nothing is one's.
		{sql: rewrite, want: []string{"company.updated domainName"}},
		{sql: asBefore, want: []string{"company.updated domainName"}},
		{sql: byUpgrade, want: []string{"messageThreadTarget.created"}},
		{sql: note("2.35.0_Fast_1", "2.35.1", "completed", "")},
		{sql: rewrite, want: []string{"company.updated domainName"}},
		{sql: asBefore, want: []string{"company.updated domainName"}},

		// While it is under way.
		{sql: note("2.36.0_Fast_2", "2.38.2", "completed", "")},
		{sql: byUpgrade, byUpgrade: []string{"messageThreadTarget.created"}},
		{sql: target + `false, true)`, want: []string{"messageThreadTarget.created"}},
		{sql: target + `true, true)`, want: []string{"messageThreadTarget.created"}},
		{
			sql: `UPDATE "messageThreadTarget" SET "isManuallyAssigned" = true WHERE NOT "isManuallyAssigned"`,
			want: []string{
				"messageThreadTarget.updated isManuallyAssigned",
				"messageThreadTarget.updated isManuallyAssigned",
			},
		},
		{sql: rewrite, byUpgrade: []string{"company.updated domainName"}},
		{sql: asBefore, want: []string{"company.updated domainName"}},
		{
			sql:  domain + `'other.example' WHERE id = ` + first,
			want: []string{"company.updated domainName"},
		},
		{sql: asBefore, want: []string{"company.updated domainName"}},
		{
			sql:  domain + `'example.com', name = 'Renamed' WHERE id = ` + first,
			want: []string{"company.updated name,domainName"},
		},
		{sql: asBefore, want: []string{"company.updated name,domainName"}},
		{
			sql:  domain + `'example.com', "updatedAt" = now() WHERE id = ` + first,
			want: []string{"company.updated domainName 20000000-0000-4000-8000-000000000001"},
		},
		{sql: asBefore, want: []string{"company.updated domainName"}},
		{
			sql:  `UPDATE company SET "accountOwnerId" = NULL WHERE id = ` + first,
			want: []string{"company.updated accountOwner,accountOwnerId"},
		},
		{
			sql:  `UPDATE company SET name = 'SQL' WHERE id = ` + first,
			want: []string{"company.updated name"},
		},
		{sql: asBefore, want: []string{"company.updated name"}},
		{
			sql:  `UPDATE company SET "domainNameSecondaryLinks" = '[{"url": "example.com", "label": "?"}]' WHERE id = ` + first,
			want: []string{"company.updated domainName"},
		},
		{
			sql:  `UPDATE company SET "domainNameSecondaryLinks" = '[{"url": "https://X.com", "label": "x"}]' WHERE id = ` + first,
			want: []string{"company.updated domainName"},
		},
		{
			sql:       `UPDATE company SET "domainNameSecondaryLinks" = '[{"url": "x.com", "label": "x"}]' WHERE id = ` + first,
			byUpgrade: []string{"company.updated domainName"},
		},
		{
			sql:  `UPDATE company SET "domainNameSecondaryLinks" = '[{"url": "y.com", "label": "x"}]' WHERE id = ` + first,
			want: []string{"company.updated domainName"},
		},
		{
			sql:  `UPDATE company SET "domainNameSecondaryLinks" = '[{"url": "x.example.com", "label": "x/y"}]' WHERE id = ` + first,
			want: []string{"company.updated domainName"},
		},
		{sql: `INSERT INTO company (name) VALUES ('new')`, want: []string{"company.created"}},
		{sql: `INSERT INTO "workflowRun" (name) VALUES ('run')`, want: []string{"workflowRun.created"}},
		{sql: run + id, byUpgrade: []string{"workflowRun.updated coreWorkflowId"}},
		{sql: run + `gen_random_uuid()`, want: []string{"workflowRun.updated coreWorkflowId"}},
		{sql: run + `NULL`, want: []string{"workflowRun.updated coreWorkflowId"}},

		// For another workspace it is over, and for this one it has failed.
		{sql: note(normalize, "2.38.2", "failed", twentydb.Workspace)},
		{sql: rewrite, byUpgrade: []string{"company.updated domainName"}},
		{sql: asBefore, want: []string{"company.updated domainName"}},

		// Each command is over by itself.
		{sql: note(core, "2.38.2", "completed", twentydb.Workspace)},
		{sql: run + id, want: []string{"workflowRun.updated coreWorkflowId"}},
		{sql: byUpgrade, byUpgrade: []string{"messageThreadTarget.created"}},
		{sql: note(backfill, "2.38.2", "completed", twentydb.Workspace)},
		{sql: byUpgrade, want: []string{"messageThreadTarget.created"}},
		{sql: rewrite, byUpgrade: []string{"company.updated domainName"}},
		{sql: asBefore, want: []string{"company.updated domainName"}},
		{sql: note(normalize, "2.38.2", "completed", twentydb.Workspace)},
		{sql: rewrite, want: []string{"company.updated domainName"}},
	}
	for _, major := range majors {
		for _, upgrades := range []string{UpgradesSilent, UpgradesTold} {
			t.Run(fmt.Sprint(major, upgrades), func(t *testing.T) {
				var statements, want []string
				for _, step := range steps {
					statements = append(statements, step.sql)
					want = append(want, step.want...)
					if upgrades == UpgradesTold {
						want = append(want, step.byUpgrade...)
					}
				}
				s := stream{
					major: major, version: "2.39", cfg: Config{Upgrades: upgrades},
					prepare: beforeUpgrade + asBefore,
				}
				mappertest.Equal(t, "announced", s.announcements(t, statements...), want)
			})
		}
	}
}

// beforeUpgrade has the database forget that it is one of version 2.39, and gives two of its tables
// the columns that are theirs.
const beforeUpgrade = `
	DELETE FROM core."upgradeMigration";
	ALTER TABLE "messageThreadTarget" ADD "isAutomaticallyAssigned" boolean,
	  ADD "isManuallyAssigned" boolean;
	ALTER TABLE "workflowRun" ADD "coreWorkflowId" uuid;
	INSERT INTO core."fieldMetadata" ("objectMetadataId", type, name, label, "workspaceId",
	  "universalIdentifier", "applicationId")
	SELECT id, type, name, name, "workspaceId", gen_random_uuid(), "applicationId"
	FROM core."objectMetadata" JOIN (VALUES
		('messageThreadTarget', 'BOOLEAN', 'isAutomaticallyAssigned'), ('messageThreadTarget', 'BOOLEAN',
		  'isManuallyAssigned'),
		('workflowRun', 'UUID', 'coreWorkflowId')) field (object, type, name) ON object = "nameSingular";
`

// From 2.29 on Twenty lists both names of a morph relation.
func TestTwentyMorphRelations(t *testing.T) {
	const update = `UPDATE "noteTarget" SET "targetPersonId" = NULL, "targetCompanyId" = '10000000-0000-4000-8000-000000000001'`
	for version, want := range map[string]string{
		"2.21": "targetPersonId,targetCompanyId",
		"2.39": "targetPerson,targetPersonId,targetCompany,targetCompanyId",
	} {
		mappertest.Equal(t, version, stream{version: version}.announcements(t, update),
			[]string{"noteTarget.updated " + want})
	}
	for _, major := range majors { // the server comes to be a later one while the stream runs
		got := stream{major: major, version: "2.21"}.announcements(t,
			`UPDATE "noteTarget" SET "targetPersonId" = NULL`,
			`INSERT INTO core."upgradeMigration" (name, status, "executedByVersion") VALUES ('2.29.0_Fast_1', 'failed', '2.29.0')`,
			`UPDATE "noteTarget" SET "targetCompanyId" = '10000000-0000-4000-8000-000000000001'`,
			`INSERT INTO core."upgradeMigration" (name, status, "executedByVersion") VALUES ('2.29.0_Fast_1', 'completed', 'unknown')`,
			update,
			`UPDATE "noteTarget" SET "targetCompanyId" = NULL`)
		mappertest.Equal(t, "announced", got, []string{
			"noteTarget.updated targetPersonId", "noteTarget.updated targetCompanyId",
			"noteTarget.updated targetCompany,targetCompanyId",
		})
	}
}
