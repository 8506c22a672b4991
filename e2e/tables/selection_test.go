package tables

import (
	"strings"
	"testing"

	"hookline/e2e"
)

// A setting that is changed is followed at the next start, and nothing is lost of what it leaves
// alone; a table that is made later changes no name. A table whose tenant is not clear keeps no
// later start from going on.
func TestSelectionChanges(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewDatabase(t), e2e.NewInbox(t)
	db.Exec(`CREATE TABLE webhooks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), url text, secret text, operations text[] DEFAULT '{*.*}', org int);
		CREATE TABLE deals (id text PRIMARY KEY, org int); CREATE TABLE product_tags (id text PRIMARY KEY, org int)`)
	db.Exec(`INSERT INTO webhooks (url, secret, org) VALUES ($1, $2, 7)`, box.URL(), box.Secret)
	var want []e2e.Entry
	add := func(table, object, id string) {
		db.Exec(`INSERT INTO ` + table + ` VALUES ('` + id + `', 7)`)
		if object != "" {
			want = append(want, e2e.Entry{Event: object + ".created", Record: id, Workspace: "7"})
		}
	}
	sut := e2e.Start(t, db, "HOOKLINE_EXCLUDE=public.deal*").Until("active")
	add("deals", "", "1")
	add("product_tags", "productTag", "2")
	box.UntilAccepted(len(want))
	sut.Stop()

	db.Exec(
		`CREATE TABLE product_tag (id text PRIMARY KEY, org int); CREATE TABLE unclear (id text PRIMARY KEY, "ORG" int, "Org" int)`)
	add("product_tags", "productTag", "3")
	add("deals", "", "4")
	sut = e2e.Start(t, db, "HOOKLINE_INCLUDE=deal,product*,unclear").Until("active")
	add("deals", "deal", "5")
	add("product_tags", "productTag", "6")
	add("product_tag", "publicProductTag", "7")
	db.Exec(`INSERT INTO unclear VALUES ('8', 7, 7)`)
	box.UntilAccepted(len(want))
	_, text := db.Doctor("HOOKLINE_INCLUDE=deal,product*,unclear")
	for _, part := range []string{
		`no tenant hears of "public"."unclear": each of the columns ORG, Org`,
		"HOOKLINE_TENANT_COLUMN=org,public.unclear=ORG",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("doctor does not say %s:\n%s", part, text)
		}
	}
	sut.Stop()

	add("product_tag", "publicProductTag", "9")
	db.Exec(`ALTER TABLE product_tags RENAME TO old_tags; DROP TABLE old_tags`)
	sut = e2e.Start(t, db, "HOOKLINE_EXCLUDE=deal").Until("active")
	add("deals", "", "10")
	add("product_tag", "publicProductTag", "11")
	box.UntilAccepted(len(want))
	e2e.Finish(t, sut, box.Gets(want...))
}
