package twenty

import (
	"testing"

	"hookline/internal/twentydb"
	"hookline/mapper/mappertest"
)

func TestAnnounces(t *testing.T) {
	conn := TwentyDatabase(t)
	mappertest.Execute(t, conn,
		`UPDATE core."objectMetadata" SET "isActive" = false WHERE "nameSingular" = 'note'`)
	catalog := TwentyCatalog(t, conn, Config{})
	for object, want := range map[string]bool{
		"person": true, "rocket": true, "_rocket": false,
		"note": false, "timelineActivity": false, "dog": false,
	} {
		if got, err := catalog.Announces(nil, twentydb.Workspace, object); err != nil || got != want {
			t.Errorf("%s is announced: %t, %v, want %t", object, got, err, want)
		}
	}
	for _, workspace := range []string{"", "nonsense", "3b8e6458-5fc1-4e63-8563-008ccddaa6db"} {
		if _, err := catalog.Announces(nil, workspace, "person"); err == nil {
			t.Errorf("workspace %q is said to be there", workspace)
		}
	}
}
