package twenty

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/internal/twentydb/twentydbtest"
	"hookline/mapper"
	"hookline/mapper/mappertest"
)

// stream is a Twenty database whose changes come through a replication slot.
type stream struct {
	major   int    // of Postgres; 0 for the default one
	version string // of Twenty, of twentydb.Versions; "" for the miniature as it is
	cfg     Config
	prepare string         // SQL, after the records are there
	ignore  *mapper.Ignore // nil: nobody ignores anything
}

// announcements is that of a stream under usual settings.
func announcements(t *testing.T, prepare string, statements ...string) []string {
	t.Helper()
	return stream{prepare: prepare}.announcements(t, statements...)
}

// announcements runs statements, each a transaction, and returns what is announced of them: for
// each event its name, its updatedFields and its member, behind - when it is ignored.
func (s stream) announcements(t *testing.T, statements ...string) (list []string) {
	t.Helper()
	url := twentydbtest.NewDatabase(t, s.major, s.version)
	settings, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	settings.RuntimeParams = pg.SessionSettings()
	delete(settings.RuntimeParams, "search_path") // it makes tables, by names without a schema
	conn, err := pgx.ConnectConfig(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	mappertest.Execute(t, conn, twentyRecords)
	mappertest.Execute(t, conn, s.prepare)
	catalog := TwentyCatalog(t, conn, s.cfg)
	var tables []cdc.Table
	err = pgx.BeginTxFunc(t.Context(), conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead},
		func(tx pgx.Tx) (err error) {
			tables, err = catalog.Tables(t.Context(), tx)
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
	cfg, log := cdc.Config{URL: url, Slot: settings.Database},
		slog.New(slog.NewTextHandler(t.Output(), nil))
	if _, err := cdc.Prepare(t.Context(), conn, cfg, tables, nil, log); err != nil {
		t.Fatal(err)
	}
	source, err := cdc.Open(cfg, nil, log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, sql := range statements {
		mappertest.Execute(t, conn, sql)
	}
	mappertest.Execute(t, conn, `INSERT INTO _rocket (id, name) VALUES (gen_random_uuid(), 'done')`)
	m := mapper.New(catalog, nil, "0badcafe", mapper.FormatEvent, log)
	m.Serve(mapper.Audience{Changes: true, Ignores: s.ignore != nil})
	done := false
	for change, err := range source.Changes(ctx) {
		if done {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if change.Kind != cdc.End && catalog.Observe(change) {
			continue
		}
		draft, err := m.Map(ctx, change)
		for ; draft != nil && err == nil && !done; draft, err = m.Next(ctx) {
			if draft.Telling&mapper.ToSplit != 0 {
				continue
			}
			e, mark := draft.Event(), ""
			if done = e.Name == "rocket.created"; done {
				cancel()
				break
			}
			if draft.Ignored(s.ignore) {
				mark = "-"
			}
			list = append(list, strings.TrimRight(mark+e.Name+" "+strings.Join(e.Parts().Updated, ",")+
				" "+e.Parts().Member, " "))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := source.Close(context.Background()); err != nil {
		t.Error(err)
	}
	return list
}

// TestTwentyOptionEdit renames one option of a select and drops one of a multi-select, as Twenty
// does it: with columns made anew. Only the records that had the option are announced.
func TestTwentyOptionEdit(t *testing.T) {
	got := announcements(t, `
		INSERT INTO opportunity (id, stage) VALUES (gen_random_uuid(), 'NEW');
		INSERT INTO person (id, "workPreference") VALUES (gen_random_uuid(), '{ON_SITE,HYBRID}'), (gen_random_uuid(), '{HYBRID}')`, `
		BEGIN;
		ALTER TYPE opportunity_stage_enum RENAME TO opportunity_stage_enum_old;
		CREATE TYPE opportunity_stage_enum AS ENUM ('NEW', 'SCREENING', 'MET', 'PROPOSAL', 'CUSTOMER');
		ALTER TABLE opportunity RENAME COLUMN stage TO stage_old;
		ALTER TABLE opportunity ADD COLUMN stage opportunity_stage_enum NOT NULL DEFAULT 'NEW';
		UPDATE opportunity SET stage = CASE stage_old::text WHEN 'MEETING' THEN 'MET'
		  ELSE stage_old::text END::opportunity_stage_enum;
		ALTER TABLE opportunity DROP COLUMN stage_old;
		DROP TYPE opportunity_stage_enum_old;
		COMMIT`, `
		BEGIN;
		ALTER TYPE "person_workPreference_enum" RENAME TO "person_workPreference_enum_old";
		CREATE TYPE "person_workPreference_enum" AS ENUM ('HYBRID', 'REMOTE_WORK');
		ALTER TABLE person RENAME COLUMN "workPreference" TO "workPreference_old";
		ALTER TABLE person ADD COLUMN "workPreference" "person_workPreference_enum"[];
		UPDATE person SET "workPreference" = array_remove("workPreference_old"::text[], 'ON_SITE')::"person_workPreference_enum"[];
		ALTER TABLE person DROP COLUMN "workPreference_old";
		COMMIT`,
		`UPDATE opportunity SET stage = 'CUSTOMER', "updatedAt" = now() WHERE stage = 'MET'`)
	mappertest.Equal(t, "announced", got, []string{
		"opportunity.updated stage",
		"person.updated workPreference", "opportunity.updated stage",
	})
}

// TestTwentyDifferences has what docs/twenty.md says of changes that Twenty tells otherwise, or not
// at all; and ignores what one member does.
func TestTwentyDifferences(t *testing.T) {
	const (
		company = "'10000000-0000-4000-8000-000000000001'"
		person  = "'30000000-0000-4000-8000-000000000002'"
		note    = "'50000000-0000-4000-8000-000000000001'"
		tim     = "20000000-0000-4000-8000-000000000001"
	)
	byTim := `"updatedAt" = now(), "updatedBySource" = 'MANUAL', "updatedByWorkspaceMemberId" = '` +
		tim + `'`
	list := []struct {
		sql  string
		want []string
	}{
		{`UPDATE person SET "updatedAt" = now()`, nil},
		{
			`UPDATE person SET "jobTitle" = '', "linkedinLinkSecondaryLinks" = '[]', "updatedAt" = now() WHERE id = ` + person, nil,
		},
		{`BEGIN; UPDATE person SET "jobTitle" = 'rolled back'; ROLLBACK`, nil},
		{`INSERT INTO "timelineActivity" (name) VALUES ('x')`, nil},
		{
			`INSERT INTO task (title, "deletedAt") VALUES ('born deleted', now())`,
			[]string{"task.created"},
		},
		{
			`UPDATE "noteTarget" SET "targetPersonId" = NULL, "targetCompanyId" = ` + company +
				`, "updatedAt" = now()`,
			[]string{"noteTarget.updated targetPersonId,targetCompanyId"},
		},
		{
			`UPDATE person SET "companyId" = ` + company + `, ` + byTim + ` WHERE id = ` + person,
			[]string{"person.updated updatedBy,company,companyId " + tim},
		},
		{
			`UPDATE person SET "jobTitle" = 'CTO', ` + byTim + ` WHERE id = ` + person,
			[]string{"person.updated jobTitle " + tim},
		},
		{
			`UPDATE person SET "jobTitle" = 'plain SQL' WHERE id = ` + person,
			[]string{"person.updated jobTitle"},
		},
		{
			`UPDATE person SET "deletedAt" = now(), "updatedAt" = now() WHERE id = ` + person,
			[]string{"person.deleted deletedAt"},
		},
		{
			`UPDATE person SET "jobTitle" = 'ghost', "updatedAt" = now() WHERE id = ` + person,
			[]string{"person.updated jobTitle " + tim},
		},
		{
			`UPDATE person SET "deletedAt" = NULL, "jobTitle" = 'back', "updatedAt" = now() WHERE id = ` +
				person,
			[]string{"person.restored deletedAt,jobTitle"},
		},
		{
			`UPDATE task SET "deletedAt" = now(), ` + byTim + ` WHERE title = 'Call'`,
			[]string{"task.deleted deletedAt,updatedBy " + tim},
		},
		{`DELETE FROM task WHERE "deletedAt" IS NOT NULL`, []string{"task.destroyed", "task.destroyed"}},
		{`DELETE FROM note WHERE id = ` + note, []string{"note.deleted", "noteTarget.deleted"}},
		{
			`DELETE FROM company WHERE id = ` + company,
			[]string{
				"person.updated company,companyId", "person.updated company,companyId",
				"company.deleted",
			},
		},
		{`TRUNCATE opportunity CASCADE`, nil},
	}
	var statements, want []string
	for _, test := range list {
		statements = append(statements, test.sql)
		for _, text := range test.want {
			if strings.HasSuffix(text, tim) {
				text = "-" + text
			}
			want = append(want, text)
		}
	}
	ignore, err := mapper.ParseIgnore([]string{"actor:member:" + tim})
	if err != nil {
		t.Fatal(err)
	}
	// foreign keys act in no order
	got := stream{prepare: `UPDATE opportunity SET "companyId" = NULL`, ignore: ignore}.
		announcements(t, statements...)
	mappertest.Equal(t, "announced", got, want)
}
