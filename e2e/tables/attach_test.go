package tables

import (
	"errors"
	"fmt"
	"testing"

	"hookline/e2e"
)

// Partitions come with rows and go with rows, also while Hookline is killed: what comes is
// announced once, under the name of the partitioned table, and what goes is not announced at all.
func TestPartitionsComeAndGo(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewDatabase(t), e2e.NewInbox(t)
	db.Exec(e2e.WebhooksSQL)
	db.Exec(`CREATE TABLE logs (id text, month int, version int DEFAULT 1, PRIMARY KEY (id, month)) PARTITION BY LIST (month);
		CREATE TABLE logs_may PARTITION OF logs FOR VALUES IN (5); INSERT INTO logs VALUES ('unheard', 5)`)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")
	var want []e2e.Entry
	did := func(event, record string, version int) {
		want = append(want, e2e.Entry{Event: event, Record: record, Version: version})
	}
	db.Exec(`INSERT INTO logs VALUES ('old', 5)`)
	did("log.created", "old", 1)

	const rows = 2000
	transactionOf(db, `CREATE TABLE logs_june (LIKE logs INCLUDING ALL)`,
		fmt.Sprintf(`INSERT INTO logs_june SELECT 'june' || i, 6 FROM generate_series(1, %d) i`, rows),
		`ALTER TABLE logs ATTACH PARTITION logs_june FOR VALUES IN (6)`)
	for i := range rows {
		did("log.created", fmt.Sprint("june", i+1), 1)
	}
	box.UntilAccepted(rows / 2)
	sut.Kill()
	box.ExpectReplay()
	db.Exec(`ALTER TABLE logs DETACH PARTITION logs_may`)
	transactionOf(db, `CREATE TABLE logs_july (LIKE logs INCLUDING ALL)`,
		`INSERT INTO logs_july VALUES ('july', 7)`,
		`ALTER TABLE logs ATTACH PARTITION logs_july FOR VALUES IN (7)`)
	db.Exec(`INSERT INTO logs VALUES ('later', 7)`)
	did("log.created", "july", 1)
	did("log.created", "later", 1)
	sut = e2e.Start(t, db).Until("active")
	db.Exec(`ALTER TABLE logs DETACH PARTITION logs_june`)
	untilPublished(db, "logs_june")
	db.Exec(
		`UPDATE logs_may SET version = 2 WHERE id = 'old'; UPDATE logs_june SET version = 2 WHERE id = 'june7'`)
	did("logsMay.updated", "old", 2)
	did("logsJune.updated", "june7", 2)
	box.UntilAccepted(len(want))
	sut.Kill()
	box.ExpectReplay()
	db.Exec(`ALTER TABLE logs ATTACH PARTITION logs_june FOR VALUES IN (6)`)
	did("log.updated", "june7", 2) // which was told under the other name alone
	sut = e2e.Start(t, db).Until("active")
	db.Exec(`UPDATE logs SET version = 3 WHERE id = 'june8'`)
	did("log.updated", "june8", 3)
	e2e.Finish(t, sut, box.Gets(want...))
}

// untilPublished waits for the look that publishes a table, and compares it with the one whose
// place it takes.
func untilPublished(db *e2e.Database, table string) {
	db.T.Helper()
	e2e.Eventually(db.T, func() error {
		if !e2e.Value[bool](db, `
			SELECT EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = to_regclass($1))
			   AND NOT EXISTS (SELECT FROM hookline.known_table WHERE relation = to_regclass($1) AND predecessor IS NOT NULL)`, table) {
			return errors.New(table + " is not published, or not compared yet")
		}
		return nil
	})
}
