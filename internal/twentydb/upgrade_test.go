package twentydb_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres/postgrestest"
	"hookline/internal/twentydb"
)

// readabilities says who may read what is not open, by version, with the columns or tables that it
// is inherited through.
var readabilities = map[string][]string{
	"2.39": {"recordShare SYSTEM"},
	"2.41": {
		"attachment INHERITED targetNote", "calendarEventTarget INHERITED calendarEvent",
		"messageThreadTarget INHERITED messageThread",
		"note INHERITED noteTargets", "noteTarget INHERITED targetPerson", "recordShare SYSTEM",
		"task INHERITED taskTargets",
		"taskTarget INHERITED targetPerson", "timelineActivity INHERITED targetPerson",
	},
	"2.43": {
		"agentChatThread PRIVATE", "agentMessagePart INHERITED message", "shortLink SYSTEM",
		"note INHERITED noteTargets",
	},
	"2.46": {
		"calendarEvent PRIVATE", "message INHERITED messageThread", "messageThread PRIVATE",
		"workflowRun PRIVATE",
	},
}

func TestUpgrade(t *testing.T) {
	for _, version := range twentydb.Versions[1:] {
		t.Run(version, func(t *testing.T) {
			conn := load(t)
			if _, err := twentydb.AddWorkspace(t.Context(), conn, secondWorkspace, "Second"); err != nil {
				t.Fatal(err)
			}
			for range 2 { // again does nothing
				if err := twentydb.Upgrade(t.Context(), conn, version); err != nil {
					t.Fatal(err)
				}
			}
			parents := `coalesce((select ' ' || string_agg(f.name, ' ') from core."fieldMetadata" f
				where f."objectMetadataId" = o.id and f."universalIdentifier" = any (o."readabilityParentFieldUniversalIdentifiers")), '')`
			if version == "2.39" {
				parents = "''"
			}
			for _, workspace := range []string{twentydb.Workspace, secondWorkspace} {
				said := value(t, conn, `select string_agg("nameSingular" || ' ' || readability || `+parents+`, ',' order by "nameSingular")
					from core."objectMetadata" o where readability <> 'OPEN' and "workspaceId" = $1`, workspace)
				got := strings.Split(said, ",")
				for _, want := range readabilities[version] {
					if !slices.Contains(got, want) {
						t.Errorf("not open are %q, want %q among them", got, want)
					}
				}
				if len(readabilities[version]) < len(got) && version < "2.43" {
					t.Errorf("not open are %q, want %q", got, readabilities[version])
				}
			}
			morphs := value(t, conn, `select count(distinct "morphId")::text from core."fieldMetadata" f
				join core."objectMetadata" o on o.id = f."objectMetadataId" where o."nameSingular" = 'attachment' and "morphId" is not null`)
			if morphs != "1" {
				t.Errorf("the targets of an attachment have %s morphIds, want one", morphs)
			}
		})
	}
}

// What a step makes is described, and what is described is there.
func TestUpgradeDescribesEveryColumn(t *testing.T) {
	conn := load(t)
	if err := twentydb.Upgrade(t.Context(), conn,
		twentydb.Versions[len(twentydb.Versions)-1]); err != nil {
		t.Fatal(err)
	}
	columns, described := columnTypes(t, conn, twentydb.Schema),
		describedColumns(t, conn, twentydb.Workspace)
	for _, sides := range [][2]map[string]map[string]string{
		{columns, described},
		{described, columns},
	} {
		for table := range sides[0] {
			for column, want := range sides[0][table] {
				if got := sides[1][table][column]; got != want {
					t.Errorf("%s.%s is of type %s here, %q there", table, column, want, got)
				}
			}
		}
	}
}

// A server of a newer version leaves the workspaces as they are until it comes to them.
func TestUpgradeServer(t *testing.T) {
	conn := load(t)
	if err := twentydb.Upgrade(t.Context(), conn, "2.43"); err != nil {
		t.Fatal(err)
	}
	if err := twentydb.UpgradeServer(t.Context(), conn, "2.46"); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		`select readability::text from core."objectMetadata" where "nameSingular" = 'messageThread'`:   "OPEN",
		`select max("executedByVersion") from core."upgradeMigration" where "workspaceId" is null`:     "2.46.0",
		`select max("executedByVersion") from core."upgradeMigration" where "workspaceId" is not null`: "2.43.0",
	} {
		if got := value(t, conn, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestUpgradeToUnknown(t *testing.T) {
	if err := twentydb.Upgrade(t.Context(), nil, "3.0"); err == nil ||
		!strings.Contains(err.Error(), `"3.0"`) {
		t.Errorf("got %v, want an error that names the version", err)
	}
}

func TestLoadAt(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), postgrestest.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := twentydb.LoadAt(t.Context(), conn, "2.43"); err != nil {
		t.Fatal(err)
	}
	execute(t, conn, `insert into `+twentydb.Schema+`.attachment (name) values ('a')`)
}
