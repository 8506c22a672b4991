package delivery

import (
	"strings"
	"testing"

	"hookline/e2e"
)

// A published table without a primary key would make the CRM's own UPDATE and DELETE fail, so it is
// left alone, and the log says so.
func TestTableWithoutPrimaryKey(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.Exec(`CREATE TABLE imports (line text)`)
	db.Exec(`CREATE TABLE exports (line text)`)
	db.Exec(`ALTER TABLE exports REPLICA IDENTITY FULL`)
	db.AddWebhook(box, "*.*")
	sut := e2e.Start(t, db).Until("active")

	for _, table := range []string{"imports", "exports"} {
		db.Exec(`INSERT INTO ` + table + ` VALUES ('one'), ('two')`)
		db.Exec(`UPDATE ` + table + ` SET line = 'three' WHERE line = 'one'`)
		db.Exec(`DELETE FROM ` + table)
	}
	db.OneByOne("contact", 1)
	e2e.Finish(t, sut, box.Gets(db.Diary()...))

	var told int
	for line := range strings.Lines(sut.Log.String()) {
		if strings.Contains(line, "WARN") && strings.Contains(line, "imports") &&
			strings.Contains(line, "exports") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d warnings name both tables, want 1", told)
	}
}
