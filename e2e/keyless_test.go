package e2e

import (
	"strings"
	"testing"
)

// A published table without a primary key would make the CRM's own UPDATE and DELETE fail, so it is left alone, and the log says
// so.
func TestTableWithoutPrimaryKey(t *testing.T) {
	t.Parallel()
	db, box := newCRM(t), newInbox(t)
	db.exec(`CREATE TABLE imports (line text)`)
	db.exec(`CREATE TABLE exports (line text)`)
	db.exec(`ALTER TABLE exports REPLICA IDENTITY FULL`)
	db.addWebhook(box, "*.*")
	sut := start(t, db).until("active")

	for _, table := range []string{"imports", "exports"} {
		db.exec(`INSERT INTO ` + table + ` VALUES ('one'), ('two')`)
		db.exec(`UPDATE ` + table + ` SET line = 'three' WHERE line = 'one'`)
		db.exec(`DELETE FROM ` + table)
	}
	db.oneByOne("contact", 1)
	finish(t, sut, box.gets(db.diary()...))

	var told int
	for line := range strings.Lines(sut.log.String()) {
		if strings.Contains(line, "WARN") && strings.Contains(line, "imports") && strings.Contains(line, "exports") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d warnings name both tables, want 1", told)
	}
}
